-- Reads for archives of memories, the same on every database. {versions} are the columns of `MemoryRow`, {seen} is what
-- a branch sees of all versions, {more} narrows it to scopes or ids.

-- name: read_archive_counts
SELECT count(DISTINCT m.id), count(*), COALESCE(max(m.seq), 0) FROM memories m
WHERE m.tenant = :tenant AND ({seen}) AND {more};

-- name: read_archive_page
SELECT {versions} FROM memories m
WHERE m.tenant = :tenant AND ({seen}) AND {more} AND m.seq > :after AND m.seq <= :upto
ORDER BY m.seq LIMIT :page;

-- name: read_archive_vectors
SELECT seq, embedder, vector FROM memory_vectors WHERE seq IN ({more}) ORDER BY seq, embedder;
