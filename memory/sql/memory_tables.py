"""The tables of memory. Times are microseconds since 1970 (UTC); lists and what is left are JSON texts."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)

from memory.sql.tables import METADATA, NAME

_LONG = BigInteger()
_ROW = BigInteger().with_variant(Integer, "sqlite")
_FLAG = Boolean(create_constraint=False)


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


# Versions of memories, in the order of `memory.ledger.rows.MemoryRow`: a row is visible on its branch from `seq` until
# `until_seq`, and on branches forked from it as far as they reach. Rows stay as they are, but for these:
# `until_seq`; `changed_seq`, which moves on when a vector comes later, so that indexes and projections hear of it.
# `text_seq` names the version that brought the text: vectors stand under that number, however often the rest changes;
# `text_at` is when that was: a memory that is pinned is not said anew. `stored_at` grows with `seq`; `written_at` is
# older where a version came out of an archive.
# `asked` is false where a version is only the consequence of another change (superseded, given back).
MEMORIES = Table(
    "memories",
    METADATA,
    Column("seq", _ROW, primary_key=True, autoincrement=False),
    Column("tenant", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("version", Integer, nullable=False),
    Column("until_seq", _LONG),
    Column("changed_seq", _LONG, nullable=False),
    Column("text_seq", _LONG, nullable=False),
    Column("scope", NAME, nullable=False),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("asked", _FLAG, nullable=False),
    Column("speaker", Text),
    Column("importance", Double, nullable=False),
    Column("pinned", _FLAG, nullable=False),
    Column("hold", _FLAG, nullable=False),
    Column("thread", Text),
    Column("position", _LONG),
    Column("document", Text),
    Column("source_run", NAME),
    Column("execution", Text),
    Column("turn", Integer),
    Column("happened_at", _LONG),
    Column("valid_from", _LONG),
    Column("valid_until", _LONG),
    Column("expires_at", _LONG),
    Column("superseded_by", NAME),
    Column("actor", Text, nullable=False),
    Column("run", Text),
    Column("step", Text),
    Column("why", Text),
    Column("created_at", _LONG, nullable=False),
    Column("text_at", _LONG, nullable=False),
    Column("written_at", _LONG, nullable=False),
    Column("stored_at", _LONG, nullable=False),
    Column("entities", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("stems", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("text", Text, nullable=False),
    Index("memories_of_id", "tenant", "id", "branch", "seq", unique=True),
    Index("memories_of_scope", "tenant", "scope", "branch", "changed_seq"),
    Index("memories_by_change", "changed_seq"),
    Index("memories_by_time", "stored_at"),
    _partial("memories_of_run", "tenant", "source_run", where="source_run IS NOT NULL"),
    _partial("memories_expiring", "expires_at", where="until_seq IS NULL AND expires_at IS NOT NULL"),
    _partial(
        "memories_superseded",
        "tenant",
        "superseded_by",
        where="until_seq IS NULL AND superseded_by IS NOT NULL",
    ),
)

# `seq` is a `text_seq` of `memories`; `embedder` is the name and version of what made the vector (float32).
MEMORY_VECTORS = Table(
    "memory_vectors",
    METADATA,
    Column("seq", _LONG, primary_key=True, autoincrement=False),
    Column("embedder", NAME, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

# Grants of each version that has any: `seq` is the version, `scope` may read it until `until`.
MEMORY_GRANTS = Table(
    "memory_grants",
    METADATA,
    Column("seq", _LONG, primary_key=True, autoincrement=False),
    Column("scope", NAME, primary_key=True),
    Column("tenant", NAME, nullable=False),
    Column("id", NAME, nullable=False),
    Column("until", _LONG),
    Index("memory_grants_of_scope", "tenant", "scope", "id"),
)

# The sequence of the last change of memories of each tenant. Indexes ask for it before each search.
MEMORY_HEADS = Table(
    "memory_heads",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("sequence", _LONG, nullable=False),
)

# Who did what with which memories; `ids` is a JSON list, and `memory_event_ids` finds the events of one memory.
MEMORY_EVENTS = Table(
    "memory_events",
    METADATA,
    Column("seq", _ROW, primary_key=True, autoincrement=False),
    Column("tenant", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("action", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("run", NAME),
    Column("agent", Text),
    Column("session", Text),
    Column("query", Text),
    Column("ids", Text, nullable=False),
    Column("count", Integer, nullable=False),
    Column("at", _LONG, nullable=False),
    Index("memory_events_of_tenant", "tenant", "seq"),
    _partial("memory_events_of_run", "tenant", "run", "seq", where="run IS NOT NULL"),
)

MEMORY_EVENT_IDS = Table(
    "memory_event_ids",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("id", NAME, primary_key=True),
    Column("seq", _LONG, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

# How often a memory was drawn on by an answer, and marked as of use or of none. The ranking may learn from it.
MEMORY_USES = Table(
    "memory_uses",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("id", NAME, primary_key=True),
    Column("drawn", Integer, nullable=False),
    Column("useful", Integer, nullable=False),
    Column("useless", Integer, nullable=False),
    Column("used_at", _LONG, nullable=False),
)

# Between memories and entities: see `contracts.relations`. `strength` is as it was at `used_at`; it fades from then on.
# `heat` orders relations by their faded strength, which is the same order at all times. `seq` is the change of the
# ledger that it follows from. `moved` is the order in which rows changed: a graph elsewhere follows it, and so rows of
# relations that have ended stay.
RELATIONS = Table(
    "relations",
    METADATA,
    Column("tenant", NAME, primary_key=True),
    Column("start", NAME, primary_key=True),
    Column("kind", NAME, primary_key=True),
    Column("end", NAME, primary_key=True),
    Column("scope", NAME, primary_key=True),
    Column("mutual", _FLAG, nullable=False),
    Column("strength", Double, nullable=False),
    Column("uses", Integer, nullable=False),
    Column("used_at", _LONG, nullable=False),
    Column("heat", Double, nullable=False),
    Column("seq", _LONG, nullable=False),
    Column("moved", _LONG, nullable=False),
    Column("ended", _FLAG, nullable=False),
    Index("relations_of_start", "tenant", "start", "heat"),
    Index("relations_of_end", "tenant", "end", "heat"),
    Index("relations_of_scope", "tenant", "scope"),
    Index("relations_by_move", "moved"),
)
