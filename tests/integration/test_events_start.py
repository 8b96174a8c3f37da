"""Events start runs and flows: each event once for each trigger."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import DeleteWorkflowExecutionRequest
from temporalio.client import Client

from tests.support.events import Scene, scene


@pytest.fixture
async def on(client: Client, tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene(client, tmp_path) as made, made.serving():
        yield made


async def test_an_event_starts_a_run_with_what_it_says(on: Scene) -> None:
    team = {"team": "greeter", "task": "Greet ${event.data.name} for ${event.id}.", "user": "${event.subject}"}
    await on.trigger("greet", start_team=team)
    await on.emit("e1", subject="ada")
    asked = await on.result("greet", "e1")
    assert (asked["team"], asked["task"], asked["scope"]["user"]) == ("greeter", "Greet Ada for e1.", "ada")
    assert asked["run_id"] == on.id_of("greet", "e1")


async def test_one_event_id_is_one_start_for_each_source_and_trigger(on: Scene) -> None:
    await on.trigger("greet")
    await on.trigger("thank", type="invoice.*")
    await on.emit("e1", source="/shop")
    await on.emit("e1", source="/shop")
    await on.emit("e1", source="/market")
    for trigger in ("greet", "thank"):
        for source in ("/shop", "/market"):
            assert (await on.result(trigger, "e1", source=source))["team"] == "greeter"
    await on.idle()
    assert len(on.started_ids) == 4


async def test_an_event_of_a_run_that_temporal_forgot_starts_nothing_again(client: Client, tmp_path: Path) -> None:
    async with scene(client, tmp_path) as made:
        on = replace(made, forgetful=True)
        async with on.serving():
            await started_twice(on)
            assert on.started_ids == [on.id_of("greet", "e1"), on.id_of("greet", "e2")]


@pytest.mark.long
async def test_an_event_of_a_run_that_was_deleted_starts_nothing_again(on: Scene) -> None:
    await started_twice(on, forget=forget)
    assert not await on.is_there(on.id_of("greet", "e1"))
    assert on.started_ids == [on.id_of("greet", "e1"), on.id_of("greet", "e2")]


async def started_twice(on: Scene, *, forget: Callable[[Scene, str], Awaitable[None]] | None = None) -> None:
    await on.trigger("greet")
    await on.emit("e1")
    await on.result("greet", "e1")
    await on.idle()
    if forget is not None:
        await forget(on, on.id_of("greet", "e1"))
    # The outbox forgets as well: else it would pass the event over itself.
    assert await on.log.prune(before=datetime.now(UTC) + timedelta(days=1)) == 1
    await on.emit("e1")
    await on.emit("e2")
    await on.result("greet", "e2")
    await on.idle()
    assert await on.dead_letters() == ()


async def test_an_event_of_a_closed_run_starts_nothing_again(on: Scene) -> None:
    await on.trigger("greet")
    await on.emit("e1")
    first = await on.result("greet", "e1")
    await on.log.prune(before=datetime.now(UTC) + timedelta(days=1))
    await on.emit("e1", data={"name": "Bob"})
    await on.idle()
    assert await on.result("greet", "e1") == first
    assert len(on.started_ids) == 1


async def test_a_trigger_that_is_wrong_stops_no_other(on: Scene, caplog: pytest.LogCaptureFixture) -> None:
    await on.put("perdure.triggers", "bad-text", "greet")
    await on.put("perdure.triggers", "bad-action", {"type": "invoice.paid"})
    await on.put("perdure.triggers", "bad-condition", {"type": "*", "when": "event.", "signal": {"run": "r"}})
    await on.put("perdure.triggers", "bad-name", {"type": "*", "when": "shop.open", "signal": {"run": "r"}})
    await on.put("perdure.triggers", "bad-template", {"type": "*", "signal": {"run": "${events.id}"}})
    await on.trigger("greet")
    await on.emit("e1")
    assert (await on.result("greet", "e1"))["team"] == "greeter"
    await on.idle()
    for name in ("bad-text", "bad-action", "bad-condition", "bad-name", "bad-template"):
        assert f"'{name}'" in caplog.text
    assert await on.dead_letters() == ()


async def test_a_condition_chooses_events(on: Scene) -> None:
    await on.trigger("greet", when='event.data.name != "Ada" && event.source.startsWith("/s")')
    await on.emit("e1")
    await on.emit("e2", source="/market", data={"name": "Bob"})
    await on.emit("e3", data={"name": "Bob"})
    assert (await on.result("greet", "e3"))["task"] == "Greet Bob."
    await on.idle()
    assert len(on.started_ids) == 1


async def test_a_trigger_sees_what_comes_after_it_was_written_until_it_is_gone(on: Scene) -> None:
    await on.emit("e1")
    await on.trigger("greet")
    await on.emit("e2")
    await on.result("greet", "e2")
    await on.idle()
    await on.trigger("greet", enabled=False)
    await on.emit("e3")
    await on.idle()
    assert on.started_ids == [on.id_of("greet", "e2")]


async def test_a_change_of_state_is_an_event_on_main_only(on: Scene) -> None:
    task = "${event.data.key} is ${event.data.value.status} in ${event.data.branch}"
    when = 'event.data.value.status == "open"'
    state = {"type": "perdure.state.changed", "when": when, "start_team": {"team": "triage", "task": task}}
    await on.state.fork("trial", tenant=on.tenant)
    await on.trigger("triage", **state)
    await on.trigger("rehearse", **state, source="/state/trial/tickets")
    on_main = await on.put("tickets", "t-1", {"status": "open"})
    on_trial = await on.put("tickets", "t-2", {"status": "open"}, branch="trial")
    asked = await on.result("triage", str(on_main), source="/state/main/tickets")
    assert asked["task"] == "t-1 is open in main"
    asked = await on.result("rehearse", str(on_trial), source="/state/trial/tickets")
    assert asked["task"] == "t-2 is open in trial"
    await on.idle()
    assert len(on.started_ids) == 2


async def test_an_event_starts_a_flow_with_its_definition(on: Scene) -> None:
    await on.state.fork("trial", tenant=on.tenant)
    start = {"flow": "note", "input": {"invoice": "${event.data}", "of": "${event.data.name}"}, "branch": "trial"}
    await on.trigger("note", start_flow=start)
    await on.emit("e1")
    asked = await on.result("note", "e1")
    assert asked["input"] == {"invoice": {"name": "Ada"}, "of": "Ada"}
    assert (asked["flow"]["name"], asked["branch"]) == ("note", "trial")


async def test_what_cannot_be_started_is_a_dead_letter_that_says_why(on: Scene) -> None:
    await on.trigger("flow", start_flow={"flow": "notes"}, attempts=1)
    await on.trigger("empty", start_team={"team": "greeter", "task": " "}, attempts=1)
    await on.trigger("large", start_team={"team": "greeter", "task": "${event.data.text}"}, attempts=1)
    await on.emit("e1", data={"text": "x" * 300_000})
    await on.idle()
    errors = {letter.delivery.name: letter.delivery.error or "" for letter in await on.dead_letters()}
    assert "unknown flow 'notes': did you mean 'note'?" in errors["flow"]
    assert "the task is empty" in errors["empty"]
    assert "at most 204,800 are allowed" in errors["large"]


async def forget(on: Scene, id_: str) -> None:
    execution = WorkflowExecution(workflow_id=id_)
    request = DeleteWorkflowExecutionRequest(namespace=on.client.namespace, workflow_execution=execution)
    await on.client.workflow_service.delete_workflow_execution(request)
    # The server takes half a minute.
    await on.until(lambda: on.is_there(id_), is_=False, seconds=90)
