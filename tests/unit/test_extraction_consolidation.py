"""What becomes of a finding beside what is known."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from contracts.memories import Memory, MemoryScope
from contracts.remembering import Candidate
from memory.extraction.consolidation import Decision, decided, distinct
from memory.extraction.guards import Checked
from memory.extraction.likeness import likeness
from tests.support.conversations import checked, found

_AT = datetime(2026, 5, 1, tzinfo=UTC)


def _known(text: str, *, id_: str = "m1", **more: Any) -> Memory:
    fields: dict[str, Any] = {
        "tenant": "default",
        "branch": "main",
        "scope": MemoryScope(user="ada"),
        "kind": "semantic",
        "status": "active",
        "version": 1,
        "sequence": 1,
        "created_at": _AT,
        "written_at": _AT,
    }
    return Memory(id=id_, text=text, **(fields | more))


def _one(text: str, **more: Any) -> Checked:
    doubt, by_user = more.pop("doubt", None), more.pop("by_user", True)
    return Checked(candidate=Candidate(text=text, messages=(0,), **more), doubt=doubt, by_user=by_user)


def _decided(text: str, *known: Memory, **more: Any) -> Decision:
    decision = decided(_one(text, **more), known, me="Ada")
    assert decision is not None
    return decision


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("Ada likes hiking in the mountains.", "Ada likes hiking in the mountains."),
        ("Ada likes hiking in the mountains.", "Ada really loves to hike in the mountains!"),
        ("Ada is a vegetarian.", "Ada is vegetarian"),
        ("Ada lives in Lisbon with her partner.", "Ada lives in Lisbon."),
        ("Invoice 4711 is paid.", "The invoice 4711 is now paid."),
        ("Ada prefers short answers.", "Ada prefers short ansewrs."),
    ],
)
def test_what_says_the_same_is_merged(known: str, said: str) -> None:
    decision = _decided(said, _known(known))
    assert decision.how == "merged"
    assert decision.target is not None


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("Ada lives in Lisbon.", "Ada moved to Porto."),
        ("Ada lives in Lisbon.", "Ada no longer lives in Lisbon."),
        ("Ada's favourite colour is green.", "Ada's favourite colour is blue."),
        ("Invoice 4711 is unpaid.", "Invoice 4711 is now paid."),
        ("Ada works at Northwind as an engineer.", "Ada works for Contoso."),
        ("Ada eats meat.", "Ada doesn't eat meat any more."),
        ("Ada likes jazz.", "Ada does not like jazz."),
        ("The review meeting is on Tuesday 5 May 2026.", "The review meeting is on Friday 8 May 2026."),
        ("The production database runs on MySQL.", "The production database runs on PostgreSQL."),
    ],
)
def test_what_says_otherwise_supersedes(known: str, said: str) -> None:
    decision = _decided(said, _known(known))
    assert (decision.how, [memory.id for memory in decision.others]) == ("superseded", ["m1"])


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ("Ada likes tea.", "Ada likes coffee."),
        ("Invoice 4711 is paid.", "Invoice 4712 is unpaid."),
        ("Ada lives in Lisbon.", "Mia lives in Porto."),
        ("Ada prefers short answers with bullet points.", "Ada prefers long answers with bullet points."),
        ("Ada visited Rome on 3 May 2026.", "Ada visited Rome on 9 May 2026."),
        ("Ada lives in Porto.", "Ada no longer lives in Lisbon."),
        ("Ada has a dog.", "Ada has a cat and a dog in the house by the sea."),
    ],
)
def test_what_is_neither_is_new(known: str, said: str) -> None:
    assert _decided(said, _known(known)).how == "added"


def test_what_says_more_takes_the_place_of_what_says_less() -> None:
    decision = _decided("Ada likes hiking in the Alps with Mia.", _known("Ada likes hiking in the Alps."))
    assert (decision.how, len(decision.others)) == ("superseded", 1)


def test_what_is_pinned_is_not_contradicted_without_a_person() -> None:
    decision = _decided("Ada lives in Porto.", _known("Ada lives in Lisbon.", pinned=True))
    assert (decision.how, len(decision.others)) == ("review", 1)


def test_what_names_nobody_may_be_somebody_elses() -> None:
    known = _known("The deadline is 12 May.")
    assert _decided("The deadline is 20 May.", known).how == "review"
    assert _decided("The deadline is 20 May.", known, tags=("correction",)).how == "superseded"


def test_an_agent_does_not_know_better_than_the_user_where_the_user_lives() -> None:
    known = _known("Ada lives in Lisbon.")
    assert _decided("Ada lives in Porto.", known, by_user=False).how == "review"
    assert _decided("Invoice 4711 is paid.", _known("Invoice 4711 is open."), by_user=False).how == "superseded"


def test_a_correction_that_may_mean_something_is_put_to_review() -> None:
    known = _known("The spring workshop for new members takes place in the small room.")
    decision = _decided("The workshop for members takes place in the hall.", known, tags=("correction",))
    assert (decision.how, len(decision.others)) == ("review", 1)


def test_what_is_in_doubt_waits_and_is_not_asked_twice() -> None:
    doubtful = _one("Ada lives in Porto.", doubt="not sure")
    known = _known("Ada lives in Lisbon.")
    decision = decided(doubtful, [known], me="Ada")
    assert decision is not None
    assert (decision.how, decision.others) == ("review", (known,))
    waiting = _known("Ada lives in Porto.", status="review")
    assert decided(doubtful, [known, waiting], me="Ada") is None


def test_what_is_sure_takes_the_place_of_what_waits() -> None:
    waiting = _known("Ada lives in Porto.", status="review")
    decision = _decided("Ada lives in Porto.", waiting)
    assert (decision.how, decision.others) == ("superseded", (waiting,))


async def test_one_run_says_the_same_once() -> None:
    one, *rest = distinct(checked(await found("I live in Lisbon.", "I live in Lisbon with Mia.", "I live in Lisbon!")))
    assert rest == []
    assert (one.candidate.text, one.candidate.messages) == ("Ada lives in Lisbon with Mia.", (0, 1, 2))


async def test_what_is_corrected_within_a_run_is_what_was_said_last() -> None:
    one, *rest = distinct(checked(await found("I live in Lisbon.", "Actually, I live in Porto.")), me="Ada")
    assert rest == []
    assert (one.candidate.text, one.candidate.messages) == ("Ada lives in Porto.", (0, 1))


async def test_what_is_over_gives_way_to_what_is() -> None:
    for texts in (
        ("I don't live in Madrid any more, I live in Seville now.",),
        ("I live in Seville now.", "I no longer live in Madrid."),
    ):
        (one,) = distinct(checked(await found(*texts)), me="Ada")
        assert one.candidate.text.startswith("Ada lives in Seville now")
        assert one.doubt is None


async def test_values_that_contradict_each_other_in_one_run_are_in_doubt() -> None:
    both = distinct(checked(await found("I live in Lisbon.", "I live in Porto.")), me="Ada")
    assert [one.doubt is not None for one in both] == [True, True]


def test_likeness_is_from_nothing_to_all() -> None:
    assert likeness("Ada likes tea", "Ada likes tea") == 1.0
    assert likeness("Ada likes tea", "The server is down") == 0.0
    assert 0.5 < likeness("Ada likes green tea", "Ada likes black tea") < 1.0
    assert likeness("", "x") == 0.0
