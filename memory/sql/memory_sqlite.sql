-- The hot statements of memory in SQLite. {columns} are those of `memory.ledger.rows.MemoryRow`, in its order.

-- name: load_memory
SELECT {columns} FROM memories
WHERE tenant = ? AND branch = ? AND id = ? AND seq <= ?
ORDER BY seq DESC LIMIT 1;

-- name: load_memory_span
SELECT {columns} FROM memories WHERE tenant = ? AND seq BETWEEN ? AND ? ORDER BY seq;

-- name: load_run_memories
SELECT {columns} FROM memories WHERE tenant = ? AND source_run = ? AND until_seq IS NULL ORDER BY seq;

-- name: load_superseded
SELECT {columns} FROM memories WHERE tenant = ? AND superseded_by = ? AND until_seq IS NULL ORDER BY seq;

-- name: load_same_text
SELECT n.seq, n.tenant, n.text_seq
FROM memories m JOIN memories n ON n.tenant = m.tenant AND n.id = m.id AND n.text_seq = m.text_seq
WHERE m.seq = ?
ORDER BY n.seq;

-- name: forget_vectors
DELETE FROM memory_vectors
WHERE seq IN (SELECT seq FROM memories WHERE tenant = ? AND branch = ?);

-- name: forget_grants
DELETE FROM memory_grants WHERE seq IN (SELECT seq FROM memories WHERE tenant = ? AND branch = ?);

-- name: forget_memories
DELETE FROM memories WHERE tenant = ? AND branch = ?;

-- name: close_memory
UPDATE memories SET until_seq = ? WHERE seq = ?;

-- name: touch_memory
UPDATE memories SET changed_seq = ? WHERE seq = ?;

-- name: store_memory
INSERT INTO memories ({columns}) VALUES ({places});

-- name: store_vector
INSERT OR REPLACE INTO memory_vectors (seq, embedder, vector) VALUES (?, ?, ?);

-- name: store_grant
INSERT OR REPLACE INTO memory_grants (seq, scope, tenant, id, until) VALUES (?, ?, ?, ?, ?);

-- name: store_record
INSERT INTO memory_events (seq, tenant, branch, action, actor, run, agent, session, query, ids, count, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: store_record_id
INSERT OR IGNORE INTO memory_event_ids (tenant, id, seq) VALUES (?, ?, ?);

-- name: store_head
INSERT INTO memory_heads (tenant, sequence) VALUES (?, ?)
ON CONFLICT (tenant) DO UPDATE SET sequence = excluded.sequence;
