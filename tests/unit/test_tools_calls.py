from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import math
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.segments import answer_blobs
from activities.tool_answers import MAX_ANSWER_BYTES
from activities.tool_calls import ToolCalls
from contracts.calls import ToolOutcome, ToolRequest
from contracts.conversation import MAX_COMMAND_BYTES, Recipe, cut, manifest_key, piece_digests
from contracts.conversation_ports import SegmentStore
from contracts.errors import BackendUnavailable
from memory.sqlite_database import SqliteDatabase
from memory.sqlite_journal import SqliteResultJournal
from memory.sqlite_segments import SqliteSegmentStore
from tools.registry import ToolContext, ToolRegistry, described

PLACE = "return text, a number, a list, a dict or a Pydantic model"


class TransportError(Exception):
    """Called like the base of what HTTP clients raise when a connection fails."""


class ReadTimeout(TransportError):
    """One of its kind."""


class Point(BaseModel):
    x: int
    label: str = "here"


@dataclasses.dataclass
class Pair:
    left: int
    right: Point


class Bench:
    """A worker's tool activities, with a store and a journal on disk, called as Temporal calls them."""

    def __init__(self, database: SqliteDatabase, home: Path) -> None:
        self.tools = ToolRegistry()
        self.store: SegmentStore = SqliteSegmentStore(database)
        self.journal = SqliteResultJournal(database)
        self.home = home
        self.environment = ActivityEnvironment()
        self.environment.info = dataclasses.replace(
            self.environment.info, workflow_id="run-1", activity_id="alice:1:t.0"
        )

    def add(self, function: Callable[..., Any], **settings: Any) -> None:
        self.tools.add(described(function, **settings))

    def attempt(self, number: int) -> None:
        self.environment.info = dataclasses.replace(self.environment.info, attempt=number)

    async def call(self, tool: str, arguments: str | Recipe = "{}", **fields: Any) -> ToolOutcome:
        calls = ToolCalls(self.tools, home=self.home, store=self.store, journal=self.journal)
        request = ToolRequest(path="alice", turn=1, tool=tool, arguments=arguments, **fields)
        return await self.environment.run(calls.call_tool, request)

    async def call_quick(self, tool: str, arguments: str = "{}") -> ToolOutcome:
        calls = ToolCalls(self.tools, home=self.home, store=self.store, journal=self.journal)
        return await self.environment.run(
            calls.call_quick_tool, ToolRequest(path="alice", turn=1, tool=tool, arguments=arguments)
        )


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    database = SqliteDatabase(tmp_path / "perdure.db")
    yield Bench(database, tmp_path)
    database.close()


def returning(value: Any) -> Callable[[], Any]:
    def give() -> Any:
        return value

    return give


def raising(error: BaseException) -> Callable[[], Any]:
    def give() -> Any:
        raise error

    return give


async def test_sync_and_async_tools_work_alike(bench: Bench) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    async def add_async(a: int, b: int) -> int:
        await asyncio.sleep(0)
        return a + b

    bench.add(add)
    bench.add(add_async)
    bench.add(functools.partial(add_async, b=5), name="add_five")
    assert await bench.call("add", '{"a": 1, "b": 2}') == ToolOutcome(text="3")
    assert await bench.call("add_async", '{"a": 1, "b": 2}') == ToolOutcome(text="3")
    assert await bench.call("add_five", '{"a": 1}') == ToolOutcome(text="6")
    assert await bench.call_quick("add", '{"a": 1, "b": 2}') == ToolOutcome(text="3")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is\n", "as it is\n"),
        ("", ""),
        (None, ""),
        (True, "true"),
        (7, "7"),
        (0.5, "0.5"),
        (["a", {"b": None}], '["a", {"b": null}]'),
        ((1, 2), "[1, 2]"),
        ({"gr\u00fcn": 1}, '{"gr\u00fcn": 1}'),
        (Point(x=1), '{"x": 1, "label": "here"}'),
        ([Point(x=1)], '[{"x": 1, "label": "here"}]'),
        (Pair(1, Point(x=2)), '{"left": 1, "right": {"x": 2, "label": "here"}}'),
        ("a\x00b\ud800c", "a\ufffdb\ufffdc"),
        (["\udc00"], '["\ufffd"]'),
    ],
)
async def test_what_a_tool_returns_becomes_text(value: Any, text: str, bench: Bench) -> None:
    bench.add(returning(value))
    outcome = await bench.call("give")
    assert outcome == ToolOutcome(text=text)
    assert ToolOutcome.model_validate_json(outcome.model_dump_json()) == outcome


_CIRCLE: list[Any] = []
_CIRCLE.append(_CIRCLE)


@pytest.mark.parametrize(
    ("value", "what"),
    [
        (object(), "a object, which is not JSON: "),
        ({1, 2}, "a set, which is not JSON: "),
        (b"bytes", "a bytes, which is not JSON: "),
        (math.nan, "a float, which is not JSON (Out of range"),
        ({"deep": [{1}]}, "a dict, which is not JSON (a set is not JSON): "),
        ({(1, 2): 3}, "a dict, which is not JSON (keys must be"),
        (_CIRCLE, "a list, which is not JSON (Circular reference"),
    ],
)
async def test_what_is_not_json_is_told_to_the_model(value: Any, what: str, bench: Bench) -> None:
    bench.add(returning(value))
    outcome = await bench.call("give")
    assert outcome.failed
    assert outcome.text.startswith(f"tool 'give' returned {what}")
    assert outcome.text.endswith(PLACE)


async def test_a_result_of_ten_megabytes_is_told_to_the_model(bench: Bench) -> None:
    bench.add(returning("x" * 10_000_000))
    outcome = await bench.call("give")
    assert outcome.failed
    assert "the answer of tool 'give' is 10,000,000 bytes, more than the 204,800 bytes" in outcome.text
    assert "write it to a file" in outcome.text


async def test_the_largest_result_fits_into_one_event(bench: Bench) -> None:
    bench.add(returning("x" * MAX_ANSWER_BYTES))
    outcome = await bench.call("give")
    assert not outcome.failed
    assert len(outcome.model_dump_json()) < MAX_COMMAND_BYTES


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ('{"a": "many"}', "argument 'a': input should be a valid integer"),
        ("{}", "argument 'a' is missing"),
        ('{"a": 1, "b": 2}', "there is no argument 'b'; it takes a"),
        ("[1]", "they must be one JSON object"),
        ('{"a": ', "they are not JSON"),
    ],
)
async def test_bad_arguments_are_told_and_the_tool_is_not_run(arguments: str, complaint: str, bench: Bench) -> None:
    ran = []

    def note(a: int) -> None:
        ran.append(a)

    bench.add(note)
    outcome = await bench.call("note", arguments)
    assert outcome.failed
    assert outcome.text.startswith("bad arguments for tool 'note': ")
    assert complaint in outcome.text
    assert ran == []


async def test_an_unknown_tool_is_told_with_the_nearest_name(bench: Bench) -> None:
    bench.add(returning(1), name="lookup_invoice")
    assert await bench.call("lookup_invoce") == ToolOutcome(
        text="unknown tool 'lookup_invoce': did you mean 'lookup_invoice'?", failed=True
    )


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("no such invoice\nsecond line"), "ValueError: no such invoice (tool 'give'; change the arguments"),
        (KeyError(), "KeyError (tool 'give'; change"),
        (FileNotFoundError(2, "No such file", "a.txt"), "FileNotFoundError: [Errno 2] No such file: 'a.txt' (tool"),
        (SystemExit(3), "SystemExit: 3 (tool"),
        (StopIteration("done"), "RuntimeError: coroutine raised StopIteration (tool"),
        (asyncio.CancelledError("by itself"), "CancelledError: by itself (tool"),
        (ValueError("\x00\ud800"), "ValueError: \ufffd\ufffd (tool"),
    ],
)
async def test_what_a_tool_raises_is_told_at_once(error: BaseException, line: str, bench: Bench) -> None:
    bench.add(raising(error))
    outcome = await bench.call("give")
    assert outcome.failed
    assert outcome.text.startswith(line)
    assert "\n" not in outcome.text


@pytest.mark.parametrize(
    "error", [ConnectionError("refused"), TimeoutError("slow"), OSError(28, "disk full"), ReadTimeout("cut")]
)
async def test_what_may_pass_is_tried_again_until_the_attempts_are_used_up(error: Exception, bench: Bench) -> None:
    bench.add(raising(error), attempts=3)
    for number in (1, 2):
        bench.attempt(number)
        with pytest.raises(ApplicationError) as caught:
            await bench.call("give")
        assert (caught.value.type, caught.value.non_retryable) == ("ToolFailed", False)
        assert str(error) in str(caught.value)
    bench.attempt(3)
    outcome = await bench.call("give")
    assert outcome.failed
    assert str(error) in outcome.text


async def test_an_attempt_after_a_lost_completion_does_not_run_the_tool_again(bench: Bench) -> None:
    count = []

    def charge(amount: int) -> str:
        count.append(amount)
        return f"charge {len(count)}"

    bench.add(charge)
    first = await bench.call("charge", '{"amount": 5}')
    bench.attempt(2)
    assert await bench.call("charge", '{"amount": 5}') == first
    assert count == [5]


async def test_an_attempt_with_another_request_is_refused_for_good(bench: Bench) -> None:
    bench.add(returning(1))
    await bench.call("give", '{"a": 1}')
    bench.attempt(2)
    with pytest.raises(ApplicationError) as caught:
        await bench.call("give", '{"a": 2}')
    assert (caught.value.type, caught.value.non_retryable) == ("IdempotencyMismatch", True)


async def test_a_tool_is_told_who_calls_and_where_it_may_write(bench: Bench) -> None:
    def whoami(ctx: ToolContext) -> dict[str, Any]:
        (ctx.output / "note.txt").write_text("here")
        return {"run": ctx.run_id, "path": ctx.path, "files": str(ctx.files), "key": ctx.idempotency_key}

    bench.add(whoami)
    told = json.loads((await bench.call("whoami", files="/some/folder")).text)
    assert told == {
        "run": "run-1",
        "path": "alice",
        "files": "/some/folder",
        "key": "default/run-1/test-run/alice:1:t.0",
    }
    assert (bench.home / "runs" / "run-1" / "note.txt").read_text() == "here"


async def test_the_pieces_of_an_answer_are_stored(bench: Bench) -> None:
    text = "One sentence after another. " * 200
    bench.add(returning(text))
    await bench.call("give")
    blobs = answer_blobs(text)
    assert await bench.store.read("run-1", list(blobs)) == blobs


async def test_long_arguments_are_read_from_the_store(bench: Bench) -> None:
    def measure(text: str) -> int:
        return len(text)

    bench.add(measure)
    arguments = json.dumps({"text": "word " * 1_000})
    digests = piece_digests(cut(arguments))
    recipe = Recipe(sources=(manifest_key(digests),), parts=((0, 0, len(digests)),))
    missing = await bench.call("measure", recipe)
    assert missing.missing is not None
    assert missing.missing.sources == (0,)
    await bench.store.write("run-1", answer_blobs(arguments))
    assert await bench.call("measure", recipe) == ToolOutcome(text="5000")


class FullStore:
    """A store on a full disk."""

    async def read(self, conversation: str, digests: Sequence[bytes]) -> Mapping[bytes, bytes]:
        return {}

    async def write(self, conversation: str, blobs: Mapping[bytes, bytes]) -> None:
        raise BackendUnavailable("the disk is full")

    async def drop(self, conversation: str, digests: Sequence[bytes]) -> None:
        raise BackendUnavailable("the disk is full")


async def test_a_store_that_fails_does_not_undo_the_work(bench: Bench) -> None:
    bench.add(returning("done"))
    bench.store = FullStore()
    assert await bench.call("give") == ToolOutcome(text="done")


async def test_a_tool_that_takes_long_heartbeats(bench: Bench) -> None:
    beats: list[float] = []
    bench.environment.on_heartbeat = lambda *_: beats.append(time.monotonic())

    def slow() -> str:
        time.sleep(2.5)
        return "done"

    bench.add(slow)
    assert await bench.call("slow") == ToolOutcome(text="done")
    assert len(beats) == 2


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_a_cancel_ends_the_call(kind: str, bench: Bench) -> None:
    stop = threading.Event()

    def wait() -> None:
        stop.wait(30)

    async def wait_async() -> None:
        await asyncio.sleep(30)

    bench.add(wait if kind == "sync" else wait_async, name="wait")
    running = asyncio.create_task(bench.call("wait"))
    await asyncio.sleep(0.1)
    bench.environment.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    stop.set()


async def test_many_blocking_tools_run_side_by_side(bench: Bench) -> None:
    together = threading.Barrier(40, timeout=20)

    def meet() -> str:
        together.wait()
        return "met"

    bench.add(meet)
    outcomes = await asyncio.gather(*(bench.call("meet") for _ in range(40)))
    assert {outcome.text for outcome in outcomes} == {"met"}


async def test_a_tool_sees_the_activity_it_runs_in(bench: Bench) -> None:
    def where() -> str:
        return activity.info().activity_id

    bench.add(where)
    assert (await bench.call("where")).text == "alice:1:t.0"
