"""What every extractor promises, and what mem0 does besides with what a model answers."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from contracts.errors import ModelRefused, ModelUnavailable
from contracts.recall_ports import Extractor
from contracts.remembering import ExtractionRequest
from memory.extraction.learner import UnreadableAnswer
from memory.rules_extractor import RulesExtractor
from tests.support.answers import Answer, Fault, Rule, Text, hang, rate_limited, wrong_key
from tests.support.chat import ChatRequest
from tests.support.conversations import conversation, said
from tests.support.extracting_model import extracting, mem0
from tests.support.model_server import ModelServer
from tests.support.waiting import until

_TALK = (
    *said("Hello there!", "I live in Lisbon.", "What time is it?"),
    *said("Let me look that up for you.", role="agent", first=3),
    *said("My sister works for the city library.", first=4),
)


@pytest.fixture(scope="session")
def model() -> Iterator[ModelServer]:
    with ModelServer(extracting) as server:
        yield server


@pytest.fixture(params=["rules", "mem0"])
async def extractor(
    request: pytest.FixtureRequest, model: ModelServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Extractor]:
    if request.param == "rules":
        yield RulesExtractor()
        return
    async with mem0(model.url, tmp_path_factory.getbasetemp() / "mem0") as extractor:
        yield extractor


async def test_statements_are_found_with_who_said_them_and_where(extractor: Extractor) -> None:
    lives, works = await extractor.extract(conversation(*_TALK), known=())
    assert (lives.text.rstrip("."), lives.messages, lives.speaker) == ("Ada lives in Lisbon", (1,), "ada")
    assert (lives.subject, "Lisbon" in lives.entities) == ("ada/lives in", True)
    assert works.messages == (4,)


async def test_nothing_is_found_where_nothing_is_stated(extractor: Extractor) -> None:
    assert await extractor.extract(conversation(*said("Hello!", "How are you?")), known=()) == ()
    assert await extractor.extract(conversation(), known=()) == ()


async def test_every_finding_can_be_kept(extractor: Extractor) -> None:
    for found in await extractor.extract(conversation(*_TALK), known=()):
        assert found.text.strip()
        assert set(found.messages) <= {utterance.index for utterance in _TALK}
        assert found.messages
        assert 0 <= found.confidence <= 1
        assert found.happened_at is not None
        assert found.happened_at.tzinfo is not None


async def test_an_extractor_has_a_name(extractor: Extractor) -> None:
    assert extractor.name in {"rules", "mem0 (gpt-4o-mini)"}


async def test_many_conversations_at_once_do_not_mix(extractor: Extractor) -> None:
    towns = [f"Town{number}" for number in range(8)]
    requests = [conversation(*said(f"I live in {town}.")) for town in towns]
    every = await asyncio.gather(*(extractor.extract(request, known=()) for request in requests))
    assert [found.text.rstrip(".") for (found,) in every] == [f"Ada lives in {town}" for town in towns]


async def _answered(rule: Rule, folder: Path, request: ExtractionRequest | None = None) -> list[str]:
    with ModelServer(rule) as server:
        async with mem0(server.url, folder) as extractor:
            found = await extractor.extract(request or conversation(*_TALK), known=())
        return [candidate.text for candidate in found]


async def test_a_model_that_is_busy_may_be_asked_again(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable) as caught:
        await _answered(lambda _: rate_limited(7), tmp_path)
    assert caught.value.retry_after == 7
    with pytest.raises(ModelUnavailable):
        await _answered(lambda _: Fault(503, "overloaded"), tmp_path)


async def test_a_model_that_refuses_is_not_asked_again(tmp_path: Path) -> None:
    with pytest.raises(ModelRefused):
        await _answered(lambda _: wrong_key(), tmp_path)


@pytest.mark.parametrize(
    "answer", ["I am sorry.", "", "[1, 2]", '{"memory": "x"}', '{"memory": [1, null]}', "{" * 9_000]
)
async def test_an_answer_that_is_no_memories_is_unreadable(tmp_path: Path, answer: str) -> None:
    with pytest.raises(UnreadableAnswer):
        await _answered(lambda _: Text(answer), tmp_path)


@pytest.mark.parametrize(
    "answer",
    [
        '```json\n{"memory": [{"text": "User lives in Lisbon"}]}\n```',
        '<think>Let me see.</think>{"memory": [{"text": "User lives in Lisbon", "messages": ["1"]}, {"id": 3}, 4]}',
        'Here you are: {"memory": [{"text": "User lives in Lisbon", "messages": "none", "confidence": "high"}]}',
    ],
)
async def test_an_answer_with_something_around_it_is_read(tmp_path: Path, answer: str) -> None:
    assert await _answered(lambda _: Text(answer), tmp_path) == ["Ada lives in Lisbon"]


async def test_what_the_model_makes_up_has_no_source(tmp_path: Path) -> None:
    answer = '{"memory": [{"text": "User owns a castle in Bavaria", "messages": [1, 99]}]}'
    with ModelServer(lambda _: Text(answer)) as server:
        async with mem0(server.url, tmp_path) as extractor:
            (found,) = await extractor.extract(conversation(*_TALK), known=())
    assert found.messages == ()


async def test_the_model_is_told_what_is_known_and_no_secrets(tmp_path: Path) -> None:
    seen: list[str] = []

    def rule(request: ChatRequest) -> Answer:
        seen.extend(request.texts)
        return Text('{"memory": []}')

    talk = conversation(*said("My password is hunter2. I like tea."), injected=("- [user ada] Ada likes coffee",))
    assert await _answered(rule, tmp_path, talk) == []
    assert "I like tea" in seen[-1]
    assert "Ada likes coffee" in seen[-1]
    assert "2026-05-02" in seen[-1]
    assert not any("hunter2" in text for text in seen)


async def test_who_stops_waiting_leaves_no_call_behind(tmp_path: Path) -> None:
    with ModelServer(lambda _: hang()) as server:
        async with mem0(server.url, tmp_path) as extractor:
            asking = asyncio.create_task(extractor.extract(conversation(*_TALK), known=()))
            await until(lambda: len(server.requests) == 1)
            asking.cancel()
            with pytest.raises(asyncio.CancelledError):
                await asking
            await until(lambda: server.requests[0].outcome == "disconnected")


_CHILD = """
import asyncio, socket, sys
from pathlib import Path
connected = []
connect = socket.socket.connect
def noted(self, address):
    connected.append(address)
    return connect(self, address)
socket.socket.connect = noted
import memory.mem0_extractor
assert "mem0" not in sys.modules, "mem0 was imported before it was needed"
from tests.support.conversations import conversation, said
from tests.support.extracting_model import mem0
url, folder = sys.argv[1], Path(sys.argv[2])
async def extract():
    async with mem0(url, folder) as extractor:
        return await extractor.extract(conversation(*said("I live in Lisbon.")), known=())
found = asyncio.run(extract())
assert [one.text for one in found] == ["Ada lives in Lisbon."], found
from mem0.memory.telemetry import MEM0_TELEMETRY, _get_oss_telemetry
assert not MEM0_TELEMETRY
assert "spacy" not in sys.modules and "torch" not in sys.modules
port = int(url.split(":")[2].split("/")[0])
assert {address[1] for address in connected if isinstance(address, tuple)} == {port}, connected
"""


@pytest.mark.long
def test_mem0_writes_nothing_outside_its_folder_and_asks_nobody_but_the_model(
    model: ModelServer, tmp_path: Path
) -> None:
    home, temporary, folder = (tmp_path / name for name in ("home", "tmp", "data"))
    for path in (home, temporary):
        path.mkdir()
    environ = {"HOME": str(home), "TMPDIR": str(temporary), "PATH": "/usr/bin:/bin", "PYTHONPATH": "."}
    command = [sys.executable, "-c", _CHILD, model.url, str(folder)]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert [path for place in (home, temporary) for path in place.rglob("*")] == []
    assert {path.name for path in folder.rglob("*")} <= {"config.json"}
