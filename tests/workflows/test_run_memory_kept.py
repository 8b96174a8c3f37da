"""A run knows what an earlier one learned, with the memory that is there without any service, key or model."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.enums.v1 import EventType
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest

from contracts.memories import Caller, MemoryScope
from contracts.recall import MemoryListing
from perdure.memory_stores import OpenedMemory, open_memory
from perdure.run import Run
from perdure.stores import open_stores
from tests.conftest import NewRunner
from tests.support.memory_kinds import MEMORY_APP
from tests.support.model_server import ModelServer
from tests.support.running import APP, Runner, position

ADA = Caller(scope=MemoryScope(user="ada", team="reminded"))
SAID = "I prefer short answers by mail. I live in Turin. What is the weather like?"


@pytest.fixture
async def running(new_runner: NewRunner) -> AsyncIterator[Runner]:
    async with new_runner(app=(APP, MEMORY_APP)) as running:
        yield running


@pytest.fixture
async def memory(running: Runner) -> AsyncIterator[OpenedMemory]:
    """That worker's memory, as another process sees it."""
    async with open_stores(running.settings) as stores, open_memory(running.settings, stores) as memory:
        yield memory


async def test_the_second_run_knows_what_the_first_one_learned(
    running: Runner, memory: OpenedMemory, model_server: ModelServer
) -> None:
    first = await (await running.start("reminded", SAID, user="ada")).result(timeout=30)
    assert first.memory is not None
    assert first.memory.learned is not None
    learned = {one.text for one in first.memory.learned.learned}
    assert any("short answers" in text for text in learned)
    model_server.reset()
    second = await (await running.start("reminded", "How shall I answer?", user="ada")).result(timeout=30)
    assert second.memory is not None
    assert second.memory.before is not None
    assert any("short answers" in one.line for one in second.memory.before.injected)
    assert "short answers" in model_server.requests[0].request.system
    kept = await memory.store.list(ADA, MemoryListing())
    assert {one.id for one in kept.memories} >= {one.id for one in second.memory.before.injected}


async def test_nobody_else_is_told(running: Runner, model_server: ModelServer) -> None:
    await (await running.start("reminded", SAID, user="ada")).result(timeout=30)
    model_server.reset()
    result = await (await running.start("reminded", "How shall I answer?", user="bob")).result(timeout=30)
    assert result.memory is not None
    assert result.memory.before is not None
    assert result.memory.before.injected == ()
    assert "short answers" not in model_server.requests[0].request.system


async def test_what_an_abandoned_execution_learned_leaves_recall(
    running: Runner, memory: OpenedMemory, model_server: ModelServer
) -> None:
    run = await running.start("reminded", SAID, user="ada")
    await run.result(timeout=30)
    before = await _kept(memory)
    model_server.reset()
    await _reset(running, run)
    handle = running.client.get_workflow_handle(run.id)
    result = await handle.result()
    after = await _kept(memory)
    assert result["memory"]["learned"]["abandoned"] == len(before) > 0
    assert after.keys().isdisjoint(before)
    assert sorted(after.values()) == sorted(before.values())


async def _kept(memory: OpenedMemory) -> dict[str, str]:
    return {one.id: one.text for one in (await memory.store.list(ADA, MemoryListing())).memories}


async def _reset(running: Runner, run: Run) -> None:
    """Let a run begin again after its first task, as an operator does."""
    history = await running.history(run)
    first = position(history, EventType.EVENT_TYPE_WORKFLOW_TASK_COMPLETED)
    await running.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=running.client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=run.id, run_id=history.run_id),
            reason="the test",
            workflow_task_finish_event_id=history.events[first].event_id,
            request_id="reset-1",
        )
    )
