"""Our own conversations for judging recall: they can be made again, and each question has its evidence."""

from __future__ import annotations

from collections import defaultdict
from itertools import groupby

import pytest

from benchmarks.conversations import CONVERSATIONS, generated
from benchmarks.conversations_parsing import parsed
from perdure.recall_bench import material
from perdure.recall_bench.locomo import CATEGORIES
from perdure.recall_bench.material import Conversation

_MOST_BYTES = 1_500_000


@pytest.fixture(scope="module")
def conversations() -> list[Conversation]:
    return material.load(CONVERSATIONS)


def test_the_file_is_made_again_byte_for_byte() -> None:
    assert generated().encode() == CONVERSATIONS.read_bytes(), "run: python -m benchmarks.conversations"


def test_they_are_many_and_long(conversations: list[Conversation]) -> None:
    assert len(conversations) >= 20
    assert min(len(one.turns) for one in conversations) >= 100
    assert sum(len(one.questions) for one in conversations) >= 300
    assert {question.category for one in conversations for question in one.questions} == set(CATEGORIES.values())
    assert CONVERSATIONS.stat().st_size <= _MOST_BYTES


def test_some_have_no_dates_and_some_one_speaker(conversations: list[Conversation]) -> None:
    undated = [one for one in conversations if not any(turn.at for turn in one.turns)]
    alone = [one for one in conversations if len({turn.speaker for turn in one.turns}) == 1]
    several = [one for one in conversations if len({turn.speaker for turn in one.turns}) > 2]
    assert min(len(undated), len(alone), len(several)) >= 4


def test_no_question_has_two_answers(conversations: list[Conversation]) -> None:
    found = defaultdict(set)
    for one in conversations:
        for question in one.questions:
            found[one.name, question.text].add(question.evidence)
    assert [name for name, evidence in found.items() if len(evidence) > 1] == []


def test_multi_hop_questions_need_several_turns(conversations: list[Conversation]) -> None:
    asked = [question for one in conversations for question in one.questions if question.category.startswith("1")]
    assert len(asked) >= 100
    assert min(len(question.evidence) for question in asked) >= 2


def test_every_slot_is_filled(conversations: list[Conversation]) -> None:
    said = [turn.text for one in conversations for turn in one.turns]
    asked = [question.text for one in conversations for question in one.questions]
    assert [text for text in said + asked if set(text) & set("{}|#*")] == []


def test_two_conversations_of_a_field_say_it_in_other_words(conversations: list[Conversation]) -> None:
    for _, pair in groupby(conversations, key=lambda one: one.name.rpartition("-")[0]):
        first, second = ({question.text for question in one.questions} for one in pair)
        assert len(first & second) < 0.8 * min(len(first), len(second))


def test_a_line_that_is_no_turn_is_named() -> None:
    with pytest.raises(ValueError, match="'E: who' is no turn"):
        parsed("== block\nE: who\n")
