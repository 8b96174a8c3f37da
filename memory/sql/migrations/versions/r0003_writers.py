"""Which batch each writer committed last: one whose connection was lost at COMMIT finds out what became of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"


def upgrade() -> None:
    """Make the table. Only PostgreSQL's writers use it; the tables of both databases are the same."""
    op.create_table(
        "writers",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
    )
