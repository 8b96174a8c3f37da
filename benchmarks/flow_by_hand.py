"""A workflow that calls the same activities as a flow, by hand: what the flow is compared with."""

from __future__ import annotations

from datetime import timedelta

from temporalio import workflow

from contracts.steps import FlowToolOutcome, FlowToolRequest

TASK_QUEUE = "flow-by-hand"


@workflow.defn
class CallsByHand:
    """Calls a tool so many times."""

    @workflow.run
    async def run(self, times: int) -> int:
        """Return what the last call returned."""
        value = 0
        for number in range(1, times + 1):
            request = FlowToolRequest(step="call", visit=number, tool="nothing_much", arguments={"number": value})
            outcome = await workflow.execute_activity(
                "call_flow_tool",
                request,
                activity_id=f"call:{number}",
                result_type=FlowToolOutcome,
                start_to_close_timeout=timedelta(minutes=1),
                heartbeat_timeout=timedelta(seconds=5),
            )
            value = outcome.output
        return value
