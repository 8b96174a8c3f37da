"""The statements of memory by name, with the columns of a row filled in: there are too many to write them each time."""

from __future__ import annotations

from functools import cache

from memory.ledger.rows import MemoryRow
from memory.sql.memory_tables import MEMORIES
from memory.sql.statements import statements


@cache
def memory_statements(file: str) -> dict[str, str]:
    """Return the statements of a file by their names."""
    given = {"{columns}": _columns(), "{versions}": _columns("m."), "{places}": _places(), "{arrays}": _arrays()}
    return {name: _filled(statement, given) for name, statement in statements(file).items()}


def _filled(statement: str, given: dict[str, str]) -> str:
    for name, value in given.items():
        statement = statement.replace(name, value)
    return statement


def _columns(prefix: str = "") -> str:
    return ", ".join(f"{prefix}{name}" for name in MemoryRow._fields)


def _places() -> str:
    return ", ".join("?" * len(MemoryRow._fields))


def _arrays() -> str:
    """Return the columns of many rows as arrays of PostgreSQL, by the types that they have in the table."""
    types = [_TYPES[type(MEMORIES.c[name].type).__name__] for name in MemoryRow._fields]
    return ", ".join(f"${number}::{name}[]" for number, name in enumerate(types, 1))


_TYPES = {"BigInteger": "bigint", "Integer": "int", "Text": "text", "Boolean": "boolean", "Double": "double precision"}
