"""Composes long conversations of many fields, with questions and their evidence, for judging recall.

Facts, changes of facts, scenes and questions are written by hand (`data/domains`); a seeded generator chooses
wordings, people, values and days, scatters them over sessions, and hides them in talk.
`python -m benchmarks.conversations` remakes `data/conversations.json`, in LoCoMo's format, byte for byte.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.conversations_parsing import Asked, Block, Line, Script, parsed
from benchmarks.conversations_words import Occasion, Words, date_of

DATA = Path(__file__).parent / "data"
CONVERSATIONS = DATA / "conversations.json"
_EACH = 2
_OF_A_SERIES = 3


def generated() -> str:
    """Return the data set as JSON, one conversation a line."""
    samples = [json.dumps(sample, ensure_ascii=False, separators=(",", ":")) for sample in _samples()]
    return "[\n" + ",\n".join(samples) + "\n]\n"


def _samples() -> Iterator[dict[str, Any]]:
    for path in sorted((DATA / "domains").glob("*.txt")):
        if not path.stem.startswith("common"):
            for number in range(1, _EACH + 1):
                yield Composer(path.stem, number).composed()


def _script(name: str) -> Script:
    return parsed((DATA / "domains" / f"{name}.txt").read_text(encoding="utf-8"))


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A block at one of its times: in which session, and on which occasion."""

    block: Block
    session: int
    occasion: Occasion


@dataclass(kw_only=True)
class Turn:
    """What is said; `evidence` names block, time and label."""

    speaker: str
    text: str
    evidence: tuple[str, int, str] | None = None


@dataclass(kw_only=True)
class Evidence:
    """Where each piece of evidence stands: its turn's id by block, time and label."""

    ids: dict[tuple[str, int, str], str] = field(default_factory=dict)

    def of(self, block: str, *, time: int | None = None, labels: frozenset[str] = frozenset()) -> list[str]:
        """Return the turns of a block: at one time or at all, with these labels or with any."""
        return [
            turn
            for (name, number, label), turn in self.ids.items()
            if name == block and time in (None, number) and (not labels or label in labels)
        ]


class Composer:
    """Composes one conversation of a field."""

    def __init__(self, domain: str, number: int) -> None:
        self._domain = domain
        self._number = number
        self._script = _script(domain)
        self._common = _script("common_monologue" if self._script.monologue else "common")
        self._choice = Random(f"{domain} {number}")
        # Which wording comes first is the field's; the second conversation goes on from there, so that they differ.
        self._wordings = Random(domain)
        self._people = {
            letter: values[(number - 1) % len(values)]
            for letter, values in self._script.values.items()
            if letter in "ABCD"
        }
        values = {**_script("common").values, **self._script.values}
        self._words = Words(values, self._people, self._choice)
        self._sessions = self._choice.randrange(11, 15)
        self._days = self._calendar()
        self._said: set[str] = set()

    def composed(self) -> dict[str, Any]:
        """Return the conversation and its questions, as LoCoMo has them."""
        placed = list(self._placed())
        evidence = Evidence()
        conversation = self._conversation(placed, evidence)
        questions = [question for one in placed for question in self._questions(one, placed, evidence)]
        return {"sample_id": f"{self._domain}-{self._number}", "conversation": conversation, "qa": questions}

    def _calendar(self) -> list[date | None]:
        if self._script.undated:
            return [None] * self._sessions
        day = date(2023, 1, 9) + timedelta(days=self._choice.randrange(400))
        days: list[date | None] = []
        for _ in range(self._sessions):
            days.append(day)
            day += timedelta(days=self._choice.randrange(4, 31))
        return days

    def _placed(self) -> Iterator[Placed]:
        """Give each block its session: what comes after another block, in a later one."""
        depth = self._depths()
        sessions: dict[str, int] = {}
        for block in self._script.blocks:
            if block.only not in (0, self._number):
                continue
            first = sessions[block.after] + 1 if block.after else 0
            chosen = sorted(self._choice.sample(range(first, self._sessions - depth[block.name]), block.times))
            sessions[block.name] = chosen[-1]
            for number, session in enumerate(chosen):
                occasion = Occasion.of(number, self._days[session], self._choice)
                yield Placed(block=block, session=session, occasion=occasion)

    def _depths(self) -> defaultdict[str, int]:
        """How many blocks come after each one."""
        depths: defaultdict[str, int] = defaultdict(int)
        for block in reversed(self._script.blocks):
            if block.after:
                depths[block.after] = max(depths[block.after], depths[block.name] + 1)
        return depths

    def _conversation(self, placed: list[Placed], evidence: Evidence) -> dict[str, Any]:
        names = [f"speaker_{letter.lower()}" for letter in self._people][:2]
        made: dict[str, Any] = dict(zip(names, self._people.values(), strict=False))
        for session, units in enumerate(self._units(placed)):
            if day := self._days[session]:
                made[f"session_{session + 1}_date_time"] = self._time_of(day)
            turns = [turn for unit in units for turn in unit]
            made[f"session_{session + 1}"] = list(_numbered(turns, session + 1, evidence))
        return made

    def _time_of(self, day: date) -> str:
        hour, minute, half = (
            self._choice.randrange(1, 12),
            self._choice.randrange(60),
            self._choice.choice(("am", "pm")),
        )
        return f"{hour}:{minute:02} {half} on {date_of(day)}"

    def _units(self, placed: list[Placed]) -> Iterator[list[list[Turn]]]:
        """Return each session's exchanges: what matters in any order, in the midst of talk."""
        decoys = _dealt([*self._script.talk["~"], *self._script.talk["%"]], self._sessions, self._choice)
        for session in range(self._sessions):
            units = [list(self._told(one)) for one in placed if one.session == session]
            units += [self._decoy(lines) for lines in decoys[session]]
            units += [self._talk("%") for _ in range(self._choice.randrange(3, 7))]
            self._choice.shuffle(units)
            yield [self._talk("<"), *units, self._talk(">")]

    def _told(self, one: Placed) -> Iterator[Turn]:
        for line in one.block.lines:
            text = self._words.filled(self._worded(line.wordings), one.occasion)
            evidence = (one.block.name, one.occasion.number, line.label) if line.label else None
            yield Turn(speaker=self._people[line.who], text=text, evidence=evidence)

    def _worded(self, wordings: tuple[str, ...]) -> str:
        return wordings[(self._wordings.randrange(len(wordings)) + self._number) % len(wordings)]

    def _decoy(self, lines: tuple[Line, ...]) -> list[Turn]:
        occasion = Occasion(number=0, words={})
        turns = [
            Turn(speaker=self._people[line.who], text=self._words.filled(line.wordings[0], occasion)) for line in lines
        ]
        if len(turns) == 1 and not self._script.monologue:
            others = [person for person in self._people.values() if person != turns[0].speaker]
            turns.append(Turn(speaker=self._choice.choice(others), text=self._choice.choice(self._common.reactions)))
        return turns

    def _talk(self, mark: str) -> list[Turn]:
        """Return an exchange of common talk, none twice."""
        while True:
            lines = self._choice.choice(self._common.talk[mark])
            people = dict(
                zip("AB", self._choice.sample(sorted(self._people.values()), len(self._people)), strict=False)
            )
            turns = [Turn(speaker=people[line.who], text=self._words.talk(line.wordings[0])) for line in lines]
            key = turns[0].text + turns[-1].text
            if key not in self._said or mark != "%":
                self._said.add(key)
                return turns

    def _questions(self, one: Placed, placed: list[Placed], evidence: Evidence) -> Iterator[dict[str, Any]]:
        times = [other for other in placed if other.block is one.block]
        for place, asked in enumerate(one.block.asked):
            wording = asked.wordings[(place + one.occasion.number + self._number) % len(asked.wordings)]
            if not self._is_asked(place, asked, one, wording):
                continue
            question = self._words.filled(wording, one.occasion)
            same = [other for other in times if self._words.filled(wording, other.occasion) == question]
            meant = times if asked.each else same
            answers = [self._words.filled(asked.answer, other.occasion) for other in meant]
            yield {
                "question": question,
                "answer": "; ".join(dict.fromkeys(answers)),
                "evidence": self._evidence(asked, meant, evidence),
                "category": asked.category,
            }

    def _is_asked(self, place: int, asked: Asked, one: Placed, wording: str) -> bool:
        """Whether a question is asked at this time of its block; days are asked for only where there are any."""
        if self._script.undated and ("{month}" in wording or "{day}" in wording):
            return False
        if asked.each:
            return one.occasion.number == 0
        return (one.occasion.number + place + self._number) % one.block.times < _OF_A_SERIES

    def _evidence(self, asked: Asked, meant: list[Placed], evidence: Evidence) -> list[str]:
        found = [turn for other in asked.others for turn in evidence.of(other)]
        for one in meant:
            found += evidence.of(one.block.name, time=one.occasion.number, labels=asked.labels)
        return sorted(set(found), key=_place_of)


def _dealt(items: Iterable[tuple[Line, ...]], hands: int, choice: Random) -> list[list[tuple[Line, ...]]]:
    """Deal exchanges out to the sessions, in any order."""
    shuffled = list(items)
    choice.shuffle(shuffled)
    return [shuffled[hand::hands] for hand in range(hands)]


def _numbered(turns: list[Turn], session: int, evidence: Evidence) -> Iterator[dict[str, str]]:
    for number, turn in enumerate(turns, start=1):
        name = f"D{session}:{number}"
        if turn.evidence is not None:
            evidence.ids[turn.evidence] = name
        yield {"speaker": turn.speaker, "dia_id": name, "text": turn.text}


def _place_of(turn: str) -> tuple[int, ...]:
    return tuple(map(int, turn[1:].split(":")))


if __name__ == "__main__":
    CONVERSATIONS.write_text(generated(), encoding="utf-8")
