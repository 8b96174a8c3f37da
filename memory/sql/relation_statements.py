"""The statements of the graph of relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    bindparam,
    exists,
    false,
    func,
    literal_column,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from contracts.relations import DERIVED_KINDS
from contracts.state import MAIN
from memory.sql.database import Dialect, insert_ignore
from memory.sql.event_tables import CURSORS
from memory.sql.memory_tables import MEMORIES, RELATIONS

CURSOR = "memory.graph"
# How far one that has followed nothing yet has come.
NOTHING = -1
_KEY = ("tenant", "scope", "start", "end", "kind")
_NAMES = (*_KEY, "mutual", "strength", "uses", "used_at", "heat", "seq", "ended")
_derived = RELATIONS.c.kind.in_(sorted(DERIVED_KINDS))
_progress = select(CURSORS.c.sequence).where(CURSORS.c.name == CURSOR)
# Under the lock of all writers nobody else takes the same number.
_next_move = select(func.coalesce(func.max(RELATIONS.c.moved), 0) + 1).scalar_subquery()


def progress() -> Select[Any]:
    """How far the ledger was followed; no row, or `NOTHING`, before the first time."""
    return _progress


@cache
def first_progress(dialect: Dialect) -> Executable:
    """Make the cursor where it is not there."""
    return insert_ignore(CURSORS, dialect).values(name=CURSOR, sequence=NOTHING)


@cache
def keep(dialect: Dialect) -> Executable:
    """Make a relation what is given, if the cursor is where `p_at` says."""
    kept: Executable = _kept(dialect, _progress.scalar_subquery() == bindparam("p_at"), where=true())
    return kept


@cache
def keep_unmoved(dialect: Dialect) -> Executable:
    """Make a relation what is given, if nobody changed it since it had the move `p_moved`; one row if so."""
    kept = _kept(dialect, true(), where=RELATIONS.c.moved == bindparam("p_moved"))
    returning: Executable = kept.returning(RELATIONS.c.moved)
    return returning


def _kept(dialect: Dialect, condition: ColumnElement[bool], *, where: ColumnElement[bool]) -> Any:
    given = [bindparam(f"p_{name}", type_=RELATIONS.c[name].type) for name in _NAMES]
    rows = select(*given, _next_move).where(condition)
    # The two classes do the same; nothing that both are has `on_conflict_do_update`.
    insert: Any = (
        (sqlite if dialect == "sqlite" else postgresql).insert(RELATIONS).from_select((*_NAMES, "moved"), rows)
    )
    changed = {name: insert.excluded[name] for name in (*_NAMES, "moved") if name not in _KEY}
    return insert.on_conflict_do_update(index_elements=[RELATIONS.c[name] for name in _KEY], set_=changed, where=where)


def move_progress() -> Executable:
    """Move the cursor from `p_at` to `p_upto`; one row if it was there."""
    return (
        update(CURSORS)
        .where(CURSORS.c.name == CURSOR, CURSORS.c.sequence == bindparam("p_at"))
        .values(sequence=bindparam("p_upto"))
        .returning(CURSORS.c.sequence)
    )


def begin_anew() -> Executable:
    """Set the cursor to where nothing was followed."""
    return update(CURSORS).where(CURSORS.c.name == CURSOR).values(sequence=NOTHING)


def end_derived() -> Executable:
    """End all relations that follow from what memories say."""
    return update(RELATIONS).where(_derived, RELATIONS.c.ended == false()).values(ended=True, moved=_next_move)


def end_orphans() -> Executable:
    """End what follows from memories that are not there any more."""
    there = exists().where(
        MEMORIES.c.tenant == RELATIONS.c.tenant,
        MEMORIES.c.id == RELATIONS.c.start,
        MEMORIES.c.branch == MAIN,
        MEMORIES.c.until_seq.is_(None),
    )
    ended = {"ended": True, "moved": _next_move}
    return update(RELATIONS).where(_derived, RELATIONS.c.ended == false(), ~there).values(ended)


def starting(tenant: str, starts: Sequence[str]) -> Select[Any]:
    """Relations that begin at these nodes."""
    here = (RELATIONS.c.tenant == tenant, RELATIONS.c.start.in_(starts), RELATIONS.c.ended == false())
    return select(RELATIONS).where(*here)


def one(key: Iterable[str]) -> Select[Any]:
    """The relation of a key (tenant, scope, start, end, kind)."""
    return select(RELATIONS).where(*(RELATIONS.c[name] == value for name, value in zip(_KEY, key, strict=True)))


def touching(
    nodes: Sequence[str],
    *,
    tenant: str,
    scopes: Sequence[str] | None,
    kinds: Sequence[str] | None,
    without: Sequence[str],
    most: int,
) -> Select[Any]:
    """The strongest relations of each of these nodes."""
    counts = [RELATIONS.c.tenant == tenant, RELATIONS.c.ended == false()]
    counts += [RELATIONS.c.scope.in_(scopes)] if scopes is not None else []
    counts += [RELATIONS.c.kind.in_(kinds)] if kinds is not None else []
    counts += [RELATIONS.c.kind.not_in(without)] if without else []
    ends = (RELATIONS.c.start, RELATIONS.c.end)
    either = union_all(
        *(select(end.label("node"), RELATIONS).where(end.in_(nodes), *counts) for end in ends)
    ).subquery()
    order = (either.c.heat.desc(), either.c.scope, either.c.start, either.c.end, either.c.kind)
    ranked = select(
        either, func.row_number().over(partition_by=either.c.node, order_by=order).label("place")
    ).subquery()
    return select(*(ranked.c[column.name] for column in RELATIONS.c)).where(ranked.c.place <= most)


def moves(*, after: int, limit: int) -> Select[Any]:
    """Rows that changed after a move, in order. Rows of the last move that belongs in are all in."""
    beyond = RELATIONS.c.moved > after
    bound = select(RELATIONS.c.moved).where(beyond).order_by(RELATIONS.c.moved).offset(limit - 1).limit(1)
    upto = func.coalesce(bound.scalar_subquery(), literal_column(str(2**62)))
    return select(RELATIONS).where(beyond, RELATIONS.c.moved <= upto).order_by(RELATIONS.c.moved)


def last_move() -> Select[Any]:
    """The last move, 0 before the first."""
    return select(func.coalesce(func.max(RELATIONS.c.moved), 0))


def counted() -> Select[Any]:
    """How many relations there are."""
    return select(func.count()).select_from(RELATIONS).where(RELATIONS.c.ended == false())
