"""What is read from the history of a flow, over all its parts, against a stand-in for the workflow."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError
from temporalio.worker import Worker

from contracts.decisions import Decision
from contracts.flows import Flow, FlowCarried, FlowRequest, FlowResult
from tests.support.running import door, new_queue

FLOW = Flow.model_validate({"name": "told", "start": "a", "steps": {"a": {"emit": {"type": "x"}, "next": "end"}}})
_SOON = timedelta(seconds=5)
_ONCE = RetryPolicy(maximum_attempts=1)


@activity.defn
async def decide(visit: int) -> Decision:
    """Decide something; the second time it cannot be decided."""
    if visit == 2:
        raise ValueError("nothing to decide by")
    return Decision(step="a", visit=visit, sequence=visit, taken="end")


@activity.defn
async def resolve(visit: int) -> Decision:
    """Another local activity, whose result is none of the decisions."""
    return Decision(step="b", visit=visit, sequence=visit)


@workflow.defn(name="FlowRun", sandboxed=False)
class StandIn:
    """Decides three times in each of three parts."""

    @workflow.run
    async def run(self, request: FlowRequest) -> FlowResult:
        """Decide, and go on in another history."""
        done = request.carried.done if request.carried else 0
        await workflow.execute_local_activity(resolve, done, start_to_close_timeout=_SOON)
        for visit in range(done + 1, done + 4):
            try:
                await workflow.execute_local_activity(decide, visit, start_to_close_timeout=_SOON, retry_policy=_ONCE)
            except FailureError:
                continue
        if done < 6:
            carried = FlowCarried(position="a", done=done + 3)
            workflow.continue_as_new(request.model_copy(update={"carried": carried}))
        return FlowResult(run_id=request.run_id, flow="told", version="1", ended="a", steps=done + 3)


async def test_decisions_of_all_parts_are_told_in_order_without_a_worker(client: Client) -> None:
    queue = new_queue()
    perdure = await door(client, queue)
    async with Worker(client, task_queue=queue, workflows=[StandIn], activities=[decide, resolve]):
        flow = await perdure.submit_flow(FlowRequest(run_id=new_queue(), flow=FLOW, input={"n": 1}))
        assert (await flow.result(timeout=20)).steps == 9
    assert [decision.visit for decision in await flow.decisions()] == [1, 3, 4, 5, 6, 7, 8, 9]
    assert (await flow.request()).input == {"n": 1}
    assert (await flow.describe()).flow == "told"
