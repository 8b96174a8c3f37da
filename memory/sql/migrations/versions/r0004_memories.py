"""Memories with their vectors, grants, records, uses and relations."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision: str | None = "0003"

_LONG = sa.BigInteger()
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_FLAG = sa.Boolean(create_constraint=False)
# Ordered by code points, as in SQLite.
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _make_memories()
    _index_memories()
    _make_vectors()
    _make_grants()
    _make_events()
    _make_uses()
    _make_relations()


def _make_memories() -> None:
    op.create_table("memories", *_identity(), *_content(), *_texts())
    op.create_table(
        "memory_heads",
        sa.Column("tenant", _NAME, primary_key=True),
        sa.Column("sequence", _LONG, nullable=False),
    )


def _identity() -> list[sa.Column[Any]]:
    return [
        sa.Column("seq", _ROW, primary_key=True, autoincrement=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("branch", _NAME, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("until_seq", _LONG),
        sa.Column("changed_seq", _LONG, nullable=False),
        sa.Column("text_seq", _LONG, nullable=False),
        sa.Column("scope", _NAME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("asked", _FLAG, nullable=False),
    ]


def _content() -> list[sa.Column[Any]]:
    return [
        sa.Column("speaker", sa.Text()),
        sa.Column("importance", sa.Double(), nullable=False),
        sa.Column("pinned", _FLAG, nullable=False),
        sa.Column("hold", _FLAG, nullable=False),
        sa.Column("thread", sa.Text()),
        sa.Column("position", _LONG),
        sa.Column("document", sa.Text()),
        sa.Column("source_run", _NAME),
        sa.Column("execution", sa.Text()),
        sa.Column("turn", sa.Integer()),
        *(sa.Column(name, _LONG) for name in ("happened_at", "valid_from", "valid_until", "expires_at")),
        sa.Column("superseded_by", _NAME),
        sa.Column("actor", sa.Text(), nullable=False),
        *(sa.Column(name, sa.Text()) for name in ("run", "step", "why")),
        *(sa.Column(name, _LONG, nullable=False) for name in ("created_at", "text_at", "written_at", "stored_at")),
    ]


def _texts() -> list[sa.Column[Any]]:
    # The last ones: a long row spills over, and what is read most must not stand behind the spill.
    return [sa.Column(name, sa.Text(), nullable=False) for name in ("entities", "tags", "stems", "body", "text")]


def _index_memories() -> None:
    op.create_index("memories_of_id", "memories", ["tenant", "id", "branch", "seq"], unique=True)
    op.create_index("memories_of_scope", "memories", ["tenant", "scope", "branch", "changed_seq"])
    op.create_index("memories_by_change", "memories", ["changed_seq"])
    op.create_index("memories_by_time", "memories", ["stored_at"])
    _partial("memories_of_run", "memories", ["tenant", "source_run"], where="source_run IS NOT NULL")
    _partial("memories_expiring", "memories", ["expires_at"], where="until_seq IS NULL AND expires_at IS NOT NULL")
    superseded = "until_seq IS NULL AND superseded_by IS NOT NULL"
    _partial("memories_superseded", "memories", ["tenant", "superseded_by"], where=superseded)


def _partial(name: str, table: str, columns: list[str], *, where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _make_vectors() -> None:
    op.create_table(
        "memory_vectors",
        sa.Column("seq", _LONG, primary_key=True, autoincrement=False),
        sa.Column("embedder", _NAME, primary_key=True),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )


def _make_grants() -> None:
    op.create_table(
        "memory_grants",
        sa.Column("seq", _LONG, primary_key=True, autoincrement=False),
        sa.Column("scope", _NAME, primary_key=True),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("until", _LONG),
    )
    op.create_index("memory_grants_of_scope", "memory_grants", ["tenant", "scope", "id"])


def _make_events() -> None:
    op.create_table(
        "memory_events",
        sa.Column("seq", _ROW, primary_key=True, autoincrement=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("branch", _NAME, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run", _NAME),
        *(sa.Column(name, sa.Text()) for name in ("agent", "session", "query")),
        sa.Column("ids", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("at", _LONG, nullable=False),
    )
    op.create_index("memory_events_of_tenant", "memory_events", ["tenant", "seq"])
    _partial("memory_events_of_run", "memory_events", ["tenant", "run", "seq"], where="run IS NOT NULL")
    op.create_table(
        "memory_event_ids",
        sa.Column("tenant", _NAME, primary_key=True),
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("seq", _LONG, primary_key=True, autoincrement=False),
        sqlite_with_rowid=False,
    )


def _make_uses() -> None:
    op.create_table(
        "memory_uses",
        sa.Column("tenant", _NAME, primary_key=True),
        sa.Column("id", _NAME, primary_key=True),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("drawn", "useful", "useless")),
        sa.Column("used_at", _LONG, nullable=False),
    )


def _make_relations() -> None:
    op.create_table(
        "relations",
        *(sa.Column(name, _NAME, primary_key=True) for name in ("tenant", "start", "kind", "end", "scope")),
        sa.Column("mutual", _FLAG, nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("uses", sa.Integer(), nullable=False),
        sa.Column("used_at", _LONG, nullable=False),
        sa.Column("heat", sa.Double(), nullable=False),
        sa.Column("seq", _LONG, nullable=False),
        sa.Column("moved", _LONG, nullable=False),
        sa.Column("ended", _FLAG, nullable=False),
    )
    op.create_index("relations_of_start", "relations", ["tenant", "start", "heat"])
    op.create_index("relations_of_end", "relations", ["tenant", "end", "heat"])
    op.create_index("relations_of_scope", "relations", ["tenant", "scope"])
    op.create_index("relations_by_move", "relations", ["moved"])
