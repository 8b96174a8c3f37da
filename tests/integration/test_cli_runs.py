"""The commands that start runs and look after them, on a stack that `perdure up` keeps."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path

import pytest

from tests.integration.conftest import Shared
from tests.support import answers, rules
from tests.support.command_line import CommandLine, ended
from tests.support.rules import disconnected, waiting
from tests.support.scripts import teams
from tests.support.waiting import until


@pytest.fixture(autouse=True)
def _script(shared: Shared) -> None:
    shared.models.reset(teams)


async def test_a_run_is_one_object(shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", "Say it.", "--json")
    assert (run.code, run.err) == (0, "")
    found = run.json
    assert list(found) == ["run_id", "status", "answer", "stop_reason", "usage", "transcript", "memory"]
    assert (found["status"], found["stop_reason"]) == ("completed", "finished")
    assert list(found["usage"]) == ["model_calls", "tool_calls", "prompt_tokens", "completion_tokens", "usd"]
    assert found["usage"]["model_calls"] == len(shared.models.requests)
    assert found["transcript"][0] == {"source": "user", "text": "Say it."}
    assert found["transcript"][-1]["text"] == found["answer"]


async def test_a_run_is_shown_turn_by_turn_then_answer_cost_and_address(shared: Shared) -> None:
    run = await shared.command_line.run("run", "parallel_tools", "Say it.", "--id", "shown")
    assert (run.code, run.err) == (0, "")
    lines = run.out.splitlines()
    page = f"{shared.record['ui']}/namespaces/default/workflows/shown"
    assert lines[0] == f"run shown · {page}"
    assert lines[1:3] == ["user", "Say it."]
    assert any(line.startswith("  ") and " calls add {" in line for line in lines)
    assert any(line.startswith("  add returned: ") for line in lines)
    assert "Answer" in lines
    assert any("model calls, " in line and " tokens, $" in line for line in lines)
    assert lines[-1] == page
    assert "\x1b" not in run.out


async def test_an_id_that_is_there_is_followed_not_started_again(shared: Shared) -> None:
    first = await shared.command_line.run("run", "round_robin", "Say it.", "--id", "twice", "--json")
    calls = len(shared.models.requests)
    second = await shared.command_line.run("run", "round_robin", "Say it.", "--id", "twice", "--json")
    assert second.json == first.json
    assert len(shared.models.requests) == calls


async def test_a_component_file_is_run(shared: Shared) -> None:
    component = {
        "provider": "autogen_agentchat.agents.AssistantAgent",
        "component_type": "agent",
        "version": 1,
        "config": {
            "name": "solo",
            "description": "One.",
            "system_message": "You are solo.",
            "model_client": {
                "provider": "autogen_ext.models.openai.OpenAIChatCompletionClient",
                "component_type": "model",
                "version": 1,
                "config": {"model": "gpt-4o-mini"},
            },
            "model_context": {
                "provider": "autogen_core.model_context.UnboundedChatCompletionContext",
                "component_type": "chat_completion_context",
                "version": 1,
                "config": {},
            },
            "model_client_stream": False,
            "reflect_on_tool_use": False,
            "tool_call_summary_format": "{result}",
        },
    }
    (shared.command_line.folder / "solo.json").write_text(json.dumps(component))
    run = await shared.command_line.run("run", "solo.json", "Say it.", "--json")
    assert run.code == 0, run.err + run.out
    assert [entry["source"] for entry in run.json["transcript"]] == ["user", "solo"]


async def test_a_spent_budget_ends_a_run_well(shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", "Say it.", "--budget-model-calls", "1", "--json")
    assert (run.code, run.json["stop_reason"], run.json["usage"]["model_calls"]) == (0, "budget", 1)


async def test_a_task_comes_from_standard_input(shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", "-", "--json", text="From a pipe.")
    assert run.json["transcript"][0]["text"] == "From a pipe."


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("round_robbin", "x"), 2, "unknown team 'round_robbin': did you mean 'round_robin'"),
        (("unknown_tool", "x"), 2, "unknown tool 'lookup_invoise': did you mean 'lookup_invoice'"),
        (("unknown_model", "x"), 2, "unknown model 'opemai': did you mean 'openai'"),
        (("missing_import", "x"), 1, "No module named 'no_such_package'"),
        (("wrong_value", "x"), 1, "no staff for 'x'"),
        (("plain_tool", "x"), 2, "plain"),
    ],
)
async def test_a_run_that_cannot_be_ends_with_one_line(
    shared: Shared, arguments: tuple[str, ...], code: int, words: str
) -> None:
    run = await shared.command_line.run("run", *arguments)
    assert (run.code, run.err.count("\n")) == (code, 1), run.err
    assert words in run.err
    assert "Traceback" not in run.out + run.err
    assert run.seconds < 10


async def test_a_refusal_of_the_provider_is_told_with_its_type(shared: Shared) -> None:
    shared.models.reset(rules.always(answers.wrong_key()))
    run = await shared.command_line.run("run", "round_robin", "x", "--json")
    assert run.code == 1
    assert run.json["error"]["type"] == "ModelRefused"
    shown = await shared.command_line.run("show", run.json["error"]["run_id"])
    assert shown.code == 0
    assert "ModelRefused: " in shown.out
    assert "failed" in shown.out


async def test_ctrl_c_cancels_the_run_and_waits_for_it(shared: Shared) -> None:
    shared.models.reset(rules.halt_after(1))
    process = await shared.command_line.start("run", "round_robin", "x", "--id", "interrupted")
    await until(lambda: shared.models.count(waiting) == 1, seconds=20)
    process.send_signal(signal.SIGINT)
    run = await ended(process, seconds=10)
    assert run.code == 130
    assert "error: run 'interrupted' was cancelled" in run.err
    assert shared.models.count(disconnected) == 1
    shown = await shared.command_line.run("show", "interrupted", "--json")
    assert shown.json["status"] == "cancelled"


async def test_sigterm_leaves_the_run_and_the_same_command_goes_on_with_it(shared: Shared) -> None:
    shared.models.reset(rules.halt_after(1))
    process = await shared.command_line.start("run", "round_robin", "x", "--id", "left")
    await until(lambda: shared.models.count(waiting) == 1, seconds=20)
    process.send_signal(signal.SIGTERM)
    assert (await ended(process, seconds=10)).code == 143
    shown = await shared.command_line.run("show", "left", "--json")
    assert shown.json.get("status") == "running", shown.json
    assert [activity["activity_id"] for activity in shown.json["pending"]]
    again = await shared.command_line.start("run", "round_robin", "x", "--id", "left")
    await asyncio.sleep(2)
    assert (await shared.command_line.run("cancel", "left", "--json")).json == {"run_id": "left", "status": "cancelled"}
    assert (await ended(again, seconds=10)).code == 130


async def test_a_detached_run_goes_on_alone(shared: Shared) -> None:
    started = await shared.command_line.run("run", "round_robin", "x", "--detach", "--user", "ada", "--session", "s-1")
    assert (started.code, started.err) == (0, "")
    run_id = started.out.strip()
    followed = await shared.command_line.run("run", "round_robin", "x", "--id", run_id, "--json")
    assert followed.json["status"] == "completed"
    listed = await shared.command_line.run("runs", "--user", "ada", "--session", "s-1", "--json")
    assert [(entry["run_id"], entry["team"], entry["status"]) for entry in listed.json] == [
        (run_id, "round_robin", "completed")
    ]


async def test_show_tells_all_of_a_run(shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", "Say it.", "--user", "bob", "--json")
    shown = await shared.command_line.run("show", run.json["run_id"])
    assert shown.code == 0
    for words in ("team     round_robin", "status   completed", "user     bob", "task     Say it.", run.json["answer"]):
        assert words in shown.out
    found = (await shared.command_line.run("show", run.json["run_id"], "--json")).json
    assert {name: found[name] for name in ("answer", "stop_reason", "usage", "transcript")} == {
        name: run.json[name] for name in ("answer", "stop_reason", "usage", "transcript")
    }


async def test_runs_are_listed_the_latest_first(shared: Shared) -> None:
    for name in ("list-1", "list-2"):
        await shared.command_line.run("run", "single", "x", "--id", name, "--json")
    listed = await shared.command_line.run("runs", "--team", "single", "--limit", "2")
    assert [line.split()[0] for line in listed.out.splitlines()] == ["run", "list-2", "list-1"]


@pytest.mark.parametrize("command", ["show", "cancel"])
async def test_a_run_that_is_not_there_is_named(shared: Shared, command: str) -> None:
    ended_ = await shared.command_line.run(command, "nobody")
    assert (ended_.code, ended_.out) == (2, "")
    assert ended_.err == "error: there is no run 'nobody': `perdure runs` lists those that are there\n"


async def test_the_catalogues_say_what_the_app_registers(shared: Shared) -> None:
    command_line = shared.command_line
    teams_, tools, models = [(await command_line.run(name, "--json")).json for name in ("teams", "tools", "models")]
    assert {"round_robin", "survey"} <= {entry["name"] for entry in teams_}
    assert {"add", "quick_add", "list_files"} <= {entry["name"] for entry in tools}
    assert [entry["name"] for entry in models if entry["default"]] == ["openai"]
    assert "round_robin" in (await command_line.run("teams")).out


async def test_the_doctor_finds_all_in_order(shared: Shared) -> None:
    seen = await shared.command_line.run("doctor", "--json")
    assert seen.code == 0
    assert [check for check in seen.json if not check["ok"]] == []
    assert {"Python", "package agents", "data folder", "Temporal server", "worker", "app modules", "model"} <= {
        check["name"] for check in seen.json
    }


async def test_a_second_stack_in_the_same_folder_is_refused(shared: Shared) -> None:
    second = await shared.command_line.run("up")
    assert second.code == 3
    assert second.err.startswith(f"error: a stack runs already in {shared.command_line.home} (process ")
    assert shared.record["ui"] in second.err


async def test_a_port_in_use_is_named_with_the_option_for_another(shared: Shared, tmp_path: Path) -> None:
    port = shared.record["address"].rpartition(":")[2]
    taken = await CommandLine(tmp_path).run("up", "--port", port)
    assert taken.code == 3
    assert taken.err == (
        f"error: port {port}, meant for Temporal, cannot be used (Address already in use): choose another with --port\n"
    )


@pytest.mark.long
async def test_exit_codes_are_clean_however_often_a_command_is_run(shared: Shared) -> None:
    codes = [(await shared.command_line.run("runs", "--json")).code for _ in range(12)]
    assert codes == [0] * 12
