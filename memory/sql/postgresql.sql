-- The hot statements of state in PostgreSQL, each for a whole batch. The columns of a version stand in the order of
-- `memory.state.rows.Version`.

-- name: begin
BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(1885696624, 1);

-- name: read_clock
SELECT c.sequence, greatest(c.now, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint),
       (SELECT w.batch FROM writers w WHERE w.id = $1)
FROM clock c WHERE c.id = 1;

-- name: load_current
SELECT n.place, v.seq, v.tenant, v.branch, v.namespace, v.key, v.version, v.value, v.gone, v.until_seq, v.restores,
       v.transition, v.actor, v.run, v.step, v.why, v.written_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     WITH ORDINALITY AS n (tenant, branch, namespace, key, place)
JOIN versions v ON v.tenant = n.tenant AND v.branch = n.branch AND v.namespace = n.namespace AND v.key = n.key
               AND v.until_seq IS NULL;

-- name: load_rows
SELECT n.place, v.seq, v.tenant, v.branch, v.namespace, v.key, v.version, v.value, v.gone, v.until_seq, v.restores,
       v.transition, v.actor, v.run, v.step, v.why, v.written_at
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::int[])
     WITH ORDINALITY AS n (tenant, branch, namespace, key, top, version, place)
CROSS JOIN LATERAL (
    SELECT * FROM versions v
    WHERE v.tenant = n.tenant AND v.branch = n.branch AND v.namespace = n.namespace AND v.key = n.key
      AND v.seq <= n.top AND (n.version IS NULL OR v.version = n.version)
    ORDER BY v.seq DESC LIMIT 1
) v;

-- name: load_commits
SELECT n.place, c.tenant, c.key, c.digest, c.first_seq, c.last_seq, c.written_at
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (tenant, key, place)
JOIN commits c ON c.tenant = n.tenant AND c.key = n.key;

-- name: load_leases
SELECT n.place, l.tenant, l.name, l.token, l.holder, l.expires_at
FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (tenant, name, place)
JOIN leases l ON l.tenant = n.tenant AND l.name = n.name;

-- name: load_span
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = $1 AND seq BETWEEN $2 AND $3
ORDER BY seq;

-- name: load_written
SELECT seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor, run, step, why,
       written_at
FROM versions
WHERE tenant = $1 AND branch = $2 AND until_seq IS NULL
ORDER BY seq;

-- name: load_lineage
WITH RECURSIVE lineage (tenant, name, parent, fork_seq, depth, state, forked_at) AS (
    SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM branches WHERE tenant = $1 AND name = $2
    UNION ALL
    SELECT b.tenant, b.name, b.parent, b.fork_seq, b.depth, b.state, b.forked_at
    FROM branches b JOIN lineage l ON b.tenant = l.tenant AND b.name = l.parent
)
SELECT tenant, name, parent, fork_seq, depth, state, forked_at FROM lineage ORDER BY depth DESC;

-- name: load_children
SELECT name FROM branches WHERE tenant = $1 AND parent = $2 AND state <> 'dropped' ORDER BY name;

-- name: forget_branches
DELETE FROM versions v USING unnest($1::text[], $2::text[]) AS n (tenant, branch)
WHERE v.tenant = n.tenant AND v.branch = n.branch;

-- name: store_branches
INSERT INTO branches (tenant, name, parent, fork_seq, depth, state, forked_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::smallint[], $6::text[], $7::bigint[])
ON CONFLICT (tenant, name) DO UPDATE
SET parent = excluded.parent, fork_seq = excluded.fork_seq, depth = excluded.depth, state = excluded.state,
    forked_at = excluded.forked_at;

-- name: store_leases
INSERT INTO leases (tenant, name, token, holder, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::bigint[])
ON CONFLICT (tenant, name) DO UPDATE
SET token = excluded.token, holder = excluded.holder, expires_at = excluded.expires_at;

-- name: close_versions
UPDATE versions v SET until_seq = n.until_seq
FROM unnest($1::bigint[], $2::bigint[]) AS n (until_seq, seq)
WHERE v.seq = n.seq;

-- name: store_versions
INSERT INTO versions (seq, tenant, branch, namespace, key, version, value, gone, until_seq, restores, transition, actor,
                      run, step, why, written_at)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::boolean[],
                     $9::bigint[], $10::int[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[],
                     $16::bigint[]);

-- name: store_events
INSERT INTO outbox (seq, tenant, id, source, type, subject, data, time)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
ON CONFLICT DO NOTHING;

-- name: store_commits
INSERT INTO commits (tenant, key, digest, first_seq, last_seq, written_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::bigint[]);

-- name: finish
WITH moved AS (UPDATE clock SET sequence = $4, now = $3 WHERE id = 1), signed AS (
    INSERT INTO writers (id, batch, signed_at) VALUES ($1, $2, $3)
    ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, signed_at = excluded.signed_at
)
SELECT pg_notify('perdure_sequences', $4::bigint::text);

-- name: sign
INSERT INTO writers (id, batch, signed_at) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET batch = excluded.batch, signed_at = excluded.signed_at;

-- name: forget_writers
DELETE FROM writers WHERE signed_at < (extract(epoch FROM now() - interval '7 days') * 1000000)::bigint;
