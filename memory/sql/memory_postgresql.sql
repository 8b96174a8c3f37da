-- The hot statements of memory in PostgreSQL, each for a whole batch. {columns} are those of
-- `memory.ledger.rows.MemoryRow`, in its order.

-- name: load_memories
SELECT n.place, m.*
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) WITH ORDINALITY AS n (tenant, branch, id, top, place)
CROSS JOIN LATERAL (
    SELECT {columns} FROM memories m
    WHERE m.tenant = n.tenant AND m.branch = n.branch AND m.id = n.id AND m.seq <= n.top
    ORDER BY m.seq DESC LIMIT 1
) m;

-- name: load_memory_span
SELECT {columns} FROM memories WHERE tenant = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq;

-- name: load_run_memories
SELECT {columns} FROM memories WHERE tenant = $1 AND source_run = $2 AND until_seq IS NULL ORDER BY seq;

-- name: load_superseded
SELECT {columns} FROM memories WHERE tenant = $1 AND superseded_by = $2 AND until_seq IS NULL ORDER BY seq;

-- name: load_same_text
SELECT w.place, n.seq, n.tenant, n.text_seq
FROM unnest($1::bigint[]) WITH ORDINALITY AS w (seq, place)
JOIN memories m ON m.seq = w.seq
JOIN memories n ON n.tenant = m.tenant AND n.id = m.id AND n.text_seq = m.text_seq
ORDER BY n.seq;

-- name: forget_vectors
DELETE FROM memory_vectors v USING unnest($1::text[], $2::text[]) AS n (tenant, branch), memories m
WHERE m.tenant = n.tenant AND m.branch = n.branch AND v.seq = m.seq;

-- name: forget_grants
DELETE FROM memory_grants g USING unnest($1::text[], $2::text[]) AS n (tenant, branch), memories m
WHERE m.tenant = n.tenant AND m.branch = n.branch AND g.seq = m.seq;

-- name: forget_memories
DELETE FROM memories m USING unnest($1::text[], $2::text[]) AS n (tenant, branch)
WHERE m.tenant = n.tenant AND m.branch = n.branch;

-- name: close_memories
UPDATE memories m SET until_seq = n.until_seq FROM unnest($1::bigint[], $2::bigint[]) AS n (until_seq, seq)
WHERE m.seq = n.seq;

-- name: touch_memories
UPDATE memories m SET changed_seq = n.changed_seq FROM unnest($1::bigint[], $2::bigint[]) AS n (changed_seq, seq)
WHERE m.seq = n.seq;

-- name: store_memories
INSERT INTO memories ({columns})
SELECT * FROM unnest({arrays});

-- name: store_vectors
INSERT INTO memory_vectors (seq, embedder, vector)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::bytea[])
ON CONFLICT (seq, embedder) DO UPDATE SET vector = excluded.vector;

-- name: store_grants
INSERT INTO memory_grants (seq, scope, tenant, id, until)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[])
ON CONFLICT DO NOTHING;

-- name: store_records
INSERT INTO memory_events (seq, tenant, branch, action, actor, run, agent, session, query, ids, count, at)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                     $9::text[], $10::text[], $11::int[], $12::bigint[]);

-- name: store_record_ids
INSERT INTO memory_event_ids (tenant, id, seq)
SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[])
ON CONFLICT DO NOTHING;

-- name: store_heads
INSERT INTO memory_heads (tenant, sequence)
SELECT * FROM unnest($1::text[], $2::bigint[])
ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence;
