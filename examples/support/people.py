"""The people around the flow `support`: they watch the tickets in the state store, and react as people would."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from contracts.errors import AnswerRefused
from contracts.state import Document
from examples.support import tickets
from perdure import Perdure

_TRIES = 100
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class People:
    """Customers who confirm or complain, and a support lead who decides.

    Attributes:
        perdure: how events and answers are sent.
        batch: whose tickets they care for: the first part of their keys.
    """

    perdure: Perdure
    batch: str

    def key(self, ticket: str) -> str:
        """The key of a ticket's document."""
        return f"{self.batch}/{ticket}"

    def run_id(self, ticket: str) -> str:
        """The id of the flow that takes care of a ticket."""
        return f"support-{self.batch}-{ticket}"

    async def react(self, *, since: int) -> None:
        """React to each change of a ticket, for ever.

        Args:
            since: sequence of the state store before the first ticket came.
        """
        async with asyncio.TaskGroup() as reactions:
            async for change in self.perdure.state.watch(f"tickets/{self.batch}/*", since=since):
                if change.document.value["status"] == "asked":
                    reactions.create_task(self._decide(_id(change.document)))
                if change.document.value["status"] == "answered":
                    reactions.create_task(self._say(_id(change.document), change.document.value["reopened"]))

    async def _decide(self, ticket: str) -> None:
        """Answer as the support lead; the question opens a moment after the ticket says so."""
        run = await self.perdure.get_flow(self.run_id(ticket))
        for _ in range(_TRIES):
            try:
                return await run.answer("ask_lead", tickets.decision(ticket), by=tickets.LEAD)
            except AnswerRefused:
                await asyncio.sleep(_PAUSE_SECONDS)
        raise TimeoutError(f"the flow of ticket {ticket!r} did not ask")

    async def _say(self, ticket: str, reopened: int) -> None:
        """Confirm or complain as the customer."""
        complaint = tickets.complaint(ticket, reopened)
        kind = "ticket.confirmed" if complaint is None else "ticket.reopened"
        data = {"text": complaint or "thank you"}
        await self.perdure.emit(kind, source="/demo/customers", subject=self.key(ticket), data=data)


def _id(document: Document) -> str:
    return document.place.key.rpartition("/")[2]
