"""Which sentences are remembered, and as what."""

from __future__ import annotations

import pytest

from memory.extraction.rules import judged
from memory.extraction.sentences import sentences
from tests.support.statements import Labelled, labelled

_LEAST_PRECISION, _LEAST_RECALL, _LEAST_KINDS = 0.9, 0.75, 0.85


def _is_found(one: Labelled) -> bool:
    return any(judged(sentence, role=one.role) for sentence in sentences(one.text))


def _kinds(one: Labelled) -> set[str]:
    return {found.kind for sentence in sentences(one.text) if (found := judged(sentence, role=one.role))}


@pytest.mark.parametrize("part", ["tuned", "judged", "chat"])
def test_what_states_something_is_found_and_chatter_is_not(part: str) -> None:
    rows = [one for one in labelled() if one.part == part]
    found = [one for one in rows if _is_found(one)]
    right = [one for one in found if one.wanted]
    assert len(right) / len(found) >= _LEAST_PRECISION, [one.text for one in found if not one.wanted]
    wanted = [one for one in rows if one.wanted]
    assert len(right) / len(wanted) >= _LEAST_RECALL, [one.text for one in wanted if one not in right]
    assert sum(one.kind in _kinds(one) for one in right) / len(right) >= _LEAST_KINDS


def test_there_are_enough_labelled_sentences() -> None:
    assert len(labelled()) >= 150
