"""Connections to PostgreSQL, and what its errors mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from contracts.errors import BackendUnavailable

_CONNECT_SECONDS = 5.0
# SQLSTATE classes and codes after which the same may succeed: connection lost, server starting or stopping, no place
# for one more connection, a lock that was not had in time, a deadlock, a session that was ended, a server that only
# reads (a standby that is about to take over).
_PASSING = ("08", "57P", "53300", "55P03", "40001", "40P01", "25P03", "25006", "57014")
# What asyncpg and SQLAlchemy raise for anything that goes wrong.
FAILURES = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)


class PostgresAddress:
    """Where a database is, and how it is spoken to.

    Args:
        url: such as "postgresql://user:password@host:5432/database".
    """

    def __init__(self, url: str) -> None:
        self._dsn = url.replace("postgresql+asyncpg://", "postgresql://", 1)
        parts = urlsplit(self._dsn)
        self.name = f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"

    async def connect(self, *, command_seconds: float, settings: Mapping[str, str]) -> Any:
        """Return a connection of asyncpg.

        Args:
            command_seconds: how long a statement may take.
            settings: of the server, for this connection.
        """
        return await asyncpg.connect(
            self._dsn,
            timeout=_CONNECT_SECONDS,
            command_timeout=command_seconds,
            server_settings={"application_name": "perdure", "jit": "off", **settings},
        )

    def unavailable(self, error: BaseException, *, outcome: str = "") -> BackendUnavailable:
        """Return what to tell of an error of PostgreSQL or of the network."""
        reason = str(origin(error)) or type(error).__name__
        return BackendUnavailable(f"the database at {self.name} cannot be used ({reason}){outcome}: {_advice(error)}")


def is_passing(error: BaseException) -> bool:
    """Whether the same may succeed a moment later."""
    return _is_of_network(error) or _state(error).startswith(_PASSING)


def is_of_data(error: BaseException) -> bool:
    """Whether it is the values that the database does not take."""
    return isinstance(origin(error), asyncpg.DataError) or _state(error).startswith(("22", "23"))


def origin(error: BaseException) -> BaseException:
    """Return the driver's error below that of SQLAlchemy."""
    if isinstance(error, DBAPIError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error


def _is_of_network(error: BaseException) -> bool:
    found = origin(error)
    return isinstance(found, OSError | asyncpg.InterfaceError | asyncpg.InternalClientError) and not is_of_data(error)


def _state(error: BaseException) -> str:
    return getattr(origin(error), "sqlstate", None) or ""


def _advice(error: BaseException) -> str:
    state = _state(error)
    if state.startswith("28"):
        return "check user and password in PERDURE_DATABASE_URL"
    if state == "3D000":
        return "create the database, or name another one in PERDURE_DATABASE_URL"
    if state.startswith("53"):
        return "the server is short of disk, memory or connections: its own log says of what"
    if state in {"42501", "25006"}:
        return "its user may not write there: grant it the rights, or name the server that takes writes"
    return "check PERDURE_DATABASE_URL, and that the server runs and can be reached"
