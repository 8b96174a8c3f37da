"""What a person sees of a run in the Temporal UI, in a real browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest

from docs.pictures.chromium import document
from perdure.client import Perdure
from perdure.ports import free_port
from perdure.settings import Settings
from perdure.stack import own

pytestmark = [pytest.mark.timeout(600), pytest.mark.usefixtures("browser")]

SUMMARIES = ("scout asks scripted (turn 1)", "list_files(500)", "measure_files()", "writer asks scripted (turn 3)")
_WAIT_SECONDS = 45
_HIDDEN = {"script", "style"}


class _Page(HTMLParser):
    """A document: its words, those of its blocks of code apart, its links and its frames."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._inside: list[str] = []
        self._words: list[str] = []
        self._code: list[str] = []
        self.links: list[str] = []
        self.frames: list[str] = []
        self.feed(html)

    @property
    def text(self) -> str:
        return " ".join("".join(self._words).split())

    @property
    def code(self) -> str:
        return "".join(self._code)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [given.get("href") or ""] if tag == "a" else []
        self.frames += [given.get("src") or ""] if tag == "iframe" else []
        if tag in _HIDDEN | {"pre"}:
            self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if not _HIDDEN & set(self._inside):
            self._words.append(data)
        if "pre" in self._inside:
            self._code.append(data)


@dataclass(frozen=True)
class _Seen:
    """A run's page, the page behind its tab "User Metadata", and the conversation in the last frame of that one."""

    history: _Page
    metadata: _Page
    conversation: _Page


@pytest.fixture(scope="module")
async def seen(browser: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[_Seen]:
    """The pages of a run that has ended on a stack that still runs, from the address that `perdure run` prints."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "shapes").mkdir()
    (folder / "shapes" / "__init__.py").write_text("CORNERS = 4\n")
    (folder / "README.md").write_text("# Shapes\n\nShapes counts corners.\n")
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    async with own(settings, port=free_port(), ui_port=free_port(), say=lambda _: None) as place:
        run = await (await Perdure.using(place.client)).start("survey", "Survey the shapes", files=folder)
        await run.result(timeout=30)
        yield await _look(str(place.run_url(run.id)))


async def _look(url: str) -> _Seen:
    history = await _opened(url, wanted=SUMMARIES[-1])
    (tab,) = {link for link in history.links if link.endswith("/user-metadata")}
    metadata = await _opened(urljoin(url, tab), wanted=SUMMARIES[-1])
    conversation = await _opened(urljoin(url, metadata.frames[-1]), wanted="(turn 3)")
    return _Seen(history, metadata, conversation)


async def _opened(url: str, *, wanted: str) -> _Page:
    """Open a page, again if it was slower than the browser's patience."""
    end = time.monotonic() + _WAIT_SECONDS
    while True:
        page = _Page(await asyncio.to_thread(document, url))
        if wanted in page.text or time.monotonic() > end:
            return page


def test_the_page_of_a_run_shows_how_it_stands_and_who_asked_what(seen: _Seen) -> None:
    assert "Completed" in seen.history.text
    assert "AgentRun" in seen.history.text
    assert [summary for summary in SUMMARIES if summary not in seen.history.text] == []


def test_the_user_metadata_list_the_calls(seen: _Seen) -> None:
    assert "Current Details" in seen.metadata.text
    assert [summary for summary in SUMMARIES if summary not in seen.metadata.text] == []


def test_the_user_metadata_show_the_conversation(seen: _Seen) -> None:
    places = ("user (task)", "scout (turn 1)", "reader (turn 2)", "writer (turn 3)")
    assert [place for place in places if place not in seen.conversation.text] == []
    assert "Survey the shapes" in seen.conversation.text
    assert "scout calls list_files with" in seen.conversation.text


def test_markdown_leaves_what_a_tool_returned_as_it_is(seen: _Seen) -> None:
    assert "shapes/__init__.py" in seen.conversation.code
