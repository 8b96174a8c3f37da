"""Every example of the documentation, run as a reader runs it."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import textwrap
from pathlib import Path

import pytest
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.tools import FunctionTool
from autogen_ext.models.openai import OpenAIChatCompletionClient

from perdure.settings import Settings
from tests.docs.pages import PAGES, ROOT, USED, all_blocks, block, code_words
from tests.docs.typed import printed, processes_naming, type_in
from tests.support.answers import Text
from tests.support.model_server import ModelServer
from tests.support.toolbox import lookup_invoice

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("dev_server")]

FIRST = block("README.md, Perdure, console 1")
RUN_TEAM = block("README.md, Write a team, console 1")
MODEL = block("README.md, Models, python 1")
CLIENT = block("README.md, From code, python 1")
SETTINGS = block("docs/reference/settings.md, Settings, toml 1")
MEMORY_SETTINGS = block("docs/reference/settings.md, Memory, toml 1")
SET_UP = block("CONTRIBUTING.md, Set up, console 1")
CLIENT_DOCSTRING = block("Perdure, docstring, python 1")
CONTEXT_DOCSTRING = block("TeamContext, docstring, python 1")
RUN = {"python", "console", "sh", "bash", "shell", "json", "toml", "yaml"}

_PARTS = """
from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import Team
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import RoundRobinGroupChat
from autogen_core.models import ChatCompletionClient

from agents import TeamContext, model, team, tool
from agents.scripted import ScriptedModel

@model("fast")
def fast() -> ChatCompletionClient:
    return ScriptedModel()

@tool
def lookup_invoice(number: int) -> str:
    "Look an invoice up."
    return f"invoice {number} is open"

"""

_ASK = """
from perdure import Perdure

async def ask() -> str:
{}    return result.answer
"""


def _make(commands: list[str]) -> list[str]:
    """The same commands, but that the environment is there already and is not made again while it is used."""
    return [
        command.replace("make ", "make --old-file=.venv/.installed --old-file=.venv/bin/uv ") for command in commands
    ]


def test_every_example_is_run() -> None:
    for file in Path(__file__).parent.glob("test_*.py"):
        importlib.import_module(f"{__package__}.{file.stem}")
    assert {name for name, found in all_blocks().items() if found.language in RUN} == USED


def test_the_first_commands_answer_all_tickets_and_leave_nothing_running(tmp_path: Path) -> None:
    assert FIRST.commands() == ["make setup", "make demo"]
    said = printed(type_in(ROOT, *_make(FIRST.commands()), PERDURE_HOME=str(tmp_path)))
    answered = re.findall(r"^(T-\d\d) .*: (?:answered by|dismissed)", said, re.MULTILINE)
    assert answered == [f"T-{number:02}" for number in range(1, 21)]
    ways = {way: int(count) for way, count in re.findall(r"^ +(\w+ -> \w+): (\d+)$", said, re.MULTILINE)}
    assert len(ways) == 9
    assert min(ways.values()) >= 1
    assert re.findall(r"^ +remembered: .* accounts@bakery.example", said, re.MULTILINE)
    assert processes_naming(str(tmp_path)) == []


def test_contributors_set_up_with_the_same_command() -> None:
    printed(type_in(ROOT, *_make(SET_UP.commands())))


def test_the_team_runs_as_the_console_says(project: Path, stack: dict[str, str]) -> None:
    result = json.loads(printed(type_in(project, *RUN_TEAM.commands()[:-1], f"{RUN_TEAM.commands()[-1]} --json")))
    assert result["status"] == "completed"
    assert [turn["source"] for turn in result["transcript"]] == ["user", "triage", "writer"]
    assert json.loads(result["transcript"][1]["text"]) == {"number": "17", "state": "paid twice"}
    assert result["usage"]["tool_calls"] == 1


def test_without_a_stack_the_run_starts_one_and_stops_it(tmp_path: Path, project: Path) -> None:
    (tmp_path / "invoices.py").write_text((project / "invoices.py").read_text())
    done = type_in(tmp_path, *RUN_TEAM.commands())
    assert "paid twice" in printed(done)
    assert "not a real one" in done.stderr
    assert processes_naming(str(tmp_path)) == []
    kept = {path.name for path in (tmp_path / ".perdure").iterdir()}
    assert {"temporal.db", "perdure.db", "logs"} <= kept


def test_a_component_file_runs_with_registered_parts(project: Path, stack: dict[str, str]) -> None:
    client = OpenAIChatCompletionClient(model="gpt-4o", api_key="sk-none")
    tool = FunctionTool(lookup_invoice, description="Look an invoice up.")
    agents = [
        AssistantAgent("triage", model_client=client, tools=[tool]),
        AssistantAgent("writer", model_client=client),
    ]
    component = RoundRobinGroupChat([*agents], termination_condition=MaxMessageTermination(3)).dump_component()
    (project / "team.json").write_text(component.model_dump_json())
    (command,) = [words for words in code_words(ROOT / "README.md") if words.startswith("perdure run team.json")]
    result = json.loads(printed(type_in(project, f"{command} --json", PERDURE_APP="invoices")))
    assert json.loads(result["transcript"][1]["text"]) == {"number": "17", "state": "paid twice"}


@pytest.mark.parametrize(
    "example", [CLIENT.text, _ASK.format(textwrap.indent(CLIENT_DOCSTRING.text, "    "))], ids=["readme", "docstring"]
)
def test_the_client_starts_a_run_on_the_stack(example: str, project: Path, stack: dict[str, str]) -> None:
    (project / "ask.py").write_text(f"import asyncio\n{example}\nprint('ANSWER', asyncio.run(ask()))\n")
    said, _, answer = printed(type_in(project, "python ask.py")).partition("ANSWER")
    assert "triage" in said
    assert "My invoice" in answer


def test_the_context_of_the_docstring_builds_a_team(tmp_path: Path) -> None:
    (tmp_path / "documented.py").write_text(_PARTS + CONTEXT_DOCSTRING.text)
    done = type_in(tmp_path, 'perdure run support "My invoice 17 is wrong" --json', PERDURE_APP="documented")
    result = json.loads(printed(done))
    assert {turn["source"] for turn in result["transcript"]} == {"user", "triage", "writer"}
    assert "invoice 17 is open" in result["transcript"][1]["text"]


def test_a_registered_model_is_listed_and_can_be_the_default(tmp_path: Path) -> None:
    (tmp_path / "careful.py").write_text(MODEL.text)
    listed = printed(type_in(tmp_path, "perdure models --json", PERDURE_APP="careful", PERDURE_MODEL="careful"))
    found = {card["name"]: card for card in json.loads(listed)}
    assert (found["careful"]["label"], found["careful"]["problem"], found["careful"]["default"]) == (
        "gpt-4o",
        None,
        True,
    )
    assert {'ctx.model("careful")', "--model careful"} <= set(code_words(ROOT / "README.md"))


def test_a_server_of_your_own_needs_its_address_and_no_key(project: Path, tmp_path: Path) -> None:
    (tmp_path / "invoices.py").write_text((project / "invoices.py").read_text())
    with ModelServer(lambda request: Text(f"{request.model} answers")) as server:
        settings = {"OPENAI_BASE_URL": server.url, "PERDURE_MODEL": "llama", "PERDURE_APP": "invoices"}
        done = type_in(tmp_path, f"{RUN_TEAM.commands()[-1]} --json", **settings)
    assert json.loads(printed(done))["answer"] == "llama answers"
    assert "not a real one" not in done.stderr


def test_the_settings_file_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "perdure.toml").write_text(SETTINGS.text)
    settings = Settings.load({}, folder=tmp_path)
    assert settings.home == tmp_path / "data"
    assert settings.app == ("invoices",)
    assert settings.prices["my-model"].prompt == 0.5
    assert settings.temporal.address == "temporal.example.com:7233"


def test_the_memory_settings_of_the_reference_are_read(tmp_path: Path) -> None:
    (tmp_path / "perdure.toml").write_text(MEMORY_SETTINGS.text)
    memory = Settings.load({}, folder=tmp_path).memory
    assert (memory.extractor, memory.sources) == ("rules", ("handbook",))
    assert memory.team_weights["research"].date == 0.6
    assert memory.team_weights["research"].dense == memory.weights.dense


def test_console_lines_are_commands() -> None:
    consoles = [found for found in all_blocks().values() if found.language == "console"]
    assert all(line.startswith("$ ") for found in consoles for line in found.text.splitlines())
    assert all(shlex.split(command) for found in consoles for command in found.commands())
    assert PAGES
