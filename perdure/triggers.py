"""Triggers: what follows when an event comes. Each is a document under `perdure.triggers/<name>`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contracts.errors import BadRequest, NotFound
from contracts.events import DeadLetter, Trigger
from contracts.state import TRIGGERS_NAMESPACE, Document
from perdure.state import State

_PAGE = 200


@dataclass(frozen=True, kw_only=True)
class KeptTrigger:
    """A trigger as it is kept.

    Attributes:
        name: its name.
        trigger: what it says; None where that is wrong, and it is passed over.
        fault: what is wrong with it.
    """

    name: str
    trigger: Trigger | None
    fault: str | None = None


@dataclass(frozen=True, kw_only=True)
class Triggers:
    """The triggers of one tenant, and the deliveries that were given up.

    Attributes:
        state: where they are kept.
    """

    state: State

    async def list(self) -> tuple[KeptTrigger, ...]:
        """Return all triggers by name, faulty ones included."""
        found: list[KeptTrigger] = []
        after: str | None = None
        while True:
            page = await self.state.query(TRIGGERS_NAMESPACE, limit=_PAGE, after=after)
            found += map(_kept, page.documents)
            if (after := page.after) is None:
                return tuple(found)

    async def add(self, trigger: Trigger | Mapping[str, Any], *, why: str | None = None) -> Document:
        """Add a trigger, or replace the one of that name.

        Raises:
            BadRequest: a field is wrong.
            InvalidExpression: its condition or a text with ${…} does not compile.
        """
        from events import triggers

        if isinstance(trigger, Trigger):
            name, value = trigger.name, trigger.model_dump(mode="json", exclude_defaults=True)
        else:
            value = dict(trigger)
            name = str(value.get("name") or "")
        value.pop("name", None)
        triggers.checked(name, value)
        return await self.state.put(f"{TRIGGERS_NAMESPACE}/{name}", value, why=why)

    async def remove(self, name: str, *, why: str | None = None) -> None:
        """Remove a trigger.

        Raises:
            NotFound: there is no trigger of that name.
        """
        place = f"{TRIGGERS_NAMESPACE}/{name}"
        if await self.state.get(place, fresh=True) is None:
            raise NotFound(f"there is no trigger {name!r}: `perdure triggers list` shows those that are there")
        await self.state.delete(place, why=why)

    async def dead_letters(self, *, limit: int = 100) -> tuple[DeadLetter, ...]:
        """Return deliveries that were given up, the latest first."""
        return await (await self.state.stores.opened()).events.dead_letters(limit=limit, tenant=self.state.tenant)

    async def replay(self, delivery: int) -> None:
        """Deliver a dead letter again, with all its attempts.

        Raises:
            NotFound: there is no such dead letter.
        """
        await (await self.state.stores.opened()).events.replay(delivery, tenant=self.state.tenant)


def _kept(document: Document) -> KeptTrigger:
    from events import triggers

    name = document.place.key
    try:
        return KeptTrigger(name=name, trigger=triggers.checked(name, document.value))
    except BadRequest as error:
        return KeptTrigger(name=name, trigger=None, fault=str(error))
