"""What recall is measured on, and how it is counted."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from contracts.errors import BadRequest
from perdure.recall_bench import material
from perdure.recall_bench.material import Conversation, Question
from perdure.recall_bench.report import Answer, Report
from perdure.recall_bench.typos import mistyped

LOCOMO: dict[str, Any] = {
    "sample_id": "conv-1",
    "conversation": {
        "speaker_a": "Ann",
        "speaker_b": "Ben",
        "session_1_date_time": "1:56 pm on 8 May, 2023",
        "session_1": [
            {"speaker": "Ann", "dia_id": "D1:1", "text": "I paint."},
            {"speaker": "Ben", "dia_id": "D1:2", "text": "Look!", "blip_caption": "a photo of a dog"},
        ],
        "session_2_date_time": "12:01 am on 9 June, 2023",
        "session_2": [{"speaker": "Ben", "dia_id": "D2:1", "text": "I moved."}],
        # Dates without sessions are in the original.
        "session_3_date_time": "1:00 pm on 10 June, 2023",
    },
    "qa": [],
}
INSTANCE: dict[str, Any] = {
    "question_id": "q1",
    "question_type": "single-session-user",
    "question": "What did I buy?",
    "answer": "A lamp",
    "question_date": "2023/05/30 (Tue) 23:40",
    "haystack_session_ids": ["s1", "s2"],
    "haystack_dates": ["2023/05/20 (Sat) 02:21", "2023/05/21 (Sun) 10:00"],
    "haystack_sessions": [
        [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": " "}],
        [{"role": "user", "content": "I bought a lamp.", "has_answer": True}],
    ],
    "answer_session_ids": ["s2"],
}


def loaded(folder: Path, samples: object) -> list[Conversation]:
    file = folder / "data.json"
    file.write_text(json.dumps(samples))
    return material.load(file)


def asking(*evidence: str, category: int = 1) -> dict[str, Any]:
    qa = [{"question": "Who?", "answer": 1, "evidence": list(evidence), "category": category}]
    return {**LOCOMO, "qa": qa}


def test_locomo_turns_have_speaker_time_thread_and_place(tmp_path: Path) -> None:
    (one,) = loaded(tmp_path, [LOCOMO])
    assert [(turn.id, turn.speaker, turn.thread, turn.position) for turn in one.turns] == [
        ("D1:1", "Ann", "session_1", 1),
        ("D1:2", "Ben", "session_1", 2),
        ("D2:1", "Ben", "session_2", 1),
    ]
    assert one.turns[0].at == datetime(2023, 5, 8, 13, 56, tzinfo=UTC)
    assert one.turns[2].at == datetime(2023, 6, 9, 0, 1, tzinfo=UTC)
    assert one.turns[1].text == "Look! a photo of a dog"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["D1:1"], {"D1:1"}),
        (["D1:1; D2:1"], {"D1:1", "D2:1"}),
        (["D1:1 D1:2"], {"D1:1", "D1:2"}),
        (["D:2:1"], {"D2:1"}),
        (["D1:02"], {"D1:2"}),
        (["D", "D1:2", "D9:19"], {"D1:2"}),
    ],
)
def test_locomo_evidence_is_repaired(tmp_path: Path, written: list[str], meant: set[str]) -> None:
    (one,) = loaded(tmp_path, [asking(*written)])
    assert one.questions[0].evidence == meant
    assert one.questions[0].sessions == {f"session_{name[1]}" for name in meant}


def test_locomo_questions_without_evidence_or_of_the_fifth_category_are_not_asked(tmp_path: Path) -> None:
    assert loaded(tmp_path, [asking("D9:9")])[0].questions == ()
    assert loaded(tmp_path, [asking("D1:1", category=5)])[0].questions == ()


def test_longmemeval_evidence_is_turns_and_sessions(tmp_path: Path) -> None:
    (one,) = loaded(tmp_path, [INSTANCE])
    (question,) = one.questions
    # A turn that says nothing is not remembered.
    assert [turn.id for turn in one.turns] == ["0:1", "1:1"]
    assert (question.evidence, question.sessions) == (frozenset({"1:1"}), frozenset({"s2"}))
    assert question.asked_at == datetime(2023, 5, 30, 23, 40, tzinfo=UTC)


def test_longmemeval_questions_that_nothing_answers_are_not_asked(tmp_path: Path) -> None:
    (one,) = loaded(tmp_path, [{**INSTANCE, "question_id": "q1_abs"}])
    assert one.questions == ()


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        ({}, "must be a list of samples"),
        ([], "must be a list of samples"),
        ([{"text": "?"}], "of no known kind, the first sample has text"),
        ([{**LOCOMO, "qa": [{"category": 1}]}], "are broken (KeyError: 'evidence')"),
        ([{**INSTANCE, "haystack_dates": []}], "are broken (ValueError: "),
    ],
)
def test_a_wrong_file_is_an_error_that_says_what_is_wrong(tmp_path: Path, samples: object, words: str) -> None:
    with pytest.raises(BadRequest) as refused:
        loaded(tmp_path, samples)
    assert words in str(refused.value)
    assert "data.json" in str(refused.value)


def test_a_file_that_is_not_there_or_no_json_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="cannot be read: No such file"):
        material.load(tmp_path / "none.json")
    (tmp_path / "text").write_text("once upon a time")
    with pytest.raises(BadRequest, match="are no JSON"):
        material.load(tmp_path / "text")


def test_conversations_are_chosen_by_number() -> None:
    made = [Conversation(name=str(number), turns=(), questions=()) for number in range(1, 9)]
    assert [one.name for one in material.chosen(made, "1-3,8, 2", questions=None)] == ["1", "2", "3", "8"]
    for wrong in ("0", "9", "1-9", "x", "2-", "", "3-2"):
        with pytest.raises(BadRequest, match="the conversations"):
            material.chosen(made, wrong if wrong != "2-" else "2-x", questions=None)


def test_fewer_questions_are_spread_evenly() -> None:
    asked = tuple(
        Question(text=str(number), category="c", evidence=frozenset(), sessions=frozenset()) for number in range(10)
    )
    (one,) = material.chosen([Conversation(name="x", turns=(), questions=asked)], None, questions=4)
    assert [question.text for question in one.questions] == ["0", "2", "5", "7"]


def test_a_typo_is_small_and_the_same_each_time() -> None:
    text = "Which provider was chosen for the second region?"
    wrong = mistyped(text, 1)
    assert wrong == mistyped(text, 1) != mistyped(text, 2)
    changed = [(old, new) for old, new in zip(text.split(), wrong.split(), strict=True) if old != new]
    assert 1 <= len(changed) <= 2
    assert all(SequenceMatcher(None, old, new).ratio() > 0.6 and old[0] == new[0] for old, new in changed)
    assert mistyped("who am I", 1) == "who am I"


def answer(found: Sequence[str], *evidence: str, category: str = "1", seconds: float = 0.001) -> Answer:
    question = Question(text="?", category=category, evidence=frozenset(evidence), sessions=frozenset({"s1", "s2"}))
    return Answer(conversation="x", question=question, found=found, threads=["s1"] * len(found), seconds=seconds)


def test_recall_is_the_share_of_the_evidence_among_the_first_hits() -> None:
    found = [f"t{number}" for number in range(20)]
    answers = [answer(found, "t4", "t5"), answer(found, "t4", "t19", "gone", "t11", category="2"), answer([], "t1")]
    report = Report(embedder="e", turns=100, seconds_to_add=0.5, answers=answers)
    assert report.recall["1"] == {5: 0.25, 10: 0.5, 20: 0.5}
    assert report.recall["2"] == {5: 0.25, 10: 0.25, 20: 0.75}
    assert report.recall["all"] == pytest.approx({5: 0.25, 10: 1.25 / 3, 20: 1.75 / 3})
    assert report.sessions["2"][5] == 0.5
    assert report.added_per_second == 200


def test_times_are_in_milliseconds() -> None:
    answers = [answer([], "t1", seconds=number / 1000) for number in range(1, 101)]
    times = Report(embedder="e", turns=1, seconds_to_add=1, answers=answers).milliseconds
    assert times == pytest.approx({"p50": 50.5, "p95": 95.95})


def test_where_no_turn_is_marked_sessions_count() -> None:
    assert answer(["t1"]).turns(5) == 0.5
