"""Events, deliveries, waits, starts and dead letters in the database of state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.errors import NotFound
from contracts.events import STATE_CHANGED, WAIT_OPENED, DeadLetter, Delivery, Event, Wait
from contracts.state import DEFAULT_TENANT
from memory import event_rows
from memory.sql import event_statements as sql
from memory.sql.database import Database, Statement, insert_ignore
from memory.sql.event_tables import DEAD_LETTERS, DELIVERIES, STARTS, WAIT_DOCUMENTS, WAITS
from memory.sql.tables import OUTBOX
from memory.state.rows import microseconds, moment


class SqlEventLog:
    """The event log of a database.

    Args:
        database: where state is, too; its owner is the caller.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def events(
        self, *, after: int, limit: int, types: Sequence[str] | None = None, tenant: str | None = None
    ) -> tuple[Event, ...]:
        """See `EventLog.events`."""
        if types is not None and not types:
            return ()
        changed = types is None or any(_means_changes(pattern) for pattern in types)

        async def found(connection: AsyncConnection) -> list[Event]:
            rows = await connection.execute(sql.emitted(after=after, limit=limit, tenant=tenant, types=types))
            events = [event_rows.emitted(row) for row in rows]
            if changed:
                rows = await connection.execute(sql.changes(after=after, limit=limit, tenant=tenant))
                events += [event_rows.change(row) for row in rows]
            return events

        events = await self._database.read(found)
        return tuple(sorted(events, key=lambda event: event.sequence)[:limit])

    async def cursor(self) -> int:
        """See `EventLog.cursor`."""
        rows = await self._rows(sql.cursor())
        return rows[0].sequence if rows else 0

    async def route(self, deliveries: Sequence[Delivery], *, after: int, cursor: int) -> bool:
        """See `EventLog.route`."""
        common = {"p_after": after, "p_now": _now()}
        added = [{**event_rows.delivery_values(delivery), **common} for delivery in deliveries]
        statements: list[Statement] = [(sql.first_cursor(self._database.dialect), {})]
        if added:
            statements.append((sql.add_routed(self._database.dialect), added))
        statements.append((sql.move_cursor(), {"p_after": after, "p_to": cursor}))
        return bool((await self._database.write(statements))[-1])

    async def due(self, *, limit: int, now: datetime, worker: str, hold: timedelta) -> tuple[Delivery, ...]:
        """See `EventLog.due`. Nothing is written where nothing is due."""
        then = microseconds(now)
        if not await self._rows(sql.anything_due(), {"p_now": then}):
            return ()
        given = {"p_now": then, "p_most": limit, "p_until": microseconds(now + hold), "p_worker": worker}
        (rows,) = await self._database.write([(sql.take_due(), given)])
        return tuple(event_rows.delivery(row) for row in sorted(rows, key=lambda row: int(row.id)))

    async def delivered(self, delivery: Delivery, *, started: str | None = None, remember_until: datetime) -> None:
        """See `EventLog.delivered`."""
        statements: list[Statement] = []
        if started is not None:
            key = _start_key(delivery.tenant, delivery.name, delivery.event.source, delivery.event.id)
            row = {**key, "workflow_id": started, "remember_until": microseconds(remember_until)}
            over = (sql.start_of(**key), STARTS.c.remember_until < _now())
            statements += [(delete(STARTS).where(*over), {}), (insert_ignore(STARTS, self._database.dialect), row)]
        await self._database.write([*statements, *_ended(delivery)])

    async def failed(self, delivery: Delivery, *, error: str, retry_at: datetime | None, counts: bool = True) -> None:
        """See `EventLog.failed`."""
        if retry_at is not None:
            again = {"p_counted": int(counts), "p_why": error, "p_again": microseconds(retry_at)}
            await self._database.write([(sql.try_again(), {"p_delivery_id": delivery.id, **again})])
            return
        buried = delivery.model_copy(update={"attempts": delivery.attempts + counts, "error": error})
        letter = {"p_delivery_id": delivery.id, "p_given_up": buried.model_dump_json(), "p_now": _now()}
        await self._database.write([(sql.bury(self._database.dialect), letter), *_ended(delivery)])

    async def pending(self, *, tenant: str | None = None) -> int:
        """See `EventLog.pending`."""
        statement = select(func.count()).select_from(DELIVERIES)
        if tenant is not None:
            statement = statement.where(DELIVERIES.c.tenant == tenant)
        return int((await self._rows(statement))[0][0])

    async def started_by(self, tenant: str, trigger: str, source: str, event_id: str) -> str | None:
        """See `EventLog.started_by`."""
        key = _start_key(tenant, trigger, source, event_id)
        rows = await self._rows(select(STARTS).where(sql.start_of(**key), STARTS.c.remember_until >= _now()))
        return rows[0].workflow_id if rows else None

    async def dead_letters(self, *, limit: int = 100, tenant: str = DEFAULT_TENANT) -> tuple[DeadLetter, ...]:
        """See `EventLog.dead_letters`."""
        latest = select(DEAD_LETTERS).where(DEAD_LETTERS.c.tenant == tenant)
        order = (DEAD_LETTERS.c.given_up_at.desc(), DEAD_LETTERS.c.id.desc())
        return tuple(_letter(row) for row in await self._rows(latest.order_by(*order).limit(limit)))

    async def replay(self, delivery_id: int, *, tenant: str = DEFAULT_TENANT) -> None:
        """See `EventLog.replay`."""
        here = (DEAD_LETTERS.c.id == delivery_id, DEAD_LETTERS.c.tenant == tenant)
        rows = await self._rows(select(DEAD_LETTERS).where(*here))
        if not rows:
            raise NotFound(f"there is no dead letter {delivery_id}: `perdure triggers` lists those that are there")
        again = event_rows.delivery_values(_letter(rows[0]).delivery)
        given = {**again, "p_dead": delivery_id, "p_now": _now()}
        await self._database.write(
            [(sql.add_replayed(self._database.dialect), given), (delete(DEAD_LETTERS).where(*here), {})]
        )

    async def register(self, wait: Wait) -> int:
        """See `EventLog.register`."""
        dialect = self._database.dialect
        statements: list[Statement] = [(sql.add_wait(dialect), event_rows.wait_values(wait))]
        if wait.documents:
            place = {"wait_id": wait.id, "tenant": wait.tenant, "branch": wait.branch}
            rows = [{**place, "namespace": namespace, "key": key} for namespace, key in wait.documents]
            statements.append((insert_ignore(WAIT_DOCUMENTS, dialect), rows))
        if wait.type is not None and wait.after is not None:
            given = {**event_rows.delivery_values(_opened(wait)), "p_wait": wait.id, "p_now": _now()}
            statements.append((sql.add_opened(dialect), given))
        statements.append((select(WAITS.c.registered_seq).where(WAITS.c.id == wait.id), {}))
        return int((await self._database.write(statements))[-1][0].registered_seq)

    async def wait(self, wait_id: str) -> Wait | None:
        """See `EventLog.wait`."""
        found = await self._waits(select(WAITS).where(WAITS.c.id == wait_id))
        return found[0] if found else None

    async def unregister(self, wait_id: str) -> None:
        """See `EventLog.unregister`."""
        await self._database.write(
            [
                (delete(DELIVERIES).where(DELIVERIES.c.target == "wait", DELIVERIES.c.name == wait_id), {}),
                (delete(WAIT_DOCUMENTS).where(WAIT_DOCUMENTS.c.wait_id == wait_id), {}),
                (delete(WAITS).where(WAITS.c.id == wait_id), {}),
            ]
        )

    async def waits(
        self, tenant: str, *, documents: Sequence[tuple[str, str, str]] = (), types: Sequence[str] = ()
    ) -> tuple[Wait, ...]:
        """See `EventLog.waits`."""
        if not documents and not types:
            return ()
        return await self._waits(sql.waits_for(tenant, documents=documents, types=types))

    async def prune(self, *, before: datetime) -> int:
        """See `EventLog.prune`."""
        routed = (OUTBOX.c.seq <= await self.cursor(), OUTBOX.c.time < microseconds(before))
        gone, _ = await self._database.write(
            [
                (delete(OUTBOX).where(*routed).returning(OUTBOX.c.seq), {}),
                (delete(STARTS).where(STARTS.c.remember_until < _now()), {}),
            ]
        )
        return len(gone)

    async def _rows(self, statement: Any, given: dict[str, Any] | None = None) -> list[Row[Any]]:
        async def found(connection: AsyncConnection) -> list[Row[Any]]:
            return list(await connection.execute(statement, given or {}))

        return await self._database.read(found)

    async def _waits(self, statement: Any) -> tuple[Wait, ...]:
        async def found(connection: AsyncConnection) -> tuple[Wait, ...]:
            rows = list(await connection.execute(statement))
            if not rows:
                return ()
            named = select(WAIT_DOCUMENTS).where(WAIT_DOCUMENTS.c.wait_id.in_([row.id for row in rows]))
            documents: dict[str, list[tuple[str, str]]] = {}
            for row in await connection.execute(named):
                documents.setdefault(row.wait_id, []).append((row.namespace, row.key))
            return tuple(event_rows.wait(row, documents.get(row.id, ())) for row in rows)

        return await self._database.read(found)


def _means_changes(pattern: str) -> bool:
    return pattern == STATE_CHANGED or (pattern.endswith("*") and STATE_CHANGED.startswith(pattern[:-1]))


def _ended(delivery: Delivery) -> list[Statement]:
    """What ends a delivery, and lets the next of its lane go."""
    return [
        (sql.end(), {"p_delivery_id": delivery.id}),
        (sql.advance(), {**event_rows.lane_values(delivery), "p_now": _now()}),
    ]


def _opened(wait: Wait) -> Delivery:
    event = Event(id=wait.id, source="/waits", type=WAIT_OPENED, time=datetime.now(UTC), sequence=0, tenant=wait.tenant)
    # The lane of all that the wait is told: what came before it was registered is told first.
    return Delivery(id=0, target="wait", name=wait.id, tenant=wait.tenant, lane=wait.id, event=event)


def _letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(delivery=Delivery.model_validate_json(row.delivery), given_up_at=moment(row.given_up_at))


def _start_key(tenant: str, trigger: str, source: str, event_id: str) -> dict[str, str]:
    return {"tenant": tenant, "trigger": trigger, "source": source, "event_id": event_id}


def _now() -> int:
    return microseconds(datetime.now(UTC))
