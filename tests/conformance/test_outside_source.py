"""What every outside source promises. See `contracts.memory_ports.OutsideSource`."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from contracts.errors import BackendUnavailable, ConfigurationError
from contracts.memories import Caller
from contracts.recall_ports import OutsideSource
from memory.embedders.wordllama import WordLlamaEmbedder
from memory.outside import sources
from memory.outside.folder import FolderSource
from memory.outside.http import HttpSource
from tests.support.http_server import Exchange, HttpRequest
from tests.support.local_http import served

ADA = Caller(tenant="acme", branch="main")
DOCUMENTS = {
    "guide.md": "# Deploying\n\nNever deploy on Fridays.\n\n## Rollback\n\nRun `make rollback` within ten minutes.\n",
    "people/ada.txt": "Ada Lovelace leads the payments team in Lisbon.",
}


@dataclass
class Endpoint:
    """An endpoint that knows two texts, and notes what it is asked."""

    asked: list[tuple[str, str, int]] = field(default_factory=list)
    answer: Callable[[Exchange], None] | None = None

    async def handle(self, request: HttpRequest, exchange: Exchange) -> None:
        if request.method == "GET":
            query = parse_qs(urlsplit(request.path).query)
            self.asked.append(("GET", query["q"][0], int(query["n"][0])))
        else:
            body = json.loads(request.body)
            self.asked.append(("POST", body["query"], body["limit"]))
        if self.answer is not None:
            self.answer(exchange)
            return
        words = set(self.asked[-1][1].lower().split())
        found = [(len(words & set(text.lower().split())), text) for text in DOCUMENTS.values()]
        results = [{"text": text, "score": count / len(words), "document": "wiki"} for count, text in found if count]
        exchange.send(200, json.dumps({"results": results}).encode())


@pytest.fixture
async def endpoint() -> AsyncIterator[tuple[Endpoint, str]]:
    endpoint = Endpoint()
    async with served(endpoint.handle) as url:
        yield endpoint, url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in DOCUMENTS.items():
        path = tmp_path / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "docs"


@pytest.fixture(params=["folder", "folder by words", "GET", "POST"])
async def source(
    request: pytest.FixtureRequest, folder: Path, endpoint: tuple[Endpoint, str]
) -> AsyncIterator[OutsideSource]:
    url = f"{endpoint[1]}/search" + ("?q={query}&n={limit}" if request.param == "GET" else "")
    setting = str(folder) if request.param.startswith("folder") else url
    embedder = WordLlamaEmbedder() if request.param == "folder" else None
    (source,) = sources.named([setting], embedder=embedder)
    yield source
    await source.close()


async def test_it_finds_what_fits_with_a_score(source: OutsideSource) -> None:
    (hit, *_) = await source.search("who leads the payments team", limit=3, caller=ADA)
    assert "Ada Lovelace" in hit.memory.text
    assert 0.25 < hit.score <= 1


async def test_its_hits_say_where_they_come_from(source: OutsideSource) -> None:
    (hit, *_) = await source.search("payments team in lisbon", limit=3, caller=ADA)
    memory = hit.memory
    assert memory.id.startswith("outside-")
    assert (memory.version, memory.tenant, memory.scope.key) == (1, "acme", "")
    assert memory.source.document in ("wiki", "people/ada.txt:1")


async def test_a_hit_has_the_same_id_each_time(source: OutsideSource) -> None:
    found = [await source.search("payments team", limit=1, caller=ADA) for _ in range(2)]
    assert found[0][0].memory.id == found[1][0].memory.id


async def test_it_returns_no_more_than_is_asked_for(source: OutsideSource) -> None:
    assert len(await source.search("never deploy; the payments team in lisbon", limit=1, caller=ADA)) == 1


async def test_nothing_is_found_by_what_nothing_is_about(source: OutsideSource) -> None:
    assert await source.search("zebra", limit=5, caller=ADA) == ()
    assert await source.search("  ", limit=5, caller=ADA) == ()


@pytest.mark.parametrize("text", ["😀 {limit} {query}", "a&n=9#x", "'; DROP TABLE", "\ud800", "שלום", "x" * 8_000])
async def test_any_text_may_be_asked(source: OutsideSource, text: str) -> None:
    assert len(await source.search(text, limit=2, caller=ADA)) <= 2


async def test_passages_of_a_folder_have_their_headings(folder: Path) -> None:
    source = FolderSource(folder)
    (hit,) = await source.search("make rollback", limit=1, caller=ADA)
    assert hit.memory.text == "Rollback\nRun `make rollback` within ten minutes."
    assert hit.memory.source.document == "guide.md:7"


async def test_a_folder_is_followed(folder: Path) -> None:
    source = FolderSource(folder, fresh_seconds=0)
    await source.search("payments", limit=1, caller=ADA)
    (folder / "people" / "ada.txt").write_text("Ada Lovelace has left for the zoo of Porto.")
    (folder / "guide.md").unlink()
    (folder / "new.rst").write_text("Zebras are kept in the new enclosure.")
    assert await source.search("payments team", limit=1, caller=ADA) == ()
    assert await source.search("rollback", limit=1, caller=ADA) == ()
    (hit,) = await source.search("zebras enclosure", limit=1, caller=ADA)
    assert hit.memory.source.document == "new.rst:1"


async def test_a_folder_is_never_left_and_odd_files_are_passed_over(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("zebra secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    (folder / "up").symlink_to(tmp_path, target_is_directory=True)
    (folder / ".hidden.txt").write_text("zebra hidden")
    (folder / "binary.txt").write_bytes(b"zebra \x00\x01")
    (folder / "latin.txt").write_bytes(b"zebra caf\xe9")
    (folder / "image.png").write_text("zebra image")
    (folder / "large.txt").write_text("zebra " * 200_000)
    os.mkfifo(folder / "pipe.txt")
    assert await FolderSource(folder).search("zebra", limit=9, caller=ADA) == ()


async def test_a_folder_that_is_away_is_told(tmp_path: Path) -> None:
    source = FolderSource(tmp_path / "nothing")
    for _ in range(2):
        with pytest.raises(BackendUnavailable, match="PERDURE_MEMORY_SOURCES"):
            await source.search("a", limit=1, caller=ADA)
    await source.close()


async def test_a_reading_goes_on_when_nobody_waits_for_it_any_more(folder: Path) -> None:
    source = FolderSource(folder)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(source.search("payments", limit=1, caller=ADA), 0)
    assert await source.search("payments team", limit=1, caller=ADA)


async def test_long_documents_are_cut(folder: Path) -> None:
    (folder / "long.md").write_text("# Words\n\n" + "Zebras run far and wide. " * 500 + "\n\n" + "y" * 5_000)
    hits = await FolderSource(folder).search("zebras run far", limit=50, caller=ADA)
    assert len(hits) > 5
    assert max(len(hit.memory.text) for hit in hits) < 2_000


async def test_an_endpoint_is_told_query_and_limit(endpoint: tuple[Endpoint, str]) -> None:
    for place in ("/?q={query}&n={limit}", "/"):
        source = HttpSource(endpoint[1] + place)
        await source.search("tea & milk?", limit=4, caller=ADA)
        await source.close()
    assert endpoint[0].asked == [("GET", "tea & milk?", 4), ("POST", "tea & milk?", 4)]


async def test_results_without_scores_count_by_their_order(endpoint: tuple[Endpoint, str]) -> None:
    endpoint[0].answer = lambda exchange: exchange.send(
        200, b'[{"text": "a"}, {"text": "b", "at": "2026-05-03T14:02Z"}]'
    )
    source = HttpSource(endpoint[1])
    first, second = await source.search("x", limit=4, caller=ADA)
    assert 1 > first.score > second.score > 0
    assert str(second.memory.happened_at) == "2026-05-03 14:02:00+00:00"
    await source.close()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda exchange: exchange.send(500, b""), "it answered 500"),
        (lambda exchange: exchange.send(302, b"", headers={"location": "http://127.0.0.1:1/"}), "it answered 302"),
        (lambda exchange: exchange.send(200, b"<html>"), "not as it should be"),
        (lambda exchange: exchange.send(200, b'{"results": [{"score": 1}]}'), "Field required"),
        (lambda exchange: exchange.send(200, b" " * 1_100_000), "larger than 1,048,576 bytes"),
        (lambda exchange: exchange.cut(), "RemoteProtocolError"),
        (lambda _: None, "no answer within 0.3 s"),
    ],
)
async def test_an_endpoint_that_answers_wrongly_is_told(
    endpoint: tuple[Endpoint, str], answer: Callable[[Exchange], None], told: str
) -> None:
    endpoint[0].answer = answer
    source = HttpSource(endpoint[1], timeout_seconds=0.3)
    with pytest.raises(BackendUnavailable, match=told):
        await source.search("x", limit=1, caller=ADA)
    await source.close()


async def test_a_password_is_not_shown() -> None:
    source = HttpSource("http://ada:secret@127.0.0.1:9/search?key=secret&q={query}")
    with pytest.raises(BackendUnavailable) as caught:
        await source.search("x", limit=1, caller=ADA)
    assert "secret" not in f"{source.name} {caught.value}"
    await source.close()


@pytest.mark.parametrize("setting", ["ftp://host/x", "http://", "file:///etc"])
def test_what_is_neither_folder_nor_http_is_refused(setting: str) -> None:
    with pytest.raises(ConfigurationError):
        sources.named([setting])
