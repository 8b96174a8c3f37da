"""What a finding says: who, when, what it settles, and where it comes from."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from contracts.memories import Caller, MemoryScope
from contracts.remembering import Utterance
from memory.extraction.subjects import Settled, settled
from memory.extraction.times import dated
from memory.rules_extractor import RulesExtractor
from tests.support.conversations import NOW, conversation, found, said, texts_found


@pytest.mark.parametrize(
    ("sentence", "statement"),
    [
        ("I live in Lisbon with my partner.", "Ada lives in Lisbon with Ada's partner."),
        ("I'm allergic to peanuts.", "Ada is allergic to peanuts."),
        ("I've been playing the cello for ten years.", "Ada has been playing the cello for ten years."),
        ("I no longer work at Northwind.", "Ada no longer works at Northwind."),
        ("I don't eat meat any more.", "Ada doesn't eat meat any more."),
        ("My sister works for the city library.", "Ada's sister works for the city library."),
        ("Tomas reports to Ingrid now.", "Tomas reports to Ingrid now."),
        ("I went to the dentist yesterday.", "Ada went to the dentist on 1 May 2026."),
        ("My husband and I run a bookshop.", "Ada's husband and Ada run a bookshop."),
        ("Always answer me in English.", "Always answer Ada in English."),
    ],
)
async def test_a_statement_stands_by_itself(sentence: str, statement: str) -> None:
    assert await texts_found(sentence) == [statement]


async def test_a_user_without_a_name_is_the_user() -> None:
    caller = Caller(scope=MemoryScope(user="u-4711@example.com"))
    (one,) = await found("I live in Lisbon.", caller=caller, scope=caller.scope)
    assert (one.text, one.speaker, one.subject) == (
        "The user lives in Lisbon.",
        "u-4711@example.com",
        "user/lives in",
    )


async def test_two_statements_of_one_sentence_are_two() -> None:
    assert await texts_found("I live in Lisbon, and my wife works at the port.") == [
        "Ada lives in Lisbon",
        "Ada's wife works at the port.",
    ]


async def test_a_finding_names_its_message_its_speaker_its_entities_and_its_time() -> None:
    utterance = Utterance(
        index=7, turn=3, speaker="Mia", role="user", text="I moved to Porto last month.", at=NOW.replace(month=4)
    )
    (one,) = await RulesExtractor().extract(conversation(utterance), known=())
    assert (one.messages, one.speaker, one.kind) == ((7,), "Mia", "episodic")
    assert one.text == "Mia moved to Porto in March 2026."
    assert one.happened_at is not None
    assert (one.happened_at.year, one.happened_at.month) == (2026, 3)
    assert {"Mia", "Porto"} <= set(one.entities)


async def test_what_is_doubted_by_who_says_it_is_not_sure() -> None:
    (one,) = await found("I think the budget of the fair is 4,000 euros.")
    assert (one.text, one.confidence < 0.5) == ("The budget of the fair is 4,000 euros.", True)


async def test_code_and_quotations_are_not_read() -> None:
    text = "```\nI live in Lisbon\n```\n> I live in Rome\nMy name is Ada."
    assert await texts_found(text) == ["Ada's name is Ada."]


async def test_other_languages_are_quoted_or_left_alone() -> None:
    assert await texts_found("Ich wohne in Lissabon.") == ['Ada said: "Ich wohne in Lissabon."']
    assert await texts_found("Das ist ja wirklich sehr interessant, danke.", "¿Dónde está la biblioteca?") == []


async def test_the_same_conversation_gives_the_same() -> None:
    texts = ("I live in Lisbon.", "We decided to use Redis.", "Actually, it is Thursday, not Wednesday.")
    assert await found(*texts) == await found(*texts)


async def test_agents_are_heard_where_they_did_something() -> None:
    texts = ("I refunded invoice 4711.", "I love this question.", "Lisbon is the capital of Portugal.")
    assert await texts_found(*texts, role="agent") == ["Clerk refunded invoice 4711."]


async def test_nothing_said_is_nothing_found() -> None:
    assert await RulesExtractor().extract(conversation(*said("", " ", "\x00", "?!")), known=()) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ada lives in Lisbon with Ada's partner.", Settled("ada/lives in", "lisbon")),
        ("Ada moved to Porto in April 2026.", Settled("ada/lives in", "porto")),
        ("User is now based in Toronto.", Settled("ada/lives in", "toronto")),
        ("Ada no longer works at Northwind.", Settled("ada/works at", "northwind", ended=True)),
        ("Ada doesn't live in Madrid anymore", Settled("ada/lives in", "madrid", ended=True)),
        ("Ada's favorite color is green", Settled("ada/favourite colour", "green")),
        ("Invoice 4711 is now paid.", Settled("invoice 4711/status", "paid")),
        ("The invoice 4711 is still unpaid.", Settled("invoice 4711/status", "unpaid")),
        ("The deadline is 12 May.", Settled("deadline", "12 may")),
        ("Our budget for the campaign is 40,000 euros.", Settled("campaign/budget", "40,000 euros")),
        ("The review meeting is on Tuesday.", Settled("review meeting/date", "tuesday")),
        ("Ada likes tea.", None),
        ("It is red.", None),
    ],
)
def test_facts_with_one_value_at_a_time_have_a_subject(text: str, expected: Settled | None) -> None:
    assert settled(text, me="Ada") == expected


@pytest.mark.parametrize(
    ("text", "expected", "day"),
    [
        ("I met her yesterday.", "I met her on 1 May 2026.", (2026, 5, 1)),
        ("We go there tomorrow morning.", "We go there on 3 May 2026.", (2026, 5, 3)),
        ("It ended two weeks ago.", "It ended on 18 April 2026.", (2026, 4, 18)),
        ("I moved here last year.", "I moved here in 2025.", (2025, 5, 1)),
        ("I sold it on Tuesday.", "I sold it on Tuesday 28 April 2026.", (2026, 4, 28)),
        ("We meet next Monday.", "We meet on Monday 4 May 2026.", (2026, 5, 4)),
        ("It lasts until tomorrow.", "It lasts until 3 May 2026.", (2026, 5, 3)),
        ("The 31 June is no day.", "The 31 June is no day.", None),
        ("It was 99999 days ago.", "It was 99999 days ago.", None),
        (
            "We have known each other since 14 March 2019.",
            "We have known each other since 14 March 2019.",
            (2019, 3, 14),
        ),
    ],
)
def test_relative_times_become_dates(text: str, expected: str, day: tuple[int, int, int] | None) -> None:
    found_text, found_day = dated(text, NOW)
    assert found_text == expected
    assert (None if found_day is None else (found_day.year, found_day.month, found_day.day)) == day


def test_without_a_time_nothing_is_dated() -> None:
    assert dated("I met her yesterday.", None) == ("I met her yesterday.", None)
    assert dated("Always yesterday", datetime(1, 1, 1, tzinfo=UTC)).text == "Always yesterday"
