"""The tables of state. Times are microseconds since 1970 (UTC); values are JSON texts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)

# The revision that this program reads and writes: the last one in `migrations/versions`.
REVISION = "0004"

METADATA = MetaData()

# Names are ordered by code points everywhere; PostgreSQL would follow the language of the database.
NAME = Text().with_variant(Text(collation="C"), "postgresql")

# One row. Whoever changes anything takes it first, so its sequence is the one order of all changes.
CLOCK = Table(
    "clock",
    METADATA,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("sequence", BigInteger, nullable=False),
    Column("now", BigInteger, nullable=False),
)

# A row is visible on its branch from `seq` until `until_seq`, and on branches forked from it as far as they reach.
VERSIONS = Table(
    "versions",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("tenant", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("namespace", NAME, nullable=False),
    Column("key", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("value", Text, nullable=False),
    Column("gone", Boolean(create_constraint=False), nullable=False),
    Column("until_seq", BigInteger),
    Column("restores", Integer),
    Column("transition", Text),
    Column("actor", Text, nullable=False),
    Column("run", Text),
    Column("step", Text),
    Column("why", Text),
    Column("written_at", BigInteger, nullable=False),
    Index("versions_of_document", "tenant", "branch", "namespace", "key", "seq", unique=True),
    Index(
        "versions_current",
        "tenant",
        "branch",
        "namespace",
        "key",
        unique=True,
        sqlite_where=text("until_seq IS NULL"),
        postgresql_where=text("until_seq IS NULL"),
    ),
    Index("versions_by_time", "written_at"),
)

# `main` has no row. A dropped branch keeps its row, so that its name never means another branch.
BRANCHES = Table(
    "branches",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("parent", Text, nullable=False),
    Column("fork_seq", BigInteger, nullable=False),
    Column("depth", SmallInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("forked_at", BigInteger, nullable=False),
    Index("branches_by_parent", "tenant", "parent"),
)

LEASES = Table(
    "leases",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("name", NAME, primary_key=True),
    Column("token", BigInteger, nullable=False),
    Column("holder", Text, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)

# Idempotency keys. What a commit made has the sequences first_seq to last_seq; it made nothing where last < first.
COMMITS = Table(
    "commits",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("key", NAME, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("first_seq", BigInteger, nullable=False),
    Column("last_seq", BigInteger, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Index("commits_by_sequence", "last_seq"),
)

# Events that commits told of; changes of state are events too, and are read from `versions`.
OUTBOX = Table(
    "outbox",
    METADATA,
    Column("seq", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("tenant", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("source", NAME, nullable=False),
    Column("type", Text, nullable=False),
    Column("subject", Text),
    Column("data", Text, nullable=False),
    Column("time", BigInteger, nullable=False),
    UniqueConstraint("tenant", "source", "id", name="outbox_once"),
)

# The last batch that each writer committed. It tells one whose connection was lost at COMMIT what became of that.
WRITERS = Table(
    "writers",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("batch", BigInteger, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
)
