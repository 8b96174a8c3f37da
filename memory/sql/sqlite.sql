-- The hot statements of state in SQLite. The columns of a version stand in the order of `memory.state.rows.Version`.

-- name: read_clock
SELECT sequence, now FROM clock WHERE id = 1;

-- name: write_clock
UPDATE clock SET sequence = ?, now = ? WHERE id = 1;

-- name: load_row
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = ? AND branch = ? AND namespace = ? AND key = ? AND seq <= ?
ORDER BY seq DESC LIMIT 1;

-- name: load_version
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = ? AND branch = ? AND namespace = ? AND key = ? AND seq <= ? AND version = ?;

-- name: load_span
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = ? AND seq BETWEEN ? AND ?
ORDER BY seq;

-- name: load_written
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = ? AND branch = ? AND until_seq IS NULL
ORDER BY seq;

-- name: load_lineage
WITH RECURSIVE lineage (tenant, name, parent, fork_seq, depth, state, forked_at) AS (
    SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM branches WHERE tenant = ? AND name = ?
    UNION ALL
    SELECT b.tenant, b.name, b.parent, b.fork_seq, b.depth, b.state, b.forked_at
    FROM branches b JOIN lineage l ON b.tenant = l.tenant AND b.name = l.parent
)
SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM lineage ORDER BY depth DESC;

-- name: load_children
SELECT name FROM branches WHERE tenant = ? AND parent = ? AND state <> 'dropped' ORDER BY name;

-- name: load_commit
SELECT tenant, key, digest, first_seq, last_seq, written_at FROM commits WHERE tenant = ? AND key = ?;

-- name: load_lease
SELECT tenant, name, token, holder, expires_at FROM leases WHERE tenant = ? AND name = ?;

-- name: close_version
UPDATE versions SET until_seq = ? WHERE seq = ?;

-- name: store_version
INSERT INTO versions (seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor,
                      run, step, why, written_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: store_event
INSERT OR IGNORE INTO outbox (seq, tenant, id, source, type, subject, data, time) VALUES (?, ?, ?, ?, ?, ?, ?, ?);

-- name: store_commit
INSERT INTO commits (tenant, key, digest, first_seq, last_seq, written_at) VALUES (?, ?, ?, ?, ?, ?);

-- name: store_lease
INSERT OR REPLACE INTO leases (tenant, name, token, holder, expires_at) VALUES (?, ?, ?, ?, ?);

-- name: store_branch
INSERT OR REPLACE INTO branches (tenant, name, parent, fork_seq, depth, state, forked_at) VALUES (?, ?, ?, ?, ?, ?, ?);

-- name: forget_branch
DELETE FROM versions WHERE tenant = ? AND branch = ?;
