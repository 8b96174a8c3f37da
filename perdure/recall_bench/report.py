"""What was measured: recall by category, and times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, quantiles
from typing import Any

from perdure.recall_bench.material import Question

CUTS = (5, 10, 20)
ALL = "all"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a search found for a question: ids and threads of turns, the best first."""

    conversation: str
    question: Question
    found: Sequence[str]
    threads: Sequence[str]
    seconds: float

    def turns(self, cut: int) -> float:
        """Return the share of the evidence among the first hits; of sessions where no turn is marked."""
        return _share(self.question.evidence, self.found[:cut]) if self.question.evidence else self.sessions(cut)

    def sessions(self, cut: int) -> float:
        """Return the share of the sessions with evidence that the first hits come from."""
        return _share(self.question.sessions, self.threads[:cut])


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything that was measured.

    Attributes:
        embedder: name and version.
        seconds_to_add: for all turns, with embedding.
        degraded: which parts did not take part, and why.
    """

    embedder: str
    turns: int
    seconds_to_add: float
    answers: Sequence[Answer]
    degraded: tuple[str, ...] = ()

    @property
    def recall(self) -> dict[str, dict[int, float]]:
        """Recall of turns by category and over all, at each cut."""
        return _means(_by_category(self.answers), Answer.turns)

    @property
    def sessions(self) -> dict[str, dict[int, float]]:
        """The same for sessions."""
        return _means(_by_category(self.answers), Answer.sessions)

    @property
    def conversations(self) -> dict[str, dict[int, float]]:
        """Recall of turns by conversation."""
        return _means(_by_conversation(self.answers), Answer.turns)

    @property
    def milliseconds(self) -> dict[str, float]:
        """How long a search took: median, and what 95 of 100 stay under."""
        times = [answer.seconds * 1000 for answer in self.answers]
        cuts = quantiles(times, n=100) if len(times) > 1 else times * 99
        return {"p50": cuts[49], "p95": cuts[94]}

    @property
    def added_per_second(self) -> float:
        """How many turns were added in a second."""
        return self.turns / self.seconds_to_add

    def json(self) -> dict[str, Any]:
        """Return all of it, without the single answers."""
        return {
            "embedder": self.embedder,
            "turns": self.turns,
            "questions": {name: len(some) for name, some in _by_category(self.answers).items()},
            "recall": _rounded(self.recall),
            "sessions": _rounded(self.sessions),
            "conversations": _rounded(self.conversations),
            "search_ms": {name: round(value, 3) for name, value in self.milliseconds.items()},
            "added_per_second": round(self.added_per_second, 1),
            "degraded": list(self.degraded),
        }


def _share(wanted: frozenset[str], found: Iterable[str]) -> float:
    return len(wanted.intersection(found)) / len(wanted)


def _by_category(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found = defaultdict(list)
    for answer in answers:
        found[answer.question.category].append(answer)
    return {**dict(sorted(found.items())), ALL: list(answers)}


def _by_conversation(answers: Sequence[Answer]) -> dict[str, list[Answer]]:
    found = defaultdict(list)
    for answer in answers:
        found[answer.conversation].append(answer)
    return found


def _means(groups: Mapping[str, list[Answer]], recall: Any) -> dict[str, dict[int, float]]:
    return {
        name: {cut: fmean(recall(answer, cut) for answer in answers) for cut in CUTS}
        for name, answers in groups.items()
    }


def _rounded(means: Mapping[str, Mapping[int, float]]) -> dict[str, dict[str, float]]:
    return {name: {str(cut): round(value, 4) for cut, value in each.items()} for name, each in means.items()}
