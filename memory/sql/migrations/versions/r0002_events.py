"""Deliveries, waits, starts, dead letters and cursors."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"

_LONG = sa.BigInteger()
_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cursors",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("sequence", _LONG, nullable=False),
    )
    _make_deliveries()
    _make_waits()
    _make_starts()
    _make_dead_letters()


def _make_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _ROW, primary_key=True, autoincrement=True),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("event_seq", _LONG, nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("due_at", _LONG, nullable=False),
        sa.Column("held_by", sa.Text()),
        sa.UniqueConstraint("tenant", "target", "name", "event_seq", name="deliveries_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_lane", "deliveries", ["tenant", "target", "name", "lane", "id"])
    op.create_index("deliveries_due", "deliveries", ["due_at"])


def _make_waits() -> None:
    op.create_table(
        "waits",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("type", sa.Text()),
        sa.Column("source", sa.Text()),
        sa.Column("condition", sa.Text()),
        sa.Column("bound", sa.Text(), nullable=False),
        sa.Column("after_seq", _LONG, nullable=False),
        sa.Column("registered_seq", _LONG, nullable=False),
    )
    op.create_index("waits_by_type", "waits", ["tenant", "type"])
    op.create_table(
        "wait_documents",
        sa.Column("wait_id", sa.Text(), sa.ForeignKey("waits.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("branch", sa.Text(), nullable=False),
        sa.Column("namespace", sa.Text(), primary_key=True),
        sa.Column("key", sa.Text(), primary_key=True),
    )
    op.create_index("wait_documents_by_place", "wait_documents", ["tenant", "branch", "namespace", "key"])


def _make_starts() -> None:
    op.create_table(
        "starts",
        sa.Column("tenant", sa.Text(), primary_key=True),
        sa.Column("trigger", sa.Text(), primary_key=True),
        sa.Column("source", sa.Text(), primary_key=True),
        sa.Column("event_id", sa.Text(), primary_key=True),
        sa.Column("workflow_id", sa.Text(), nullable=False),
        sa.Column("remember_until", _LONG, nullable=False),
    )
    op.create_index("starts_by_end", "starts", ["remember_until"])


def _make_dead_letters() -> None:
    op.create_table(
        "dead_letters",
        sa.Column("id", _ROW, primary_key=True, autoincrement=False),
        sa.Column("tenant", sa.Text(), nullable=False),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("given_up_at", _LONG, nullable=False),
    )
    op.create_index("dead_letters_by_time", "dead_letters", ["tenant", "given_up_at"])
