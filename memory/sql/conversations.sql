-- Texts of conversations, recorded answers and checkpoints in PostgreSQL. Texts are bytes: PostgreSQL's own have no NUL.

-- name: make
SELECT pg_advisory_xact_lock(1885696624, 2);
CREATE TABLE IF NOT EXISTS segments (
    conversation text COLLATE "C" NOT NULL,
    digest       bytea NOT NULL,
    data         bytea NOT NULL,
    PRIMARY KEY (conversation, digest)
);
CREATE TABLE IF NOT EXISTS segment_use (
    conversation text COLLATE "C" PRIMARY KEY,
    used_at      timestamptz NOT NULL
);
CREATE INDEX IF NOT EXISTS segment_use_by_time ON segment_use (used_at);
CREATE TABLE IF NOT EXISTS results (
    key         text COLLATE "C" PRIMARY KEY,
    request     bytea NOT NULL,
    answer      bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS results_by_time ON results (recorded_at);
CREATE TABLE IF NOT EXISTS checkpoints (
    conversation text COLLATE "C" NOT NULL,
    checkpoint   text COLLATE "C" NOT NULL,
    text         bytea NOT NULL,
    PRIMARY KEY (conversation, checkpoint)
);

-- name: forget_segments
WITH unused AS (DELETE FROM segment_use WHERE used_at < now() - $1::interval RETURNING conversation)
DELETE FROM segments s USING unused u WHERE s.conversation = u.conversation;

-- name: forget_results
DELETE FROM results WHERE recorded_at < now() - $1::interval;

-- name: read_segments
SELECT digest, data FROM segments WHERE conversation = $1 AND digest = ANY ($2::bytea[]);

-- name: write_segments
WITH used AS (
    INSERT INTO segment_use (conversation, used_at) VALUES ($1, now())
    ON CONFLICT (conversation) DO UPDATE SET used_at = excluded.used_at
)
INSERT INTO segments (conversation, digest, data)
SELECT $1, n.digest, n.data FROM unnest($2::bytea[], $3::bytea[]) AS n (digest, data)
ON CONFLICT DO NOTHING;

-- name: drop_segments
DELETE FROM segments WHERE conversation = $1 AND digest = ANY ($2::bytea[]);

-- name: find_result
SELECT request, answer FROM results WHERE key = $1;

-- name: record_result
INSERT INTO results (key, request, answer) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: save_checkpoint
INSERT INTO checkpoints (conversation, checkpoint, text) VALUES ($1, $2, $3)
ON CONFLICT (conversation, checkpoint) DO UPDATE SET text = excluded.text;

-- name: load_checkpoint
SELECT text FROM checkpoints WHERE conversation = $1 AND checkpoint = $2;
