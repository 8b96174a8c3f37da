"""Bad input: one clear line that says where and what to do, a fitting exit code, and nothing half-written."""

from __future__ import annotations

import json
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.support.in_process import InProcess

INPUT = "input: {type: object, properties: {n: {type: integer}}}\n"
FLOW = "name: tried\nstart: one\nsteps:\n"
BOMB = "[1,2,3].map(a, [1,2,3].map(b, [1,2,3].map(c, [1,2,3].map(d, d)))).size() > 0"


@pytest.fixture
def perdure(tmp_path: Path) -> InProcess:
    return InProcess(tmp_path)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond this size, as if the disk were full."""
    before, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, hard))


def put(key: str) -> tuple[str, ...]:
    return ("state", "put", key, "1")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("state", "put", "a/b", "{open: 1}"), ["is no JSON", "line 1, column 2"]),
        (("state", "put", "a/b", "open"), ["'open' is no JSON", "double quotes inside of single ones"]),
        (("state", "put", "a/b", "NaN"), ["holds nan, which is not JSON"]),
        (("state", "put", "a/b", "[" * 150 + "]" * 150), ["nested deeper than 100"]),
        (("state", "put", "a/b", "[" * 200_000), ["nested too deeply to be read"]),
        (("state", "put", "a/b", r'"\u0000"'), ["NUL", "remove it"]),
        (("state", "put", "a/b", r'"\ud800"'), ["half a character", "remove it"]),
        (("state", "put", "a/b", "@none.json"), ["the file 'none.json' cannot be read: No such file"]),
        (("state", "put", "a/b", "@latin.json"), ["is no UTF-8: the byte at 1 is not"]),
        (("state", "put", "a/b", "@big.json"), ["5,000,002 bytes, at most 1,048,576", "keep the material in a file"]),
        (("state", "put", "a", "1"), ["'a' names no document: write NAMESPACE/KEY"]),
        (put("a/../b"), ["must not hold empty parts, '.' or '..'"]),
        (put("a//b"), ["must not hold empty parts"]),
        (put("a/b\x07"), [r"holds the unseen character '\x07': remove it"]),
        (put("a/b\u202ec"), [r"holds the unseen character '\u202e'"]),
        (put("a/*"), ["must not hold any of * ?"]),
        (put("../etc/passwd"), ["'..' must be 1 to 100 letters"]),
        (put("a b/c"), ["'a b' must be 1 to 100 letters, digits"]),
        (put("a/" + "x" * 301), ["must be 1 to 300 bytes long, it is 301"]),
        (("state", "put", "a/b", "1", "--expect", "-1"), ["'-1' must be a version (1, 2, …), 'absent' or 'any'"]),
        (("state", "put", "a/b", "1", "--branch", "a/b"), ["branch", "'a/b' must be 1 to 100 letters"]),
        (("state", "put", "a/b", "1", "--branch", "gone"), ["gone", "branch"]),
        (("state", "put", "a/b", "1", "--tenant", "*"), ["tenant", "'*' must be 1 to 100 letters"]),
        (("state", "put", "a/b", "1", "--why", "x" * 2001), ["why", "at most 2000 characters"]),
        (("state", "rollback", "a/b", "--to", "7"), ["a/b", "7"]),
        (("state", "get", "a/b", "--version", "9"), ["a/b", "no version 9"]),
        (("state", "get", "a/b", "--as-of", "yesterday"), ["'yesterday' cannot be read", "or a time such as"]),
        (("state", "query", "a", "--where", "status"), ["--where 'status' cannot be read: write FIELD=VALUE"]),
        (("state", "query", "a", "--after", "nonsense"), ["nonsense"]),
        (("state", "fork", "later", "--at", "999"), ["999"]),
        (("state", "merge", "none"), ["none"]),
        (("state", "merge", "none", "--prefer", "mine"), ["--prefer 'mine' must be ours"]),
        (("state", "machines", "a", "--set", '{"machine": {}}'), ["machine.initial: Field required"]),
        (("state", "machines", "a", "--set", '{"json_schema": {"type": 5}}'), ["5"]),
        (("state", "machines", "a", "--set", "[]"), ["the rules must be a JSON object"]),
        (("state", "machines", "a"), ["the namespace 'a' has no rules: set them with --set"]),
        (("emit", ""), ["type", "at least 1 character"]),
        (("emit", "x", "--data", "{"), ["--data '{' is no JSON"]),
        (("triggers", "add", "t", "--on", "x"), ["exactly one of start_team, start_flow, signal"]),
        (("triggers", "add", "t", "--on", "x", "--signal", "r", "--when", "event.id =="), ["line 1, column"]),
        (("triggers", "add", "t", "--on", "x", "--signal", "r", "--when", BOMB), ["nested"]),
        (("triggers", "add", "t", "--on", "x", "--signal", "r", "--when", "evnt.id == '1'"), ["evnt", "event"]),
        (("flow", "check", "none.yaml"), ["none.yaml", "cannot be read"]),
        (("flow", "start", "none.yaml"), ["none.yaml", "cannot be read"]),
        (("flow", "start", "good.yaml", "--input", "[]"), ["--input must be a JSON object"]),
        (("flow", "start", "good.yaml", "--input", '{"n": "1"}'), ["the input", "n: '1' is not of type 'integer'"]),
        (("flow", "start", "good.yaml", "--id", "a b"), ["run id 'a b' must be 1 to 200 letters"]),
        (("flow", "start", "unheard"), ["unknown flow 'unheard'"]),
        (("flow", "draw", "unheard"), ["unknown flow 'unheard'"]),
    ],
    ids=lambda value: " ".join(value)[:60].encode("ascii", "replace").decode() if isinstance(value, tuple) else "",
)
def test_a_wrong_call_is_one_line(perdure: InProcess, arguments: tuple[str, ...], words: list[str]) -> None:
    (perdure.folder / "big.json").write_text(json.dumps("x" * 5_000_000))
    (perdure.folder / "latin.json").write_bytes('"é"'.encode("latin-1"))
    (perdure.folder / "good.yaml").write_text(f"{INPUT}{FLOW}  one: {{emit: {{type: x}}, next: end}}\n")
    ended = perdure.run(*arguments)
    assert ended.code == 2, ended.err
    assert ended.out == ""
    assert ended.err.startswith("error: ")
    assert "Traceback" not in ended.err
    assert all(word in ended.err for word in words), ended.err
    assert len(ended.err) < 1500


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("  one: {emit: {type: x}, next: tow}\n  two: {emit: {type: x}, next: end}\n", [":4:", "'tow'", "'two'"]),
        ("  one: {emit: {type: x}, next: one}\n", ["most_visits"]),
        ("  one: {emit: {type: x}, nxet: end}\n", [":4:", "'nxet'", "'next'"]),
        ("  one: {emit: {type: [1]}, next: end}\n", [":4:", "must be text"]),
        ("  one: {emit: {type: x}, next: end\n", [":5:"]),
        ("  one: {branch: {cases: [{when: 'input.x >', to: end}], else: end}}\n", [":4:", "input.x >"]),
        (f"  one: {{branch: {{cases: [{{when: '{BOMB}', to: end}}], else: end}}}}\n", [":4:", "nested"]),
        ("  one: {branch: {cases: [{when: 'inptu.x', to: end}], else: end}}\n", [":4:", "inptu", "input"]),
        ("  one: {branch: {cases: [{when: '1 + 1', to: end}], else: end}}\n", [":4:", "must be true or false, and"]),
        ("  one: &a [*a, *a]\n", [":4:"]),
    ],
    ids=["step", "cycle", "key", "type", "yaml", "syntax", "bomb", "name", "boolean", "alias"],
)
def test_each_fault_of_a_flow_is_told_with_its_place(perdure: InProcess, steps: str, words: list[str]) -> None:
    (perdure.folder / "tried.yaml").write_text(FLOW + steps)
    ended = perdure.run("flow", "check", "tried.yaml")
    assert (ended.code, ended.out) == (2, "")
    assert all(word in ended.err for word in words), ended.err
    as_json = perdure.run("flow", "check", "tried.yaml", "--json")
    assert (as_json.code, as_json.json["error"]["type"]) == (2, "InvalidFlow")
    assert all(fault.startswith("tried.yaml:") for fault in as_json.json["error"]["faults"])


def test_a_refused_write_leaves_nothing_behind(perdure: InProcess) -> None:
    perdure.run("state", "put", "a/b", "1")
    for arguments in (put("a/*"), ("state", "put", "a/b", "2", "--expect", "7"), ("state", "put", "a/c", "{")):
        assert perdure.run(*arguments).code in (2, 4)
    seen = perdure.run("state", "query", "a", "--json").json["documents"]
    assert [(document["place"]["key"], document["version"]) for document in seen] == [("b", 1)]
    assert len(perdure.run("state", "history", "a/b", "--json").json) == 1


def test_a_database_of_a_newer_version_is_left_alone(perdure: InProcess) -> None:
    perdure.run("state", "put", "a/b", "1")
    file = perdure.home / "state.db"
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    ended = perdure.run("state", "put", "a/b", "2")
    assert ended.code == 3
    assert "9999" in ended.err
    assert ended.err.count("\n") == 1
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM versions").fetchone() == (1,)


def test_a_file_that_is_no_database_is_named(perdure: InProcess) -> None:
    perdure.home.mkdir()
    (perdure.home / "state.db").write_text("this is no database" * 100)
    ended = perdure.run("state", "get", "a/b")
    assert ended.code == 3
    assert "state.db" in ended.err
    assert (perdure.home / "state.db").read_text().startswith("this is no database")


def test_a_full_disk_is_told_and_what_was_there_stays(perdure: InProcess) -> None:
    perdure.run("state", "put", "a/b", "1")
    (perdure.folder / "long.json").write_text(json.dumps("x" * 900_000))
    with largest_file(600_000):
        full = perdure.run("state", "put", "a/b", "@long.json")
    assert full.code == 3
    assert str(perdure.home / "state.db") in full.err
    assert "full" in full.err
    assert full.err.count("\n") == 1
    history = perdure.run("state", "history", "a/b", "--json").json
    assert [document["value"] for document in history] == [1]
    assert perdure.run("state", "put", "a/b", "@long.json").code == 0


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PERDURE_DATABASE_URL": "postgresql://ada:hush@127.0.0.1:1/p"}, ["127.0.0.1:1"]),
        ({"PERDURE_DATABASE_URL": "mysql://ada:hush@db/p"}, ["database_url", "must begin with postgresql://"]),
        ({"PERDURE_REDIS_URL": "cache:6379"}, ["redis_url", "must begin with redis://"]),
        ({"PERDURE_STATE_STALE_SECONDS": "soon"}, ["state_stale_seconds", "valid number"]),
        ({"PERDURE_HOME": "/proc/none"}, ["/proc/none", "PERDURE_HOME"]),
    ],
    ids=["away", "kind", "redis", "seconds", "home"],
)
def test_what_the_operator_must_mend_names_the_setting(
    tmp_path: Path, environ: dict[str, str], words: list[str]
) -> None:
    ended = InProcess(tmp_path, **environ).run("state", "get", "a/b")
    assert ended.code == 3
    assert all(word in ended.err for word in words), ended.err
    assert "hush" not in ended.err
    assert ended.err.count("\n") == 1


def test_the_doctor_names_a_database_and_a_redis_that_are_away(tmp_path: Path) -> None:
    database, redis = "postgresql://ada:hush@127.0.0.1:1/p", "redis://:hush@127.0.0.1:1"
    ended = InProcess(tmp_path, PERDURE_DATABASE_URL=database, PERDURE_REDIS_URL=redis).run("doctor", "--json")
    checks = {check["name"]: check for check in ended.json}
    assert ended.code == 3
    assert (checks["database"]["ok"], checks["database"]["needed"]) == (False, True)
    assert (checks["Redis"]["ok"], checks["Redis"]["needed"]) == (False, False)
    assert "hush" not in ended.out + ended.err
