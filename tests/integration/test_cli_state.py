"""The commands of the state store: no server is needed, and each is one command of one process."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.in_process import InProcess
from tests.support.waiting import until

FIELDS = {"status": "string", "owner": "string", "priority": "integer"}
MACHINE = {
    "machine": {
        "states": ["new", "open", "done"],
        "initial": ["new"],
        "final": ["done"],
        "transitions": [
            {"event": "take", "source": ["new"], "target": "open"},
            {"event": "close", "source": ["open"], "target": "done", "guard": "new.owner != ''"},
        ],
    },
    "json_schema": {
        "type": "object",
        "required": ["status"],
        "properties": {name: {"type": kind} for name, kind in FIELDS.items()},
    },
}


@pytest.fixture
def perdure(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


def test_a_document_is_written_patched_read_and_deleted(perdure: InProcess) -> None:
    assert perdure.run("state", "put", "tickets/17", '{"status": "new", "tags": ["a"]}', "--why", "mail").code == 0
    patched = perdure.run("state", "patch", "tickets/17", '{"status": "open", "tags": null}', "--expect", "1", "--json")
    assert (patched.json["version"], patched.json["value"]) == (2, {"status": "open"})
    read = perdure.run("state", "get", "tickets/17", "--json").json
    assert (read["version"], read["value"]) == (2, {"status": "open"})
    assert read["author"]["actor"]
    shown = perdure.run("state", "get", "tickets/17")
    assert json.loads(shown.out.rpartition("}")[0] + "}") == {"status": "open"}
    assert "version 2 · sequence 2 · " in shown.out
    assert perdure.run("state", "delete", "tickets/17", "--by", "ada").code == 0
    gone = perdure.run("state", "get", "tickets/17")
    assert gone.code == 2
    assert gone.err.startswith("error: there is no document 'tickets/17' on branch 'main': `perdure state query tick")
    assert perdure.run("state", "get", "tickets/17", "--version", "1", "--json").json["value"]["tags"] == ["a"]


def test_history_diff_and_rollback(perdure: InProcess) -> None:
    for number in range(3):
        perdure.run("state", "put", "a/b", json.dumps({"n": number, "x/y": [number]}), "--by", "ada", "--why", "count")
    history = perdure.run("state", "history", "a/b").out.splitlines()
    assert [line.split()[0] for line in history] == ["version", "3", "2", "1"]
    assert all("ada" in line and "count" in line for line in history[1:])
    assert perdure.run("state", "diff", "a/b", "1", "2").out == "- /n: 0\n+ /n: 1\n- /x~1y/0: 0\n+ /x~1y/0: 1\n"
    assert perdure.run("state", "diff", "a/b", "3").out == "no difference\n"
    back = perdure.run("state", "rollback", "a/b", "--to", "1", "--json").json
    assert (back["version"], back["restores"], back["value"]["n"]) == (4, 1, 0)
    assert perdure.run("state", "get", "a/b", "--as-of", "2", "--json").json["version"] == 2


def test_a_lost_race_is_a_conflict_with_its_own_exit_code(perdure: InProcess) -> None:
    perdure.run("state", "put", "a/b", "1")
    perdure.run("state", "put", "a/b", "2")
    lost = perdure.run("state", "put", "a/b", "3", "--expect", "1", "--json")
    assert (lost.code, lost.json["error"]["type"]) == (4, "VersionConflict")
    assert "version 2" in lost.json["error"]["message"]
    assert perdure.run("state", "put", "a/b", "3", "--expect", "absent").code == 4
    assert perdure.run("state", "get", "a/b", "--json").json["value"] == 2


def test_a_key_makes_a_write_safe_to_repeat(perdure: InProcess) -> None:
    first = perdure.run("state", "put", "a/b", "1", "--key", "k", "--json").json
    again = perdure.run("state", "put", "a/b", "1", "--key", "k", "--json").json
    assert again == first
    other = perdure.run("state", "put", "a/b", "2", "--key", "k", "--json")
    assert (other.code, other.json["error"]["type"]) == (3, "IdempotencyMismatch")


@pytest.mark.parametrize(
    ("conditions", "keys"),
    [
        ([], ["1", "2", "3"]),
        (["status=open"], ["1", "3"]),
        (["priority>=2"], ["2", "3"]),
        (["priority<2"], ["1"]),
        (["owner missing"], ["1", "2"]),
        (["owner exists"], ["3"]),
        (["status!=open"], ["2"]),
        (["priority in [1, 3]", "status=open"], ["1", "3"]),
        (["tags~urgent"], ["3"]),
    ],
)
def test_documents_are_found_by_conditions(perdure: InProcess, conditions: list[str], keys: list[str]) -> None:
    perdure.run("state", "put", "tickets/1", '{"status": "open", "priority": 1}')
    perdure.run("state", "put", "tickets/2", '{"status": "done", "priority": 2}')
    perdure.run("state", "put", "tickets/3", '{"status": "open", "priority": 3, "owner": "ada", "tags": ["urgent"]}')
    words = [word for condition in conditions for word in ("--where", condition)]
    found = perdure.run("state", "query", "tickets", *words, "--json")
    assert [document["place"]["key"] for document in found.json["documents"]] == keys


def test_a_long_list_is_read_page_by_page_and_in_order(perdure: InProcess) -> None:
    for number in (1, 2, 3):
        perdure.run("state", "put", f"n/{number}", json.dumps({"rank": -number}))
    page = perdure.run("state", "query", "n", "--order", "rank", "--limit", "2", "--json").json
    assert [document["place"]["key"] for document in page["documents"]] == ["3", "2"]
    rest = perdure.run(
        "state", "query", "n", "--order", "rank", "--limit", "2", "--after", page["after"], "--json"
    ).json
    assert [document["place"]["key"] for document in rest["documents"]] == ["1"]
    assert rest["after"] is None


def test_machines_are_set_shown_kept_to_and_removed(perdure: InProcess) -> None:
    (perdure.folder / "rules.json").write_text(json.dumps(MACHINE))
    assert perdure.run("state", "machines", "tickets", "--set", "@rules.json").code == 0
    shown = perdure.run("state", "machines", "tickets").out
    assert ["open", "close", "done", "new.owner", "!=", "''"] in [line.split() for line in shown.splitlines()]
    assert "tickets" in perdure.run("state", "machines").out
    assert perdure.run("state", "put", "tickets/1", '{"status": "open"}').code == 4
    assert perdure.run("state", "put", "tickets/1", '{"status": "new"}').code == 0
    refused = perdure.run("state", "patch", "tickets/1", '{"status": "done"}', "--json")
    assert (refused.code, refused.json["error"]["type"]) == (4, "IllegalTransition")
    assert "take -> open" in refused.json["error"]["message"]
    misfit = perdure.run("state", "patch", "tickets/1", '{"priority": "high"}', "--json")
    assert (misfit.code, misfit.json["error"]["type"]) == (2, "SchemaViolation")
    assert perdure.run("state", "machines", "tickets", "--remove").code == 0
    assert perdure.run("state", "put", "tickets/1", "5").code == 0


def test_branches_are_forked_merged_and_dropped(perdure: InProcess) -> None:
    perdure.run("state", "put", "a/b", "1")
    assert perdure.run("state", "fork", "trial").out == "branch trial reads main as of sequence 1\n"
    perdure.run("state", "put", "a/b", "2", "--branch", "trial")
    assert perdure.run("state", "get", "a/b", "--json").json["value"] == 1
    assert [found["name"] for found in perdure.run("state", "branches", "--json").json] == ["main", "trial"]
    perdure.run("state", "put", "a/b", "3")
    stopped = perdure.run("state", "merge", "trial")
    assert stopped.code == 4
    assert "conflict in a/b" in stopped.out
    assert "nothing was written" in stopped.out
    assert perdure.run("state", "merge", "trial", "--prefer", "theirs").code == 0
    assert perdure.run("state", "get", "a/b", "--json").json["value"] == 2
    perdure.run("state", "fork", "other")
    assert perdure.run("state", "drop", "other").out == "branch other is gone\n"
    assert perdure.run("state", "get", "a/b", "--branch", "other").code == 2


def test_values_come_from_files_and_pipes(perdure: InProcess) -> None:
    (perdure.folder / "value.json").write_text('{"from": "file"}')
    perdure.run("state", "put", "a/file", "@value.json")
    perdure.run("state", "put", "a/pipe", "-", text='{"from": "pipe"}')
    found = perdure.run("state", "query", "a", "--json").json["documents"]
    assert [document["value"]["from"] for document in found] == ["file", "pipe"]


def test_changes_are_watched_from_the_beginning(perdure: InProcess) -> None:
    for number in (1, 2, 3):
        perdure.run("state", "put", f"n/{number}", str(number), "--by", "ada")
    seen = perdure.run("state", "watch", "n/*", "--since", "1", "--count", "2", "--json").out.splitlines()
    assert [json.loads(line)["document"]["value"] for line in seen] == [2, 3]
    lines = perdure.run("state", "watch", "--since", "0", "--count", "1").out
    assert lines == "1 n/1 version 1 by ada: 1\n"


def test_events_are_emitted_once_and_watched(perdure: InProcess) -> None:
    event = ("emit", "invoice.paid", "--data", '{"n": 1}', "--source", "/shop", "--id", "e-1", "--subject", "17")
    assert perdure.run(*event, "--json").json["id"] == "e-1"
    assert perdure.run(*event).code == 0
    perdure.run("emit", "order.made", "--data", "2")
    perdure.run("state", "put", "a/b", "1")
    seen = perdure.run("watch", "--since", "0", "--count", "3", "--json").out.splitlines()
    assert [json.loads(line)["type"] for line in seen] == ["invoice.paid", "order.made", "perdure.state.changed"]
    only = perdure.run("watch", "invoice.*", "--since", "0", "--count", "1").out
    assert "invoice.paid 17 from /shop" in only


def test_triggers_are_added_listed_and_removed(perdure: InProcess) -> None:
    action = ("--start-flow", "book", "--input", '{"n": "${event.data.n}"}')
    added = perdure.run("triggers", "add", "paid", "--on", "invoice.*", *action)
    assert added.code == 0, added.err
    (trigger,) = perdure.run("triggers", "list", "--json").json
    assert (trigger["name"], trigger["start_flow"]["flow"]) == ("paid", "book")
    perdure.run("state", "put", "perdure.triggers/odd", '{"type": "x"}')
    listed = perdure.run("triggers", "list").out
    assert "is wrong: " in listed
    assert "start flow book" in listed
    assert perdure.run("triggers", "remove", "paid").code == 0
    assert perdure.run("triggers", "remove", "paid").err == (
        "error: there is no trigger 'paid': `perdure triggers list` shows those that are there\n"
    )
    assert perdure.run("triggers", "dead", "--json").json == []
    assert perdure.run("triggers", "replay", "5").code == 2


async def test_a_watcher_in_another_process_sees_a_change_at_once_and_ends_well(command_line: CommandLine) -> None:
    await command_line.run("state", "put", "a/b", "1")
    watcher = await command_line.start("state", "watch", "a/*", "--since", "0", "--json")
    assert watcher.stdout is not None
    assert json.loads(await watcher.stdout.readline())["document"]["value"] == 1
    await command_line.run("state", "put", "a/b", "2")
    assert json.loads(await watcher.stdout.readline())["document"]["value"] == 2
    watcher.terminate()
    await until(lambda: watcher.returncode is not None, seconds=5)
    assert watcher.returncode == 0
