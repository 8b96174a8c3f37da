-- Reads of documents, the same on every database. The columns of a version stand in the order of
-- `memory.state.rows.Version`, those of a branch in the order of `memory.state.rows.BranchRow`.

-- One statement whatever the branch: the branches that are seen from it, the nearest first, each with the last sequence that
-- is seen of it; of these the first one that has a row. There is always one row: it tells the state of the branch, too.
-- (The parameter takes the collation of names from a column; PostgreSQL wants both halves of a recursion to have the same.)
-- name: read_document
WITH RECURSIVE seen (branch, upto, distance) AS (
    SELECT COALESCE((SELECT name FROM branches WHERE 1 = 0), CAST(:branch AS TEXT)), CAST(:upto AS BIGINT), 0
    UNION ALL
    SELECT b.parent, CASE WHEN b.fork_seq < s.upto THEN b.fork_seq ELSE s.upto END, s.distance + 1
    FROM seen s JOIN branches b ON b.tenant = :tenant AND b.name = s.branch
)
SELECT (SELECT state FROM branches WHERE tenant = :tenant AND name = :branch),
       v.seq, v.tenant, v.branch, v.namespace, v.key, v.version, v.value, v.gone, v.until_seq, v.restores, v.transition,
       v.actor, v.run, v.step, v.why, v.written_at
FROM seen s LEFT JOIN versions v ON v.seq = (
    SELECT w.seq FROM versions w
    WHERE w.tenant = :tenant AND w.branch = s.branch AND w.namespace = :namespace AND w.key = :key AND w.seq <= s.upto
      AND (:version = 0 OR w.version = :version)
    ORDER BY w.seq DESC LIMIT 1)
ORDER BY CASE WHEN v.seq IS NULL THEN 1 ELSE 0 END, s.distance
LIMIT 1;

-- name: read_history
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = :tenant AND branch = :branch AND namespace = :namespace AND key = :key AND seq <= :upto
  AND version < :before
ORDER BY seq DESC LIMIT :count;

-- name: read_sequence
SELECT sequence FROM clock WHERE id = 1;

-- name: read_sequence_at
SELECT seq FROM versions WHERE written_at <= :at ORDER BY written_at DESC, seq DESC LIMIT 1;

-- name: read_lineage
WITH RECURSIVE lineage (tenant, name, parent, fork_seq, depth, state, forked_at) AS (
    SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM branches
    WHERE tenant = :tenant AND name = :name
    UNION ALL
    SELECT b.tenant, b.name, b.parent, b.fork_seq, b.depth, b.state, b.forked_at
    FROM branches b JOIN lineage l ON b.tenant = l.tenant AND b.name = l.parent
)
SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM lineage ORDER BY depth DESC;

-- name: read_branches
SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM branches
WHERE tenant = :tenant AND state <> 'dropped' ORDER BY forked_at, name;

-- The texts that are put together keep databases from the index by document: rows are few after a sequence, and many on a
-- branch. {seen} is a condition for each branch that is seen.
-- name: read_changes
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE seq > :after AND seq <= :head AND tenant || '' = :tenant AND ({seen})
ORDER BY seq LIMIT :page;
