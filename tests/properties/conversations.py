"""Arbitrary conversations: texts and the prompts that are made of them, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

# Short enough to be copied often, and texts over the length of a piece. Lone surrogates have no UTF-8.
_CHARACTERS = st.characters(exclude_categories=["Cs"])
_WORDS = st.sampled_from(
    [
        "the",
        "and",
        "said. ",
        "\n",
        "\n\n\n",
        "mad dog, ",
        "d ",
        "\x00\x07",
        "😀",
        "\u2028",
        '"',
        "\\",
        "{",
        "$text",
    ]
)
_LONG = st.builds(lambda words, times: " ".join(words) * times, st.lists(_WORDS, min_size=1), st.integers(1, 200))
TEXTS = st.one_of(
    st.text(_CHARACTERS, max_size=200),
    _LONG,
    st.builds(lambda count: "\n" * count, st.integers(0, 3_000)),
    st.builds(lambda count: "x" * count, st.integers(0, 3_000)),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=12,
)


@dataclass(frozen=True)
class Step:
    """One prompt: whose it is, how it comes of the one before, what is answered, and what the store loses before it.

    Attributes:
        caller: who asks.
        rewrite: how the caller's last list of texts becomes the new one.
        texts: the new texts.
        answer: what the model says.
        lost: which blobs of the store are gone, as numbers that pick some.
    """

    caller: str
    rewrite: str
    texts: tuple[Any, ...]
    answer: str
    lost: tuple[int, ...] = ()

    def apply(self, before: list[Any], answers: list[str]) -> list[Any]:
        """The new list of documents."""
        match self.rewrite:
            case "append":
                return [*before, *self.texts]
            case "answers":
                return [*before, *answers[-2:], *self.texts]
            case "truncate":
                return [*before[-2:], *self.texts]
            case "head":
                return [*before[:1], *self.texts]
            case "joined":
                return ["\n".join(map(str, [*before, *answers])), *self.texts]
            case "shuffle":
                return [*reversed(before), *self.texts]
            case _:
                return list(self.texts)


def steps(*, lossy: bool) -> st.SearchStrategy[list[Step]]:
    """Some steps of a conversation; a lossy store forgets some of its blobs before each."""
    lost = st.lists(st.integers(0, 10_000), max_size=30).map(tuple) if lossy else st.just(())
    step = st.builds(
        Step,
        caller=st.sampled_from(["ann", "ben", "selector"]),
        rewrite=st.sampled_from(["append", "answers", "truncate", "head", "joined", "shuffle", "new"]),
        texts=st.lists(st.one_of(TEXTS, JSON), max_size=4).map(tuple),
        answer=TEXTS,
        lost=lost,
    )
    return st.lists(step, min_size=1, max_size=8)
