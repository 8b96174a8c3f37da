CREATE TABLE IF NOT EXISTS segments (
    conversation TEXT NOT NULL,
    digest       BLOB NOT NULL,
    data         BLOB NOT NULL,
    PRIMARY KEY (conversation, digest)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS segment_use (
    conversation TEXT PRIMARY KEY,
    used_at      INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS results (
    key         TEXT PRIMARY KEY,
    request     BLOB NOT NULL,
    answer      TEXT NOT NULL,
    recorded_at INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS checkpoints (
    conversation TEXT NOT NULL,
    checkpoint   TEXT NOT NULL,
    text         TEXT NOT NULL,
    PRIMARY KEY (conversation, checkpoint)
) WITHOUT ROWID;
