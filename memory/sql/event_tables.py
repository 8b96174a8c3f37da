"""The tables of what follows from events. Times are microseconds since 1970 (UTC)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from memory.sql.tables import METADATA

# How far somebody has read the one order of changes and events.
CURSORS = Table(
    "cursors",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
)

# `due_at` is far off for all but the first of a lane; it moves on by the hold when the delivery is taken.
DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("target", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("event_seq", BigInteger, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text),
    Column("due_at", BigInteger, nullable=False),
    Column("held_by", Text),
    UniqueConstraint("tenant", "target", "name", "event_seq", name="deliveries_once"),
    Index("deliveries_lane", "tenant", "target", "name", "lane", "id"),
    Index("deliveries_due", "due_at"),
    sqlite_autoincrement=True,
)

WAITS = Table(
    "waits",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("workflow_id", Text, nullable=False),
    Column("tenant", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("type", Text),
    Column("source", Text),
    Column("condition", Text),
    Column("bound", Text, nullable=False),
    Column("after_seq", BigInteger, nullable=False),
    Column("registered_seq", BigInteger, nullable=False),
    Index("waits_by_type", "tenant", "type"),
)

WAIT_DOCUMENTS = Table(
    "wait_documents",
    METADATA,
    Column("wait_id", Text, ForeignKey("waits.id", ondelete="CASCADE"), primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("branch", Text, nullable=False),
    Column("namespace", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Index("wait_documents_by_place", "tenant", "branch", "namespace", "key"),
)

# Which workflow an event started by which trigger. Temporal forgets closed workflows; this does not, for a time.
STARTS = Table(
    "starts",
    METADATA,
    Column("tenant", Text, primary_key=True),
    Column("trigger", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("event_id", Text, primary_key=True),
    Column("workflow_id", Text, nullable=False),
    Column("remember_until", BigInteger, nullable=False),
    Index("starts_by_end", "remember_until"),
)

DEAD_LETTERS = Table(
    "dead_letters",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("tenant", Text, nullable=False),
    Column("delivery", Text, nullable=False),
    Column("given_up_at", BigInteger, nullable=False),
    Index("dead_letters_by_time", "tenant", "given_up_at"),
)
