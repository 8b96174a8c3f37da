"""The forms of files that the page on them shows are read as it says."""

from __future__ import annotations

from datetime import UTC, date

import pytest

from contracts.memories import Caller
from memory.outside.http import HttpSource
from perdure.transfer import chat_logs
from tests.docs.pages import all_blocks
from tests.support.http_server import Exchange, HttpRequest
from tests.support.local_http import served

PAGE = "docs/reference/memory_files.md"
LOGS = [found.text for found in all_blocks().values() if (found.page, found.heading) == (PAGE, "What is imported")]
ASKED, ANSWERED = (
    found.text for found in all_blocks().values() if (found.page, found.heading) == (PAGE, "Outside sources")
)


@pytest.mark.parametrize("log", LOGS)
def test_each_form_of_a_chat_log_is_read(log: str) -> None:
    found = chat_logs.read(log, day=date(2026, 5, 3), zone=UTC)
    assert found is not None
    (message,) = found.messages
    assert (message.text, str(message.speaker).title(), found.faults) == ("I moved to Lisbon.", "Ada", ())
    assert message.at is not None
    assert message.at.isoformat().startswith("2026-05-03T14:02")


async def test_an_endpoint_is_asked_and_answers_as_the_page_says() -> None:
    bodies: list[bytes] = []

    async def answer(request: HttpRequest, exchange: Exchange) -> None:
        bodies.append(request.body)
        exchange.send(200, ANSWERED.encode())

    async with served(answer) as url:
        source = HttpSource(url)
        (hit,) = await source.search("where does Ada live", limit=10, caller=Caller())
        await source.close()
    assert bodies[0].decode() == ASKED.strip().replace('": ', '":').replace(", ", ",")
    assert (hit.memory.text, hit.score, hit.memory.source.document) == (
        "Ada lives in Lisbon.",
        0.8,
        "https://wiki.example.org/ada",
    )
