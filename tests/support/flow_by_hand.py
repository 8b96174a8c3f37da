"""A workflow written by hand with the steps of flows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from temporalio import workflow

from workflows.steps import Steps


@workflow.defn
class Refund:
    """Refunds an order at once where it is small, else when a person agrees and the money is there."""

    @workflow.init
    def __init__(self, order: str) -> None:
        self.steps = Steps()

    @workflow.run
    async def run(self, order: str) -> dict[str, Any]:
        documents = {"order": ("orders", order)}
        [read] = (await self.steps.read(documents)).values()
        decision = await self.steps.decide(
            {"pay": "order.total < most"}, otherwise="ask", documents=documents, bound={"most": 50}
        )
        said = None
        if decision.taken == "ask":
            answer = await self.steps.ask("Refund it?", json_schema={"type": "boolean"}, within=timedelta(days=3))
            said = answer.value
            await self.steps.wait_until("has(order.paid) && order.paid", documents=documents)
        version = await self.steps.write("orders", order, patch={"refunded": True}, why="the policy says so")
        event = await self.steps.emit("order.refunded", subject=order, data={"said": said})
        return {"read": read.version, "said": said, "version": version, "event": event}
