"""The commands of memory: no server is needed, and each is one command of one process."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine
from tests.support.in_process import InProcess

CHAT = """\
[2026-05-03 14:02] Ada: I moved to Lisbon.
[2026-05-03 14:03] Bob: Nice! When?
[2026-13-03 14:03] Bob: broken
[2026-05-04 09:00] Ada: In March, with the cat.
"""


@pytest.fixture
def perdure(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


@pytest.fixture(scope="module")
def refusing(tmp_path_factory: pytest.TempPathFactory) -> InProcess:
    """One folder for all commands that change nothing."""
    return InProcess(tmp_path_factory.mktemp("refusing"))


def add(perdure: InProcess, text: str, *options: str) -> dict[str, Any]:
    done = perdure.run("memory", "add", text, *options, "--json")
    assert done.code == 0, done.err
    found: dict[str, Any] = done.json
    return found


def found(perdure: InProcess, *arguments: str) -> list[str]:
    done = perdure.run("memory", "search", *arguments, "--json")
    assert done.code == 0, done.err
    return [hit["memory"]["text"] for hit in done.json["hits"]]


def test_what_is_remembered_is_found_by_whom_it_belongs_to(perdure: InProcess) -> None:
    add(perdure, "Ada drinks coffee without milk", "--user", "ada", "--tag", "drinks", "--by", "zoe")
    add(perdure, "Bob plays chess on Fridays", "--user", "bob")
    add(perdure, "The office closes at six")
    assert found(perdure, "coffee with milk?", "--user", "ada", "--limit", "1") == ["Ada drinks coffee without milk"]
    assert sorted(found(perdure, "", "--user", "ada")) == ["Ada drinks coffee without milk", "The office closes at six"]
    assert len(found(perdure, "")) == 3
    assert found(perdure, "", "--tenant", "other") == []
    shown = perdure.run("memory", "search", "chess", "--user", "bob").out.splitlines()
    assert shown[0].split() == ["score", "id", "date", "whose", "memory"]
    assert re.fullmatch(
        r"\d\.\d{3}  \w{20}  \d{4}-\d\d-\d\d \d\d:\d\d  user=bob  Bob plays chess on Fridays\s*", shown[1]
    )


def test_a_score_is_explained(perdure: InProcess) -> None:
    add(perdure, "Ada drinks coffee without milk", "--user", "ada")
    add(perdure, "The weather was fine")
    shown = perdure.run("memory", "search", "cofee", "--explain")
    first = shown.out.split("\n\n")[0]
    shares = [float(share) for share in re.findall(r"^ +[a-z ]+ +[\d.]+ +[\d.]+ +([\d.]+)$", first, re.MULTILINE)]
    (total,) = re.findall(r"^ +total +([\d.]+)$", first, re.MULTILINE)
    assert first.startswith(f"{total}  Ada drinks coffee without milk\n")
    assert sum(shares) == pytest.approx(float(total), abs=0.005)
    assert shown.err == "searched for 'coffee', as nothing holds 'cofee'\n"


def test_a_search_is_narrowed_and_turned_over(perdure: InProcess) -> None:
    add(perdure, "Tea at five", "--tag", "drinks", "--kind", "episodic", "--happened", "2026-05-01", "--speaker", "Ada")
    add(perdure, "Tea at six", "--tag", "drinks", "--tag", "late", "--happened", "2026-06-01T18:00:00+00:00", "--pin")
    add(perdure, "Tea at seven", "--importance", "0.9", "--entity", "Lisbon")
    for options, expected in {
        ("--tag", "drinks", "--tag", "late"): ["Tea at six"],
        ("--any-tag", "late", "--any-tag", "x"): ["Tea at six"],
        ("--kind", "episodic"): ["Tea at five"],
        ("--speaker", "Ada"): ["Tea at five"],
        ("--pinned",): ["Tea at six"],
        ("--min-importance", "0.8"): ["Tea at seven"],
        ("--entity", "lisbon"): ["Tea at seven"],
        ("--since", "2026-05-15", "--until", "2026-06-15"): ["Tea at six"],
        ("--contains", "FIVE"): ["Tea at five"],
        ("--status", "superseded"): [],
    }.items():
        assert found(perdure, "tea", *options) == expected, options
    page = perdure.run("memory", "search", "tea", "--limit", "2", "--json").json
    rest = found(perdure, "tea", "--limit", "2", "--after", page["after"])
    assert len(page["hits"]) == 2
    assert len(rest) == 1


def test_a_memory_is_changed_by_compare_and_set_and_has_a_history(perdure: InProcess) -> None:
    id = add(perdure, "Ada works in Lisbon", "--user", "ada", "--by", "zoe")["id"]
    (before,) = perdure.run("memory", "history", id, "--json").json
    changed = perdure.run("memory", "edit", id, "--text", "Ada works in Porto", "--expect", "1", "--why", "moved")
    assert changed.out == f"{id}: changed · version 2 · user=ada · active\n"
    late = perdure.run("memory", "edit", id, "--pin", "--expect", "1")
    assert (late.code, "it has version 2" in late.err) == (4, True)
    history = perdure.run("memory", "history", id).out.splitlines()
    assert [line.split()[0] for line in history] == ["version", "2", "1"]
    assert ("moved" in history[1], "zoe" in history[2], "Lisbon" in history[2]) == (True, True, True)
    as_of = ("--as-of", str(before["sequence"]))
    assert perdure.run("memory", "show", id, *as_of).out.startswith("Ada works in Lisbon\n")
    assert perdure.run("memory", "show", id, "--version", "1", "--json").json["text"] == "Ada works in Lisbon"
    assert found(perdure, "where does Ada work", *as_of) == ["Ada works in Lisbon"]


def test_what_is_forgotten_or_held_or_of_somebody_else(perdure: InProcess) -> None:
    id = add(perdure, "Ada works in Lisbon", "--user", "ada", "--hold")["id"]
    assert perdure.run("memory", "forget", id).code == 4
    assert perdure.run("memory", "edit", id, "--release").code == 0
    for command in (("show",), ("edit", "--pin"), ("forget",), ("history",), ("mark", "--useful")):
        strange = perdure.run("memory", command[0], id, *command[1:], "--user", "bob")
        assert (strange.code, strange.err.startswith(f"error: there is no memory '{id}'")) == (2, True), command
    assert perdure.run("memory", "forget", id, "--why", "asked to").code == 0
    assert found(perdure, "Lisbon") == []
    assert len(perdure.run("memory", "history", id, "--json").json) == 3


def test_what_is_doubtful_is_decided_on(perdure: InProcess) -> None:
    yes = add(perdure, "Ada likes tea", "--doubt", "who says?")["id"]
    no = add(perdure, "Ada likes mud", "--doubt", "really?")["id"]
    assert found(perdure, "likes") == []
    listed = perdure.run("memory", "review")
    assert "really?" in listed.out
    assert "--accept" in listed.err
    assert perdure.run("memory", "review", yes, "--accept").out.endswith("active\n")
    assert perdure.run("memory", "review", no, "--reject").code == 0
    assert found(perdure, "likes") == ["Ada likes tea"]
    assert perdure.run("memory", "review").out.strip() == "nothing is in review"
    for wrong in ((yes,), ("--accept",), (yes, "--accept", "--reject")):
        assert perdure.run("memory", "review", *wrong).code == 2


def test_relations_are_listed_walked_and_made(perdure: InProcess) -> None:
    made = perdure.run("memory", "relations", "entity:ada", "--add", "knows", "--to", "entity:bob", "--mutual")
    assert made.out == "entity:ada knows entity:bob · strength 0.50\n"
    perdure.run("memory", "relations", "entity:bob", "--add", "lives in", "--to", "entity:porto", "--strength", "0.8")
    (row,) = perdure.run("memory", "relations", "entity:ada").out.splitlines()[1:]
    assert row.split()[:5] == ["0.50", "<-", "knows", "->", "entity:bob"]
    way = perdure.run("memory", "relations", "entity:ada", "--to", "entity:porto", "--json").json
    assert way["nodes"] == ["entity:ada", "entity:bob", "entity:porto"]
    assert perdure.run("memory", "relations", "entity:ada", "--to", "entity:mars").code == 2
    assert perdure.run("memory", "relations", "entity:ada", "--add", "knows").code == 2


def test_marks_statistics_and_new_indexes(perdure: InProcess) -> None:
    id = add(perdure, "Ada likes tea", "--user", "ada")["id"]
    assert perdure.run("memory", "mark", id, "--useful", "--json").json == {"id": id, "useful": True}
    assert perdure.run("memory", "mark", id).code == 2
    stats = perdure.run("memory", "stats", "--json").json["memories"]
    assert (stats["kind"], stats["scope"]) == ({"semantic": 1}, {"user=ada": 1})
    assert "user=ada: 1" in perdure.run("memory", "stats").out
    assert "vectors" in perdure.run("memory", "reindex", "--json").json
    assert perdure.run("memory", "unlearn", "--json").json == {"forgotten": 1}


def test_a_chat_becomes_memories_once(perdure: InProcess) -> None:
    (perdure.folder / "chat.txt").write_text(CHAT)
    tried = perdure.run("memory", "import", "chat.txt", "--user", "ada", "--dry-run")
    assert "3 would be imported" in tried.out
    first = perdure.run("memory", "import", "chat.txt", "--user", "ada", "--zone", "UTC")
    assert first.out == "[TIME] NAME: TEXT: 3 imported, 0 were there already, 1 could not be read\n"
    assert first.err == "line 3 has no time that can be read (month must be in 1..12)\n"
    (perdure.folder / "chat.txt").write_text(f"{CHAT}[2026-05-05 10:00] Bob: See you there.\n")
    second = perdure.run("memory", "import", "chat.txt", "--user", "ada", "--zone", "UTC", "--json").json
    assert (second["added"], second["unchanged"], second["faults"][0]["line"]) == (1, 3, 3)
    (hit, *_) = perdure.run("memory", "search", "moved to Lisbon", "--user", "ada", "--json").json["hits"]
    memory = hit["memory"]
    assert (memory["kind"], memory["speaker"], memory["happened_at"]) == ("episodic", "Ada", "2026-05-03T14:02:00Z")
    assert (memory["source"]["thread"], memory["source"]["position"]) == ("chat", 0)


def test_an_export_is_imported_into_an_empty_database_as_it_was(perdure: InProcess, tmp_path: Path) -> None:
    id = add(perdure, "Ada works in Lisbon", "--user", "ada")["id"]
    perdure.run("memory", "edit", id, "--text", "Ada works in Porto")
    printed = perdure.run("memory", "export", "--vectors")
    assert printed.code == 0
    (tmp_path / "empty").mkdir()
    empty = InProcess(tmp_path / "empty")
    brought = empty.run("memory", "import", "-", text=printed.out)
    assert brought.out == "archive of memories: 2 imported, 0 were there already, 0 could not be read\n"
    histories = [one.run("memory", "history", id, "--json").json for one in (perdure, empty)]
    for history in histories:
        for version in history:
            del version["sequence"]
    assert histories[0] == histories[1]
    written = perdure.run("memory", "export", "--to", "out.jsonl", "--json").json
    assert written == {"file": "out.jsonl", "versions": 2}
    cut = empty.run("memory", "import", "-", text=printed.out[:-20])
    assert (cut.code, "is not whole" in cut.err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("add", ""), "the text is empty"),
        (("add", "x", "--user", "*"), "patterns such as '*' name nobody"),
        (("add", "x", "--kind", "odd"), "kind"),
        (("add", "x", "--happened", "soon"), "--happened 'soon' cannot be read"),
        (("add", "@nothing.txt"), "nothing.txt"),
        (("search", "x", "--meta", "odd"), "--meta 'odd' cannot be read"),
        (("search", "x", "--after", "odd"), "cursor"),
        (("search", "x", "--as-of", "odd"), "--as-of 'odd' cannot be read"),
        (("edit", "x"), "nothing is to be changed"),
        (("show", "x"), "there is no memory 'x'"),
        (("import", "nothing.txt"), "No such file"),
        (("import", "-"), "is no archive, chat log, transcript or JSON"),
        (("import", "-", "--zone", "Mars"), "--zone 'Mars' is not known"),
        (("import", "-", "--day", "soon"), "--day 'soon' cannot be read"),
        (("export", "--to", "no/such/folder"), "cannot be written"),
        (("reindex", "--only", "odd"), "odd"),
    ],
)
def test_a_wrong_call_is_told(refusing: InProcess, arguments: tuple[str, ...], told: str) -> None:
    done = refusing.run("memory", *arguments, text="just prose")
    assert done.code == 2, done.err
    assert told in done.err
    assert "Traceback" not in done.err


def test_an_export_is_not_mixed_with_what_is_told(refusing: InProcess) -> None:
    done = refusing.run("memory", "export", "--json")
    assert (done.code, "--json needs --to FILE" in done.json["error"]["message"]) == (2, True)


async def test_processes_share_one_memory(command_line: CommandLine) -> None:
    first = await command_line.run("memory", "add", "Ada drinks coffee", "--user", "ada")
    assert first.code == 0, first.err
    second = await command_line.run("memory", "search", "coffee", "--user", "ada", "--json")
    assert [hit["memory"]["text"] for hit in second.json["hits"]] == ["Ada drinks coffee"]
    assert second.json["degraded"] == []
