"""Runs over several histories: the parts of a chain, what was said in all of them, and what each weighs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHandle, WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner

from contracts.runs import RunResult, TranscriptEntry, TranscriptPage
from perdure.temporal_server import TemporalServer
from tests.support.model_server import ModelServer
from workflows.agent_run import AgentRun

# Where a worker has forgotten the run, it replays all of it to answer.
_REPLAY = timedelta(seconds=60)
_ONWARD = EventType.EVENT_TYPE_WORKFLOW_EXECUTION_CONTINUED_AS_NEW


class ImpatientServer(TemporalServer):
    """A Temporal server that suggests a new history after 100 events instead of 4,096."""

    def _command(self) -> list[object]:  # type: ignore[override]
        return [*super()._command(), "--dynamic-config-value", "limit.historyCount.suggestContinueAsNew=100"]


@dataclass(frozen=True)
class Part:
    """One history of a chain."""

    handle: WorkflowHandle[AgentRun, RunResult]
    history: WorkflowHistory

    @property
    def size(self) -> int:
        """Bytes of its events."""
        return sum(event.ByteSize() for event in self.history.events)

    async def entries(self) -> tuple[TranscriptEntry, ...]:
        """What was said in it."""
        page: TranscriptPage = await self.handle.query("transcript", 0, result_type=TranscriptPage, rpc_timeout=_REPLAY)
        return page.entries


async def parts(client: Client, run_id: str) -> list[Part]:
    """The histories of a run, the first one first."""
    newest = await client.get_workflow_handle(run_id).fetch_history()
    started = newest.events[0].workflow_execution_started_event_attributes
    found: list[Part] = []
    next_id: str | None = started.first_execution_run_id
    while next_id:
        handle = client.get_workflow_handle_for(AgentRun.run, run_id, run_id=next_id)
        found.append(Part(handle, await handle.fetch_history()))
        next_id = _onward(found[-1].history)
    return found


async def conversation(chain: Sequence[Part]) -> list[TranscriptEntry]:
    """What was said in all parts."""
    return [entry for part in chain for entry in await part.entries()]


def report(line: str) -> None:
    """Say what was measured, for those who run pytest with -s."""
    sys.stdout.write(f"\n{line}\n")


def prompts(model: ModelServer) -> dict[str, list[str]]:
    """Names of the prompts that each speaker's model has seen, in order; managers have no name."""
    seen: dict[str, list[str]] = {}
    for record in model.requests:
        seen.setdefault(record.speaker, []).append(record.prompt)
    return seen


async def replay(chain: Sequence[Part]) -> None:
    """Replay every part from its history; raises where it does not do the same again."""
    replayer = Replayer(
        workflows=[AgentRun], workflow_runner=UnsandboxedWorkflowRunner(), data_converter=pydantic_data_converter
    )
    for part in chain:
        await replayer.replay_workflow(part.history)


def _onward(history: WorkflowHistory) -> str | None:
    last = history.events[-1]
    if last.event_type != _ONWARD:
        return None
    return str(last.workflow_execution_continued_as_new_event_attributes.new_execution_run_id)
