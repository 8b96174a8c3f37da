-- Reads of memories, the same on every database. {versions} are the columns of `memory.ledger.rows.MemoryRow`, in its
-- order; {seen} is what a branch sees (see memory_reading.py), {live} what may be recalled.

-- name: read_head
SELECT sequence FROM memory_heads WHERE tenant = :tenant;

-- name: read_heads
SELECT COALESCE(max(sequence), 0) FROM memory_heads;

-- name: read_memory_sequence_at
SELECT seq FROM memories WHERE stored_at <= :at ORDER BY stored_at DESC, seq DESC LIMIT 1;

-- name: read_memory_time_of
SELECT stored_at FROM memories WHERE seq <= :seq ORDER BY seq DESC LIMIT 1;

-- Each id by itself: PostgreSQL would read the whole tenant for many as long as it has not counted the rows.
-- name: read_memories
WITH named (id) AS (VALUES {ids})
SELECT {versions} FROM named n JOIN memories m ON m.seq = {latest};

-- name: read_memory_history
SELECT {versions} FROM memories m
WHERE m.tenant = :tenant AND m.id = :id AND ({seen})
ORDER BY m.seq DESC;

-- name: read_entries
SELECT m.id, m.seq, {live}, m.stems, v.vector, m.thread, m.position, m.speaker, m.happened_at, m.text_at,
       CASE WHEN m.hold THEN NULL ELSE m.expires_at END, m.importance, m.pinned, m.entities
FROM memories m LEFT JOIN memory_vectors v ON v.seq = m.text_seq AND v.embedder = :embedder
WHERE m.tenant = :tenant AND m.scope = :scope AND ({seen}) AND {more};

-- name: read_granted
SELECT DISTINCT id FROM memory_grants WHERE tenant = :tenant AND scope = :scope;

-- name: read_any_grant
SELECT 1 FROM memory_grants WHERE tenant = :tenant AND scope IN ({names}) LIMIT 1;

-- What is shared with a scope, and what was: a grant that ended is an entry that does not live any more.
-- name: read_granted_entries
SELECT m.id, m.seq, CASE WHEN g.seq IS NOT NULL AND {live} AND (g.until IS NULL OR g.until > :now) THEN 1 ELSE 0 END,
       m.stems, v.vector, m.thread, m.position, m.speaker, m.happened_at, m.text_at,
       CASE WHEN g.until IS NULL OR m.expires_at < g.until AND NOT m.hold
            THEN CASE WHEN m.hold THEN NULL ELSE m.expires_at END ELSE g.until END,
       m.importance, m.pinned, m.entities
FROM memories m LEFT JOIN memory_vectors v ON v.seq = m.text_seq AND v.embedder = :embedder
     LEFT JOIN memory_grants g ON g.seq = m.seq AND g.scope = :granted
WHERE m.tenant = :tenant AND m.id IN ({ids}) AND m.scope <> :scope AND ({seen}) AND m.changed_seq > :after;

-- name: read_memory_changes
SELECT {versions}, v.vector
FROM memories m LEFT JOIN memory_vectors v ON v.seq = m.text_seq AND v.embedder = :embedder
WHERE m.changed_seq > :after AND m.until_seq IS NULL
ORDER BY m.changed_seq LIMIT :page;

-- name: read_without_vector
SELECT m.seq, m.text FROM memories m
WHERE m.seq > :after AND m.until_seq IS NULL AND m.status IN ('active', 'review')
  AND NOT EXISTS (SELECT 1 FROM memory_vectors v WHERE v.seq = m.text_seq AND v.embedder = :embedder)
ORDER BY m.seq LIMIT :page;

-- Sequences are sorted, and whole rows read only of those that are on the page.
-- name: read_memory_page
SELECT {versions} FROM memories m
WHERE m.seq IN (
    SELECT m.seq FROM memories m WHERE m.tenant = :tenant AND ({seen}) AND {more} ORDER BY m.seq {order} LIMIT :page)
ORDER BY m.seq {order};

-- name: read_matching
SELECT m.id FROM memories m WHERE m.tenant = :tenant AND ({seen}) AND {more};

-- name: read_matching_contents
SELECT m.id, m.entities, m.tags, m.body, {text} FROM memories m WHERE m.tenant = :tenant AND ({seen}) AND {more};

-- name: read_memory_counts
SELECT m.kind, m.status, m.scope, count(*) FROM memories m
WHERE m.tenant = :tenant AND ({seen}) AND {more}
GROUP BY m.kind, m.status, m.scope;

-- name: read_memory_claim
SELECT first_seq, last_seq FROM commits WHERE tenant = :tenant AND key = :key;

-- name: read_memory_span
SELECT {versions} FROM memories m WHERE m.tenant = :tenant AND m.seq BETWEEN :first AND :last AND m.asked ORDER BY m.seq;

-- name: read_records
SELECT e.seq, e.tenant, e.branch, e.action, e.actor, e.run, e.agent, e.session, e.query, e.ids, e.count, e.at
FROM memory_events e
WHERE e.tenant = :tenant AND {more}
ORDER BY e.seq DESC LIMIT :page;
