from __future__ import annotations

import random
import tracemalloc
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.memory_ports import LedgerEntry
from memory.recall.index import ScopeIndex
from tests.support.recall_entries import DIMENSIONS, NOW, entry, found, index_of, ranked, talk, unit

WORDS = ("hiking", "mountain", "painting", "horse", "ukulele", "band", "lake", "birthday")
QUESTION = "Who went hiking to the mountain lake?"


def test_what_was_applied_is_found_and_counted() -> None:
    index = index_of(entry("a", "a lake"), entry("b", "a horse"))
    assert (len(index), found("lake", index)) == (2, ["a"])


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    index = index_of(entry("a", "a lake"))
    index.apply([entry("a", "a horse", sequence=2)], upto=2)
    assert (len(index), found("lake", index), found("horse", index)) == (1, [], ["a"])


def test_what_is_not_live_leaves() -> None:
    index = index_of(entry("a", "a lake"), entry("b", "a lake"))
    index.apply([entry("a", live=False, sequence=2)], upto=2)
    assert (len(index), found("lake", index), index.latest(5)) == (1, ["b"], ["b"])


def test_of_several_changes_of_one_memory_the_last_one_counts() -> None:
    index = index_of(entry("a", "a lake"), entry("a", "a horse", sequence=2), entry("a", "a band", sequence=3))
    assert (len(index), found("band", index), found("horse", index)) == (1, ["a"], [])


def test_a_repeat_changes_nothing_and_the_sequence_never_goes_back() -> None:
    index = index_of(entry("a", "a lake"), entry("b", "a horse", sequence=7))
    before = ranked("lake", index).top(0, 5)[0].score
    index.apply([entry("a", "a lake")], upto=3)
    assert (index.sequence, len(index)) == (7, 2)
    assert ranked("lake", index).top(0, 5)[0].score == pytest.approx(before)


def test_the_latest_are_those_that_happened_last() -> None:
    index = index_of(
        entry("old", said=NOW - timedelta(days=2), sequence=3),
        entry("new", said=NOW),
        entry("now", sequence=2),
    )
    assert (index.latest(2), index.latest(9), index.latest(0)) == (["now", "new"], ["now", "new", "old"], [])
    assert ScopeIndex(0).latest(3) == []


def test_a_vector_of_another_length_is_refused_and_nothing_is_changed() -> None:
    index = index_of(entry("a", "a lake"))
    with pytest.raises(ValueError, match=r"'b' has 3 dimensions, the index 4"):
        index.apply([entry("a", live=False), entry("b", vector=[1, 2, 3])], upto=2)
    assert (len(index), index.sequence) == (1, 1)


def test_neighbours_are_the_next_that_are_there() -> None:
    turns = talk("A: zero", "A: one", "A: two", "A: three")
    index = index_of(turns[0], turns[3])
    index.apply([turns[1]], upto=9)
    index.apply([turns[0]._replace(live=False)], upto=10)
    assert beside(index) == {"t1": (None, "t3"), "t3": ("t1", None)}
    index.apply([turns[2], turns[0]], upto=11)
    assert beside(index) == {"t0": (None, "t1"), "t1": ("t0", "t2"), "t2": ("t1", "t3"), "t3": ("t2", None)}


def test_without_place_or_thread_there_are_no_neighbours() -> None:
    index = index_of(entry("a", thread="t"), entry("b", thread="t", position=1), entry("c", position=2))
    assert set(beside(index).values()) == {(None, None)}


def test_what_it_takes_is_told_about_right() -> None:
    choice = random.Random(5)
    entries = [
        entry(
            f"memory-{number:06}",
            " ".join(choice.choices(WORDS, k=6)) + f" word{number % 900}",
            thread=f"thread-{number // 20}",
            position=number % 20,
        )._replace(vector=None)
        for number in range(3_000)
    ]
    tracemalloc.start()
    index = ScopeIndex(64)
    index.apply(entries, upto=3_000)
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert 0.5 * taken < index.size_bytes < 2 * taken


Step = list[LedgerEntry]


@st.composite
def steps(draw: st.DrawFn) -> list[Step]:
    """Batches of changes to some memories of two threads."""
    number = st.integers(0, 11)
    made: list[Step] = []
    for sequence in range(draw(st.integers(1, 6))):
        ids = draw(st.lists(number, min_size=1, max_size=8))
        made.append([draw(changed(id, sequence)) for id in ids])
    return made


@st.composite
def changed(draw: st.DrawFn, id: int, sequence: int) -> LedgerEntry:
    return entry(
        f"m{id}",
        " ".join(draw(st.lists(st.sampled_from(WORDS), max_size=6))),
        live=draw(st.booleans()),
        sequence=sequence * 10 + id + 1,
        thread=draw(st.sampled_from(["t", "u", None])),
        position=id if draw(st.booleans()) else None,
        speaker=draw(st.sampled_from(["Ada", "Bob", None])),
        vector=draw(st.one_of(st.none(), st.lists(st.integers(-3, 3), min_size=DIMENSIONS, max_size=DIMENSIONS))),
    )


@settings(max_examples=30, deadline=None)
@given(steps(), st.lists(st.integers(-3, 3), min_size=DIMENSIONS, max_size=DIMENSIONS))
def test_changes_one_by_one_lead_to_the_index_of_what_is_left(batches: list[Step], asked: list[int]) -> None:
    grown, last = ScopeIndex(DIMENSIONS), dict[str, LedgerEntry]()
    for batch in batches:
        grown.apply(batch, upto=batch[-1].sequence)
        last |= {one.id: one for one in batch}
    fresh = index_of(*[one for one in last.values() if one.live])
    assert len(grown) == len(fresh)
    assert beside(grown) == beside(fresh)
    for vector in (None, unit(asked)):
        assert scores(grown, vector) == pytest.approx(scores(fresh, vector), abs=1e-5)


def test_rows_that_are_gone_are_dropped_when_they_are_many() -> None:
    turns = [turn._replace(sequence=1) for turn in talk(*["Ada: a lake", "Bob: a horse"] * 300)]
    index = index_of(*turns)
    before = ranked("lake", index)
    hits = before.top(0, 3)
    for round in range(2, 6):
        index.apply([turn._replace(sequence=round) for turn in turns], upto=round)
    assert len(index.ids) < 3 * len(turns)
    assert scores(index, None) == pytest.approx(scores(index_of(*turns), None))
    assert before.top(0, 3) == hits


def beside(index: ScopeIndex) -> dict[str, tuple[str | None, str | None]]:
    """Return the ids before and behind each memory."""
    table = index.table
    ids = [*index.ids, None]
    return {
        index.ids[row]: (ids[table.before.values[row]], ids[table.after.values[row]])
        for row in np.flatnonzero(table.live.values)
    }


def scores(index: ScopeIndex, vector: np.ndarray[tuple[int], np.dtype[np.float32]] | None) -> dict[str, float]:
    return {hit.id: hit.score for hit in ranked(QUESTION, index, vector=vector).top(0, 1_000)}
