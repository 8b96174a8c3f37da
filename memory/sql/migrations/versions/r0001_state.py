"""Versions, branches, leases, idempotency keys and the outbox."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

_LONG = sa.BigInteger()
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Ordered by code points, as in SQLite.
_NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables."""
    _make_clock()
    _make_versions()
    _make_branches()
    _make_leases()
    _make_commits()
    _make_outbox()


def _make_clock() -> None:
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.SmallInteger(), primary_key=True, autoincrement=False),
        sa.Column("sequence", _LONG, nullable=False),
        sa.Column("now", _LONG, nullable=False),
    )
    op.bulk_insert(clock, [{"id": 1, "sequence": 0, "now": 0}])


def _make_versions() -> None:
    op.create_table(
        "versions",
        sa.Column("seq", _ROW, primary_key=True, autoincrement=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("branch", _NAME, nullable=False),
        sa.Column("namespace", _NAME, nullable=False),
        sa.Column("key", _NAME, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("gone", sa.Boolean(create_constraint=False), nullable=False),
        sa.Column("until_seq", _LONG),
        sa.Column("restores", sa.Integer()),
        sa.Column("transition", sa.Text()),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run", sa.Text()),
        sa.Column("step", sa.Text()),
        sa.Column("why", sa.Text()),
        sa.Column("written_at", _LONG, nullable=False),
    )
    place = ["tenant", "branch", "namespace", "key"]
    current = sa.text("until_seq IS NULL")
    op.create_index("versions_of_document", "versions", [*place, "seq"], unique=True)
    op.create_index("versions_current", "versions", place, unique=True, sqlite_where=current, postgresql_where=current)
    op.create_index("versions_by_time", "versions", ["written_at"])


def _make_branches() -> None:
    op.create_table(
        "branches",
        sa.Column("tenant", sa.Text(), primary_key=True),
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("parent", sa.Text(), nullable=False),
        sa.Column("fork_seq", _LONG, nullable=False),
        sa.Column("depth", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("forked_at", _LONG, nullable=False),
    )
    op.create_index("branches_by_parent", "branches", ["tenant", "parent"])


def _make_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("tenant", _NAME, primary_key=True),
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("token", _LONG, nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("expires_at", _LONG, nullable=False),
    )


def _make_commits() -> None:
    op.create_table(
        "commits",
        sa.Column("tenant", _NAME, primary_key=True),
        sa.Column("key", _NAME, primary_key=True),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("first_seq", _LONG, nullable=False),
        sa.Column("last_seq", _LONG, nullable=False),
        sa.Column("written_at", _LONG, nullable=False),
    )
    op.create_index("commits_by_sequence", "commits", ["last_seq"])


def _make_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", _ROW, primary_key=True, autoincrement=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("id", _NAME, nullable=False),
        sa.Column("source", _NAME, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text()),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("time", _LONG, nullable=False),
        sa.UniqueConstraint("tenant", "source", "id", name="outbox_once"),
    )
