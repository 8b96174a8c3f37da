from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.memory_ports import LedgerEntry
from contracts.recall import RecallWeights
from memory.recall.analysis import stems_of
from memory.recall.index import ScopeIndex
from memory.recall.lexical import K1, B, Lexical, Reach
from memory.recall.ranking import Ranking
from memory.recall.union import Union
from memory.state.rows import microseconds
from tests.support.recall_entries import NOW, entry, found, index_of, ranked, talk, unit

NONE = RecallWeights(**dict.fromkeys(RecallWeights.model_fields, 0.0))
TALK = talk(
    "Ada: I went hiking in the mountains",
    "Bob: Where was that?",
    "Ada: Near Lake Bled, with my brother",
    "Bob: I painted a horse, it hangs in the kitchen",
    "Ada: Lovely",
)
OTHER = talk("Bob: My ukulele broke", "Ada: Oh dear", "Bob: I bought strings in Oslo", thread="u")


def only(**weights: float) -> RecallWeights:
    return NONE.model_copy(update=weights)


def all_of(ranking: Ranking) -> dict[str, float]:
    return {hit.id: hit.score for hit in ranking.top(0, 1_000)}


# Words


_LETTERS = ("b c j", "c c", "e f g k", "c h", "l")


def by_hand(texts: Sequence[Sequence[str]], weights: dict[str, float]) -> list[float]:
    """BM25 as it is in books; rarities are those of the texts without neighbours."""
    mean = sum(map(len, texts)) / len(texts)
    scores = []
    for text in texts:
        counts, norm = Counter(text), K1 * (1 - B + B * len(text) / mean)
        scores.append(sum(weight * counts[s] * (K1 + 1) / (counts[s] + norm) for s, weight in weights.items()))
    return scores


@pytest.mark.parametrize(("reach", "before", "after"), [("own", 0, 0), ("before", 1, 0), ("around", 1, 1)])
def test_words_are_weighed_by_bm25_with_neighbours_as_one_text(reach: Reach, before: int, after: int) -> None:
    turns = [turn._replace(stems=stems_of(text)) for turn, text in zip(TALK, _LETTERS, strict=True)]
    index = index_of(*turns)
    own = [list(turn.stems) for turn in turns]
    wide = [[stem for text in own[max(at - before, 0) : at + after + 1] for stem in text] for at in range(len(own))]
    asked = {"c": 1.0, "h": 0.5, "nowhere": 3.0}
    holders = {stem: sum(stem in text for text in own) for stem in asked}
    heavy = {
        stem: weight * math.log(1 + (len(own) - holders[stem] + 0.5) / (holders[stem] + 0.5))
        for stem, weight in asked.items()
    }
    assert Lexical(Union([index])).scores(asked, reach).tolist() == pytest.approx(by_hand(wide, heavy), rel=1e-5)


def test_an_answer_is_found_by_the_words_before_and_behind_it() -> None:
    index = index_of(*TALK)
    assert set(found("brother", index, weights=only(lexical=1.0))) == {"t2"}
    assert set(found("brother", index, weights=only(lexical_before=1.0))[:2]) == {"t2", "t3"}
    assert set(found("brother", index, weights=only(lexical_around=1.0))[:3]) == {"t1", "t2", "t3"}
    assert set(found("brother", index, weights=only(lexical=1.0, neighbour=0.5))) == {"t1", "t2", "t3"}


def test_words_that_the_best_memories_share_find_more() -> None:
    index = index_of(
        entry("a", "the regatta took place at Henley"),
        entry("b", "Henley is lovely"),
        entry("c", "something else"),
    )
    ranking = ranked("regatta", index)
    assert set(all_of(ranking)) == {"a", "b"}
    assert {stem for stem, _ in ranking.expansion} == {"took", "place", "henley"}
    assert [weight for _, weight in ranking.expansion] == sorted(
        (weight for _, weight in ranking.expansion), reverse=True
    )


def test_names_of_those_who_speak_are_no_expansion() -> None:
    index = index_of(*talk("Ada: the regatta, Bob", "Bob: yes, Ada", "Ada: Bob knows it"))
    assert [stem for stem, _ in ranked("regatta", index).expansion] == ["know"]


def test_a_long_question_is_answered_by_its_rarest_words() -> None:
    index = index_of(*[entry(f"m{n}", f"word{n} filler") for n in range(300)])
    text = " ".join(["filler"] * 50 + [f"word{n}" for n in range(200)])
    assert found(text, index)[0].startswith("m")
    assert len(found("x" * 8_000, index)) == 0


# Meaning


def test_what_is_alike_is_found_without_a_word_in_common() -> None:
    index = index_of(entry("a", "cat", vector=[1, 0, 0, 0]), entry("b", "dog", vector=[0, 1, 0, 0]), entry("c", "none"))
    assert all_of(ranked("pet", index, vector=unit([1, 0.2, 0, 0]), weights=only(dense=1.0))) == pytest.approx(
        {"a": 1.0, "b": 0.2}
    )


def test_the_meaning_of_neighbours_counts_as_that_of_their_sum() -> None:
    turns = [
        turn._replace(vector=unit(vector).tobytes())
        for turn, vector in zip(TALK[:3], ([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]), strict=True)
    ]
    scores = all_of(ranked("x", index_of(*turns), vector=unit([1, 0, 0, 0]), weights=only(dense_around=1.0)))
    assert scores == pytest.approx({"t0": 1.0, "t1": math.sqrt(2 / 3)}, rel=1e-5)


def test_likeness_of_a_server_takes_the_place_of_vectors() -> None:
    index = index_of(entry("a", vector=[1, 0, 0, 0]), entry("b", vector=[0, 1, 0, 0]))
    given = {"b": 0.8, "elsewhere": 0.9}
    assert all_of(ranked("x", index, likeness=given, weights=only(dense=1.0))) == {"b": 1.0}
    assert all_of(ranked("x", index, vector=unit([1, 0, 0, 0]), likeness=given, weights=only(dense=1.0))) == {"b": 1.0}


# Boosts


def test_who_is_named_is_heard_first() -> None:
    index = index_of(*TALK, *OTHER)
    assert {hit.id for hit in ranked("Bob?", index, weights=only(speaker=1.0)).top(0, 9)} == {"t1", "t3", "u0", "u2"}


def test_a_time_finds_what_happened_then_and_what_was_told_soon_after() -> None:
    index = index_of(
        entry("before", said=NOW.replace(day=1)),
        entry("then", said=NOW.replace(day=4)),
        entry("soon", said=NOW.replace(day=6)),
        entry("later", said=NOW + timedelta(days=30)),
    )
    assert found("on May 4, 2024", index, weights=only(date=1.0)) == ["then", "soon"]
    assert found("last Saturday", index, weights=only(date=1.0)) == ["then", "soon"]


def test_a_thread_counts_by_its_best_three() -> None:
    index = index_of(*TALK, *OTHER, entry("alone", "ukulele"))
    ranking = ranked("ukulele Oslo", index)
    shares = {hit.id: {share.leg: share.value for share in ranking.shares(hit)} for hit in ranking.top(0, 99)}
    assert shares["u1"]["thread"] == pytest.approx(shares["u0"]["thread"])
    assert "thread" not in shares["alone"]
    assert len(ranking) >= 4


@pytest.mark.parametrize(
    ("weight", "better", "worse"),
    [
        ("recency", {"said": NOW}, {"said": NOW - timedelta(days=30)}),
        ("importance", {"importance": 0.9}, {"importance": 0.1}),
        ("substance", {"text": "lake of many rare long words: quixotic zephyrs"}, {"text": "lake"}),
    ],
)
def test_worth_lifts_what_fits_and_nothing_else(weight: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    lake = {"text": "lake"}
    index = index_of(entry("a", **lake | worse), entry("b", **lake | better), entry("c", **{**better, "text": "horse"}))
    assert found("lake", index, weights=only(lexical=0.01, **{weight: 1.0})) == ["b", "a"]


def test_what_is_new_is_worth_half_after_thirty_days() -> None:
    index = index_of(entry("a", "lake", said=NOW), entry("b", "lake", said=NOW - timedelta(days=30)))
    ranking = ranked("lake", index, weights=only(lexical=1.0, recency=1.0))
    assert [share.value for hit in ranking.top(0, 2) for share in ranking.shares(hit) if share.leg == "recency"] == [
        1,
        0.5,
    ]


def test_the_most_particular_scope_comes_first() -> None:
    session, user = index_of(entry("s", "lake")), index_of(entry("u", "lake", said=NOW + timedelta(days=1)))
    assert found("lake", session, user) == ["u", "s"]
    assert found("lake", session, user, weights=only(lexical=1.0, scope=0.1)) == ["s", "u"]


def test_associations_find_and_what_was_learned_lifts() -> None:
    index = index_of(entry("a", "lake"), entry("b", "lake"), entry("c", "horse"))
    weights = only(lexical=1.0, association=0.5, learned=0.5)
    assert found("lake", index, associations={"c": 0.5, "gone": 1.0}, weights=weights) == ["a", "b", "c"]
    assert found("lake", index, learned={"b": 0.5, "c": 1.0}, weights=weights) == ["b", "a"]


# What may be found


def test_only_what_is_among_is_found_and_the_best_of_it_is_full() -> None:
    index = index_of(*TALK)
    ranking = ranked("mountains lake horse", index, among=frozenset({"t3", "nowhere"}), weights=only(lexical=1.0))
    assert all_of(ranking) == {"t3": 1.0}
    assert found("lake", index, among=frozenset()) == []


def test_what_has_expired_is_not_found() -> None:
    index = index_of(
        entry("a", "lake", expires_at=microseconds(NOW)),
        entry("b", "lake", expires_at=microseconds(NOW) + 1),
    )
    assert found("lake", index) == found("", index) == ["b"]


def test_what_has_nothing_to_do_with_the_question_is_no_hit() -> None:
    assert found("zeppelin", index_of(*TALK)) == []


@pytest.mark.parametrize(
    "text", ["", "  ", "the", "?!", "\U0001f389", "\u200b", "\u0645\u0631\u062d\u0628\u0627", "of the and"]
)
def test_who_asks_for_nothing_gets_the_latest_or_nothing(text: str) -> None:
    index = index_of(entry("old", "x", said=NOW - timedelta(days=1)), entry("new", "x", said=NOW))
    assert found(text, index) in ([], ["new", "old"])
    assert found("", index) == ["new", "old"]


@pytest.mark.parametrize(
    "text", ["\U0001f389", "\u6771\u4eac", "\u0645\u0631\u062d\u0628\u0627", "gl\u00fcckw\u00fcnsche", "Ada"]
)
def test_other_scripts_symbols_and_names_are_found(text: str) -> None:
    index = index_of(entry("a", f"we say {text} here"), entry("b", "something"))
    assert found(text, index) == ["a"]


@pytest.mark.parametrize(
    "text", ["lake " * 1_600, "\U0001f389" * 8_000, "a'b\"c\x00d", "(" * 100, "*", "Ada Bob Ada", "\ud800"]
)
def test_no_text_is_too_odd(text: str) -> None:
    index = index_of(*TALK)
    assert len(found(text, index, vector=unit([1, 1, 1, 1]))) <= len(index)


def test_nothing_is_found_where_nothing_is() -> None:
    assert (
        found("lake") == found("", ScopeIndex(4)) == found("Ada in May", ScopeIndex(4), vector=unit([1, 0, 0, 0])) == []
    )


# Several indexes


def test_several_indexes_are_ranked_by_the_statistics_of_all() -> None:
    turns = [*TALK, *OTHER]
    vector = unit([1, 0, 0, 0])
    one, two = index_of(*turns), (index_of(*TALK), index_of(*OTHER))
    for text in ("Where did Ada go hiking?", "Bob's ukulele", "the horse near the lake"):
        # How much a memory says is weighed in its own index.
        weights = RecallWeights(substance=0)
        together, apart = (
            ranked(text, one, vector=vector, weights=weights),
            ranked(text, *two, vector=vector, weights=weights),
        )
        assert all_of(together) == pytest.approx(all_of(apart))
        assert [two[hit.index].ids[hit.row - (len(TALK) if hit.index else 0)] for hit in apart.top(0, 9)] == [
            hit.id for hit in apart.top(0, 9)
        ]


def test_what_stands_in_two_indexes_is_found_once() -> None:
    shared = [entry(f"m{n}", "lake") for n in range(6)]
    ranking = ranked("lake", index_of(*shared), index_of(*shared, entry("own", "lake")))
    pages = [ranking.top(offset, 2) for offset in range(0, 10, 2)]
    assert sorted(hit.id for page in pages for hit in page) == sorted([one.id for one in shared] + ["own"])


# Order, pages, shares


def test_equals_stand_by_age_and_then_by_id() -> None:
    entries = [
        entry(id, "lake", said=NOW - timedelta(days=age)) for id, age in (("b", 1), ("c", 0), ("a", 1), ("d", 2))
    ]
    assert found("lake", index_of(*entries)) == found("lake", index_of(*reversed(entries))) == ["c", "a", "b", "d"]
    assert [hit.id for hit in ranked("", index_of(*entries)).top(1, 2)] == ["a", "b"]


def test_pages_follow_one_another() -> None:
    index = index_of(
        *[entry(f"m{n:03}", "lake " * (n % 4) + "horse", said=NOW - timedelta(days=n % 7)) for n in range(120)]
    )
    ranking = ranked("lake horse", index)
    whole = [hit.id for hit in ranking.top(0, 500)]
    assert [hit.id for offset in range(0, 130, 7) for hit in ranking.top(offset, 7)] == whole
    assert (len(whole), ranking.top(500, 5), ranking.top(0, 0)) == (120, [], [])


WORD = st.sampled_from(["lake", "horse", "hiking", "Oslo", "ukulele", "Ada", "Bob", "yesterday", "in May", "laek"])


@st.composite
def memories(draw: st.DrawFn) -> list[LedgerEntry]:
    number = draw(st.integers(0, 8))
    return [
        entry(
            f"m{place}",
            " ".join(draw(st.lists(WORD, max_size=5))),
            vector=draw(st.none() | st.lists(st.floats(-1, 1, width=32), min_size=4, max_size=4)),
            said=NOW - timedelta(days=draw(st.integers(0, 90))),
            speaker=draw(st.sampled_from(["Ada", "Bob", None])),
            thread=draw(st.sampled_from(["t", "u", None])),
            position=draw(st.none() | st.integers(0, 5)),
            importance=draw(st.floats(0, 1)),
        )
        for place in range(number)
    ]


@settings(max_examples=40, deadline=None)
@given(memories(), memories(), st.lists(WORD, max_size=4), st.booleans())
def test_shares_add_up_to_the_score(first: Any, second: Any, words: list[str], dense: bool) -> None:
    weights = RecallWeights(recency=0.1, importance=0.2, scope=0.1, association=0.3, learned=0.2, lexical=0.1)
    ranking = ranked(
        " ".join(words),
        index_of(*first),
        index_of(*second),
        vector=unit([1, 0.5, -0.5, 0]) if dense else None,
        weights=weights,
        associations={"m1": 0.5},
        learned={"m2": 1.0},
    )
    hits = ranking.top(0, 50)
    for hit in hits:
        shares = ranking.shares(hit)
        assert sum(share.score for share in shares) == pytest.approx(hit.score, abs=1e-6)
        assert all(share.score == pytest.approx(share.value * share.weight) for share in shares)
        assert len({share.leg for share in shares}) == len(shares)
    assert len({hit.id for hit in hits}) == len(hits)
    assert all(one.score >= other.score for one, other in pairwise(hits))
