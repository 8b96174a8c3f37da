"""What a database of state does: reads, and one writer a process that commits in groups."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeVar

from sqlalchemy import Executable, Row, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from memory.state.world import Command

T = TypeVar("T")
Dialect = Literal["sqlite", "postgresql"]
Parameters = Mapping[str, Any] | Sequence[Mapping[str, Any]]
Statement = tuple[Executable, Parameters]
Insert = sqlite.Insert | postgresql.Insert


class Database(Protocol):
    """The database in which state is. All methods raise `BackendUnavailable` where it does not answer."""

    @property
    def dialect(self) -> Dialect:
        """Which SQL it speaks."""
        ...

    async def read(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something with a connection in a transaction of its own that sees one moment, and changes nothing."""
        ...

    async def submit(self, command: Command[T]) -> T:
        """Plan a command in the next group, and return when the group is committed.

        Raises:
            PerdureError: what planning the command raised; then it changed nothing.
        """
        ...

    async def write(self, statements: Sequence[Statement]) -> list[list[Row[Any]]]:
        """Run statements in the next group, all or none of them, and return their rows when the group is committed.

        They run under the lock of all writers, after the commands of their group. `clock.now` is not moved by them.

        Args:
            statements: each with its parameters; a list of parameters runs it once for each, and returns no rows.

        Raises:
            BadRequest: the database refuses a statement; the message is its own.
        """
        ...

    async def close(self) -> None:
        """Commit what is queued and close all connections."""
        ...


def insert_ignore(table: Table, dialect: Dialect) -> Insert:
    """Return an insert that passes over rows that are there already."""
    if dialect == "sqlite":
        return sqlite.insert(table).on_conflict_do_nothing()
    return postgresql.insert(table).on_conflict_do_nothing()
