"""What the engine keeps in its database: state, memories, triggers and events. None of it needs a Temporal server."""

from __future__ import annotations

from typing import Any

from contracts.state import Emitted
from perdure import emission
from perdure.memory import Memories
from perdure.memory_opening import MemoryOpening
from perdure.settings import Settings
from perdure.state import State
from perdure.stores import Opening
from perdure.triggers import Triggers


class Storage:
    """The database of the engine, opened when it is first used."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Prepare it.

        Args:
            settings: say where state is kept; by default those of the environment and `perdure.toml`.
        """
        self._settings = settings
        self._stores = Opening(settings)
        self._memory = MemoryOpening(self._stores, settings)

    @property
    def state(self) -> State:
        """The state store: documents with versions, branches, locks. It is opened when it is first used."""
        return State(stores=self._stores)

    @property
    def memory(self) -> Memories:
        """What is remembered: add, search, edit, forget. It is opened when it is first used."""
        return Memories(memory=self._memory)

    @property
    def triggers(self) -> Triggers:
        """What follows from events by rule, and the deliveries that were given up."""
        return Triggers(state=self.state)

    async def emit(
        self,
        type: str,
        *,
        source: str = emission.CLIENT,
        subject: str | None = None,
        data: Any = None,
        id: str | None = None,
    ) -> Emitted:
        """Emit an event. It is kept when this returns; the workers deliver it to triggers and waiting runs.

        Args:
            type: what happened, such as "invoice.paid".
            source: who tells.
            subject: what it is about; events of one subject are delivered in order.
            data: any JSON value.
            id: unique within the source, which makes emitting safe to repeat; by default one is drawn.

        Raises:
            BadRequest: a field is wrong.
            BackendUnavailable: the database does not answer.
        """
        return await emission.emit(self.state, type, source=source, subject=subject, data=data, id=id)

    async def close(self) -> None:
        """Close the stores that were opened. A connection to Temporal has no end of its own."""
        try:
            await self._memory.close()
        finally:
            await self._stores.close()
