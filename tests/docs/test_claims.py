"""What the pages say of files, settings, numbers and names is so."""

from __future__ import annotations

import re
import tomllib
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path

import autogen_agentchat.agents
import autogen_agentchat.teams
import pytest

import contracts.errors
from activities.failures import as_failure
from agents import dispatch, provider_errors
from agents.chat_models import DEFAULT_MODEL
from benchmarks import recall
from contracts.conversation import MAX_COMMAND_BYTES
from contracts.errors import ModelRefused, ModelUnavailable
from docs.pictures import take
from perdure import connection, memory_settings, settings, temporal_server
from tests.docs.pages import PAGES, ROOT, all_blocks, code_words, label, links
from tests.support.teams import TEAMS

README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
# What commands make, and what stands for a name.
_MADE = re.compile(r"NAME|/ID/|^\.perdure/$|^\.venv|^logs/$|^PERDURE_HOME|^survey\.md$|^team\.json$|^invoices\.py$|^<")
_A_FILE = re.compile(r"[\w./-]+(?:/|\.(?:py|md|toml|yml|lock))")


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_links_lead_to_files(page: Path) -> None:
    inside = [link.partition("#")[0] for link in links(page) if "://" not in link]
    assert [link for link in inside if not (page.parent / link).exists()] == []


def test_the_pictures_of_the_readme_can_be_taken_again() -> None:
    shown = {ROOT / link for link in links(ROOT / "README.md") if link.endswith(".png")}
    assert shown == {take.FOLDER / picture for picture in take.PICTURES.values()}


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_files_and_folders_that_a_page_names_exist(page: Path) -> None:
    named = {words for words in code_words(page) if _A_FILE.fullmatch(words) and not _MADE.search(words)}
    optional = {"perdure.toml", "tests/replay/"}
    assert {name for name in named - optional if not (ROOT / name).exists()} == set()


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_variables_that_a_page_names_are_read(page: Path) -> None:
    named = set(re.findall(r"\b(?:PERDURE|OPENAI|TEMPORAL)_[A-Z_]+\b", page.read_text()))
    read = set(re.findall(r"\b(?:PERDURE|OPENAI)_[A-Z_]+\b", Path(settings.__file__).read_text()))
    read |= {*memory_settings.MEMORY_VARIABLES.values(), recall.LOCOMO}
    read |= {f"TEMPORAL_{key.upper()}" for key in settings._TEMPORAL_KEYS}
    assert named <= read


def test_every_setting_stands_in_the_reference() -> None:
    table, _, memory = (ROOT / "docs/reference/settings.md").read_text().partition("## Memory")
    assert re.findall(r"^\| `(\w+)`", table, re.MULTILINE) == [
        *(name for name in settings.Settings.model_fields if name not in {"temporal", "prices", "temporal_ui"}),
        "temporal_ui",
        "prices",
        "temporal",
    ]
    for field, variable in settings._VARIABLES.items():
        assert f"| `{field}` | `{variable}` |" in table
    assert re.findall(r"^\| `(\w+)`", memory, re.MULTILINE) == list(memory_settings.MemorySettings.model_fields)
    for field, variable in memory_settings.MEMORY_VARIABLES.items():
        assert f"| `{field}` | `{variable}` |" in memory


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_targets_that_a_page_names_are_in_the_makefile(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {words.split()[1] for words in code_words(page) if words.startswith("make ")} <= targets


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_errors_that_a_page_names_exist(page: Path) -> None:
    known = {name for name, thing in vars(contracts.errors).items() if isinstance(thing, type)}
    camel = {words for words in code_words(page) if re.fullmatch(r"[A-Z][a-z]+(?:[A-Z][a-z]+)+", words)}
    others = {"AgentRun", "AgentRuntime", "FlowRun", "MemoryPolicy", "ApplicationError", "BaseException"}
    others |= {"UnsandboxedWorkflowRunner"}
    assert camel <= known | others


def test_the_team_kinds_of_the_readme_are_autogens_and_are_tested() -> None:
    (named,) = re.findall(r"\*\*Any team\.\*\* (.+?), nested teams", README, re.DOTALL)
    kinds = re.split(r",\s+", named)
    shelf = {**vars(autogen_agentchat.teams), **vars(autogen_agentchat.agents)}
    assert all({kind, f"{kind}GroupChat", f"{kind}Agent"} & set(shelf) for kind in kinds)
    tested = {name.replace("_", "") for name in TEAMS}
    assert all(any(kind.lower().removesuffix("flow") in name for name in tested) for kind in kinds)


def test_versions() -> None:
    assert "It needs Python 3.11 or later" in README
    assert PROJECT["requires-python"] == ">=3.11"
    for page in PAGES:
        assert set(re.findall(r"AutoGen (\d+\.\d+\.\d+)", page.read_text())) <= {version("autogen-agentchat")}


def test_default_names_and_places() -> None:
    assert f"default `{DEFAULT_MODEL}`" in README
    assert "`perdure` is in `.venv/bin`" in README
    assert PROJECT["scripts"]["perdure"] == "perdure.cli.app:main"


def test_a_lost_worker_is_noticed_after_five_seconds() -> None:
    assert "It is noticed after 5 s" in README
    assert "given up after 5 s without a heartbeat" in ARCHITECTURE
    assert timedelta(seconds=5) == dispatch.HEARTBEAT_TIMEOUT


def test_what_is_tried_again_and_how_often() -> None:
    page = (ROOT / "docs/decisions/0004-the-engine-retries.md").read_text()
    assert "408, 409, 425, 429, 5xx" in page
    assert "408, 409, 425, 429, 5xx" in ARCHITECTURE
    assert {408, 409, 425, 429} == provider_errors._RETRIED_STATUS
    assert "ten attempts from 0.2 s to 30 s apart" in " ".join(page.split())
    tries = dispatch.RETRIES
    assert tries.maximum_attempts == 10
    assert (tries.initial_interval, tries.maximum_interval) == (timedelta(seconds=0.2), timedelta(seconds=30))
    assert as_failure(ModelRefused("no")).non_retryable
    assert not as_failure(ModelUnavailable("busy")).non_retryable


def test_limits_and_server_settings() -> None:
    assert "Nothing above 256 KiB is ever put into one event" in ARCHITECTURE
    assert MAX_COMMAND_BYTES == 256 * 1024
    page = " ".join((ROOT / "docs/decisions/0006-temporal-dev-server.md").read_text().split())
    assert "poll 1,000 times a second" in page
    polls = [value for value in temporal_server.DYNAMIC_CONFIG if "MaxPollRPS" in value]
    assert all(value.endswith("=1000") for value in polls)


def test_names_in_the_temporal_ui() -> None:
    (diagram,) = [found.text for found in all_blocks().values() if found.page.endswith("architecture.md")]
    activities = re.findall(r"\b(prepare_run|call_\w+)\b", diagram)
    source = "".join(path.read_text() for path in (ROOT / "activities").glob("*.py"))
    assert {name for name in activities if f"def {name}(" not in source} == set()
    assert connection.WORKFLOW in diagram


def test_the_engine_is_not_named_like_what_it_forbids() -> None:
    assert not any("openai-agents" in need for need in PROJECT["dependencies"])
