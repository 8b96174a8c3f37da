"""The commands' help, and the page that is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs.reference import make_cli
from tests.docs.pages import PAGES, ROOT, code_words, label
from tests.docs.typed import printed, type_in

COMMANDS = re.findall(r"^## perdure (\S+)$", make_cli.page(), re.MULTILINE)
PARTS = re.findall(r"^### perdure (\S+ \S+)$", make_cli.page(), re.MULTILINE)
GROUPS = {part.split()[0] for part in PARTS}
_OPTION = re.compile(r"^  (--[\w-]+|\w+)(?: <[^>]+>| [A-Z:]+)?(?:  +|\n {20,})(?P<description>\S.*)$", re.MULTILINE)
_ENTRY = re.compile(r"^  (--[\w-]+|\w+(?= <))", re.MULTILINE)


def test_the_page_is_up_to_date() -> None:
    assert make_cli.PAGE.read_text() == make_cli.page(), "run: python -m docs.reference.make_cli"


def test_the_page_knows_the_exit_codes() -> None:
    assert make_cli.exit_codes() == {
        "0": "done",
        "1": "the run failed",
        "2": "a wrong call",
        "3": "something wrong with the machine",
        "4": "a conflict",
        "5": "not allowed",
        "130": "cancelled",
    }


@pytest.mark.parametrize("command", [*(name for name in COMMANDS if name not in GROUPS), *PARTS])
def test_help_describes_the_command_and_each_option(command: str, tmp_path: Path) -> None:
    said = printed(type_in(tmp_path, f"perdure {command} --help", COLUMNS="120"))
    usage, summary, *_ = (line for line in said.splitlines() if line.strip())
    assert usage.startswith(f"Usage: perdure {command} ")
    assert summary.strip().endswith(".")
    described = {option for option, description in _OPTION.findall(said) if description.strip()}
    assert described == set(_ENTRY.findall(said)) | ({"RUN"} if "{RUN}" in usage else set())
    assert {"--json", "--help"} <= described
    assert list(tmp_path.iterdir()) == []


def test_help_lists_every_command(tmp_path: Path) -> None:
    said = printed(type_in(tmp_path, "perdure --help"))
    assert re.findall(r"^  (\w+) +[A-Z].*\.$", said.partition("Commands:")[2], re.MULTILINE) == COMMANDS


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_commands_that_a_page_names_exist(page: Path) -> None:
    typed = (words.split()[1] for words in code_words(page) if words.startswith("perdure "))
    named = {name for words in typed for name in words.split("|")}
    assert named <= {*COMMANDS, "COMMAND"}


def test_every_command_stands_in_the_readme() -> None:
    rows = re.findall(r"^\| (`perdure .*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE)
    named = {words.removeprefix("perdure ").split()[0] for row in rows for words in re.findall(r"`([^`]+)`", row)}
    assert named == set(COMMANDS)


@pytest.mark.parametrize("page", PAGES, ids=label)
def test_options_that_a_page_names_exist(page: Path) -> None:
    known = set(re.findall(r"--[\w-]+", make_cli.page())) | {"--help"}
    named = {option for words in code_words(page) for option in re.findall(r"(?<!\S)--[\w-]+", words)}
    assert named <= known


def test_the_worker_is_the_same_by_both_names(tmp_path: Path) -> None:
    by_command = printed(type_in(tmp_path, "perdure worker --help"))
    assert printed(type_in(ROOT, "python worker.py --help")) == by_command
