"""The statements of the event log. Each is whole in itself, so that a group of writes can hold any of them.

Only the first delivery of a lane (tenant, target, name, lane) has a time at which it is due; the others stand at `FAR`
until it has ended. So finding what is due costs the same however many wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    Select,
    and_,
    bindparam,
    case,
    delete,
    exists,
    false,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    update,
)

from memory.sql.database import Dialect, insert_ignore
from memory.sql.event_tables import CURSORS, DEAD_LETTERS, DELIVERIES, STARTS, WAIT_DOCUMENTS, WAITS
from memory.sql.tables import CLOCK, OUTBOX, VERSIONS

FAR = 2**62
RELAY = "relay"
_LANE = ("tenant", "target", "name", "lane")
_NEW = (*_LANE, "event_seq", "delivery", "attempts", "due_at")

_cursor = select(CURSORS.c.sequence).where(CURSORS.c.name == RELAY)


def changes(*, after: int, limit: int, tenant: str | None) -> Select[Any]:
    """Versions with a higher sequence."""
    statement = select(VERSIONS).where(VERSIONS.c.seq > after).order_by(VERSIONS.c.seq).limit(limit)
    return statement if tenant is None else statement.where(VERSIONS.c.tenant == tenant)


def emitted(*, after: int, limit: int, tenant: str | None, types: Sequence[str] | None) -> Select[Any]:
    """Events of commits with a higher sequence."""
    statement = select(OUTBOX).where(OUTBOX.c.seq > after).order_by(OUTBOX.c.seq).limit(limit)
    if types is not None:
        statement = statement.where(or_(*map(_of_type, types)))
    return statement if tenant is None else statement.where(OUTBOX.c.tenant == tenant)


def _of_type(pattern: str) -> ColumnElement[bool]:
    if pattern.endswith("*"):
        return OUTBOX.c.type.startswith(pattern[:-1], autoescape=True)
    return OUTBOX.c.type == pattern


def cursor() -> Executable:
    """How far events were routed; no row before the first time."""
    return _cursor


@cache
def first_cursor(dialect: Dialect) -> Executable:
    """Make the cursor where it is not there."""
    return insert_ignore(CURSORS, dialect).values(name=RELAY, sequence=0)


@cache
def add_routed(dialect: Dialect) -> Executable:
    """Add a delivery, if the cursor is where `after` says."""
    return _add(dialect, where=_cursor.scalar_subquery() == bindparam("p_after"))


@cache
def add_replayed(dialect: Dialect) -> Executable:
    """Add a delivery, if the dead letter `dead` is there."""
    return _add(dialect, where=exists().where(DEAD_LETTERS.c.id == bindparam("p_dead")))


@cache
def add_opened(dialect: Dialect) -> Executable:
    """Add a delivery that looks back, if the wait was registered later than what it has seen."""
    return _add(
        dialect, where=exists().where(WAITS.c.id == bindparam("p_wait"), WAITS.c.after_seq < WAITS.c.registered_seq)
    )


def _add(dialect: Dialect, *, where: ColumnElement[bool]) -> Executable:
    given = [bindparam(f"p_{name}", type_=DELIVERIES.c[name].type) for name in (*_LANE, "event_seq", "delivery")]
    other = DELIVERIES.alias("other")
    behind = exists().where(*(other.c[name] == bindparam(f"p_{name}") for name in _LANE))
    due_at = case(
        (behind, literal(FAR, DELIVERIES.c.due_at.type)), else_=bindparam("p_now", type_=DELIVERIES.c.due_at.type)
    )
    return insert_ignore(DELIVERIES, dialect).from_select(_NEW, select(*given, literal(0), due_at).where(where))


@cache
def move_cursor() -> Executable:
    """Move the cursor from `after` on; one row if it was there."""
    return (
        update(CURSORS)
        .where(CURSORS.c.name == RELAY, CURSORS.c.sequence == bindparam("p_after"))
        .values(sequence=bindparam("p_to"))
        .returning(CURSORS.c.sequence)
    )


@cache
def anything_due() -> Executable:
    """One row if something is due."""
    return select(literal(1)).where(DELIVERIES.c.due_at <= bindparam("p_now")).limit(1)


@cache
def take_due() -> Executable:
    """Take what is due until `until`."""
    due = select(DELIVERIES.c.id).where(DELIVERIES.c.due_at <= bindparam("p_now"))
    first = due.order_by(DELIVERIES.c.due_at, DELIVERIES.c.id).limit(bindparam("p_most"))
    return (
        update(DELIVERIES)
        .where(DELIVERIES.c.id.in_(first.scalar_subquery()))
        .values(due_at=bindparam("p_until"), held_by=bindparam("p_worker"))
        .returning(DELIVERIES.c.id, DELIVERIES.c.delivery, DELIVERIES.c.attempts, DELIVERIES.c.error)
    )


@cache
def try_again() -> Executable:
    """Make a delivery that failed due at another time."""
    return (
        update(DELIVERIES)
        .where(DELIVERIES.c.id == bindparam("p_delivery_id"))
        .values(
            attempts=DELIVERIES.c.attempts + bindparam("p_counted"),
            error=bindparam("p_why"),
            due_at=bindparam("p_again"),
            held_by=null(),
        )
    )


@cache
def bury(dialect: Dialect) -> Executable:
    """Keep a delivery that is still there as a dead letter."""
    columns = ("id", "tenant", "delivery", "given_up_at")
    given = bindparam("p_given_up", type_=DEAD_LETTERS.c.delivery.type)
    now = bindparam("p_now", type_=DEAD_LETTERS.c.given_up_at.type)
    found = select(DELIVERIES.c.id, DELIVERIES.c.tenant, given, now).where(
        DELIVERIES.c.id == bindparam("p_delivery_id")
    )
    return insert_ignore(DEAD_LETTERS, dialect).from_select(columns, found)


@cache
def end() -> Executable:
    """Remove a delivery."""
    return delete(DELIVERIES).where(DELIVERIES.c.id == bindparam("p_delivery_id"))


@cache
def advance() -> Executable:
    """Make the first of a lane due, if it was behind another one."""
    first = select(func.min(DELIVERIES.c.id)).where(*(DELIVERIES.c[name] == bindparam(f"p_{name}") for name in _LANE))
    return (
        update(DELIVERIES)
        .where(DELIVERIES.c.id == first.scalar_subquery(), DELIVERIES.c.due_at == FAR)
        .values(due_at=bindparam("p_now"))
    )


def start_of(*, tenant: str, trigger: str, source: str, event_id: str) -> ColumnElement[bool]:
    """The row of `starts` for an event and a trigger."""
    return and_(
        STARTS.c.tenant == tenant,
        STARTS.c.trigger == trigger,
        STARTS.c.source == source,
        STARTS.c.event_id == event_id,
    )


@cache
def add_wait(dialect: Dialect) -> Executable:
    """Keep a wait, with the sequence of this moment."""
    now = select(CLOCK.c.sequence).scalar_subquery()
    after = func.coalesce(bindparam("p_after", type_=WAITS.c.after_seq.type), now)
    return insert_ignore(WAITS, dialect).values(
        {column.name: bindparam(f"p_{column.name}", type_=column.type) for column in WAITS.columns}
        | {"after_seq": after, "registered_seq": now}
    )


def waits_for(tenant: str, *, documents: Sequence[tuple[str, str, str]], types: Sequence[str]) -> Select[Any]:
    """Waits for one of these documents or types, and all whose type is a pattern."""
    place = tuple_(WAIT_DOCUMENTS.c.branch, WAIT_DOCUMENTS.c.namespace, WAIT_DOCUMENTS.c.key)
    by_place = select(WAIT_DOCUMENTS.c.wait_id).where(WAIT_DOCUMENTS.c.tenant == tenant, place.in_(documents))
    meant = or_(WAITS.c.type.in_(types), WAITS.c.type.endswith("*", autoescape=True)) if types else false()
    by_type = select(WAITS.c.id).where(WAITS.c.tenant == tenant, meant)
    return select(WAITS).where(or_(WAITS.c.id.in_(by_place), WAITS.c.id.in_(by_type))).order_by(WAITS.c.id)
