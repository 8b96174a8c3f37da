"""What is repeated of what somebody else said is not the repeater's."""

from __future__ import annotations

import pytest

from contracts.remembering import Utterance
from memory.extraction.echoes import without_echoes
from memory.rules_extractor import RulesExtractor
from tests.support.conversations import conversation, said

_TASK = "I am Ada. I moved to Porto last week and I prefer mail in the evening. My invoice 17 is wrong"


async def _learned(*utterances: Utterance) -> list[tuple[str | None, str]]:
    request = without_echoes(conversation(*utterances))
    return [(one.speaker, one.text) for one in await RulesExtractor().extract(request, known=())]


async def test_who_reads_out_a_task_does_not_live_it() -> None:
    read_out = f'No model key is set. The task is: {_TASK} triage said before: {{"kind": "billing"}}'
    alone = await _learned(*said(_TASK))
    assert len(alone) == 2
    assert await _learned(*said(_TASK), *said(read_out, role="agent", first=1)) == alone


@pytest.mark.parametrize(
    "again",
    [
        "I moved to Porto last week!",
        'You said: "I moved to Porto last week".',
        "I moved to porto, last weak.",
        "I moved to Porto.",
        "> nothing\nI moved to Porto last week and I prefer mail in the evening.",
    ],
)
async def test_a_sentence_said_again_or_nearly_is_an_echo(again: str) -> None:
    task = said("I moved to Porto last week.", "I prefer mail in the evening.")
    request = without_echoes(conversation(*task, *said(again, role="agent", first=2)))
    assert request.utterances == task


@pytest.mark.parametrize(
    ("task", "answer"),
    [
        ("I want invoice 17 refunded.", "I refunded invoice 17."),
        ("Tell me when I paid invoice 17.", "I paid invoice 18."),
        ("I checked it.", "I checked it and refunded the customer."),
        ("I did change the address.", "I didn't change the address."),
        ("Tell me once we shipped order 12 to Ada.", "We shipped order 12 to Ada."),
    ],
)
async def test_what_an_agent_did_itself_is_no_echo(task: str, answer: str) -> None:
    request = conversation(*said(task), *said(answer, role="agent", first=1))
    assert without_echoes(request) is request


async def test_two_people_may_say_the_same_and_an_agent_may_repeat_itself() -> None:
    nuts = "I am allergic to nuts."
    people = (*said(nuts, speaker="ada"), *said(nuts, speaker="bob", first=1))
    assert [speaker for speaker, _ in await _learned(*people)] == ["ada", "bob"]
    agents = conversation(*said("I refunded invoice 17.", "I refunded invoice 17.", role="agent"))
    assert without_echoes(agents) is agents
