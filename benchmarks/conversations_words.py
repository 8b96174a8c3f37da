"""Fills the slots of a script: people, values, and days as people name them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

_SLOT = re.compile(r"\{([a-z_]+|[A-D])(\d?)(#?)\}")
_BEGINS = re.compile(r"(^|[.?!] )([a-z])")
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]


def day_of(day: date) -> str:
    """Return a day as "24 June"; `strftime` would depend on the machine's language."""
    return f"{day.day} {_MONTHS[day.month - 1]}"


def date_of(day: date) -> str:
    """Return a day as "24 June, 2024"."""
    return f"{day_of(day)}, {day.year}"


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """When a block is told: the how manieth time, and what "last Friday" means then."""

    number: int
    words: Mapping[str, str]

    @classmethod
    def of(cls, number: int, day: date | None, choice: Random) -> Occasion:
        """Return the occasion of a day; one without a day knows no days."""
        if day is None:
            return cls(number=number, words={})
        past, before = choice.choice(_past(day))
        coming, ahead = choice.choice(_future(day, choice))
        return cls(
            number=number,
            words={
                "month": f"{_MONTHS[day.month - 1]} {day.year}",
                "day": day_of(day),
                "ago": past,
                "ago_date": date_of(before),
                "ahead": coming,
                "ahead_date": date_of(ahead),
                "ahead_day": day_of(ahead),
            },
        )


def _past(day: date) -> list[tuple[str, date]]:
    back = (day.weekday() - 4) % 7 or 7
    named = (f"last {_WEEKDAYS[4]}", day - timedelta(days=back))
    days = (("yesterday", 1), ("the day before yesterday", 2), ("two weeks ago", 14), ("a week ago", 7))
    return [named, *((words, day - timedelta(days=many)) for words, many in days)]


def _future(day: date, choice: Random) -> list[tuple[str, date]]:
    weekday = choice.randrange(5)
    next_week = day + timedelta(days=7 - day.weekday() + weekday)
    later = day + timedelta(days=choice.randrange(18, 60))
    return [
        (f"next {_WEEKDAYS[weekday]}", next_week),
        ("the day after tomorrow", day + timedelta(days=2)),
        (day_of(later), later),
        (day_of(later), later),
    ]


class Words:
    """The values of one conversation: the same slot has the same value throughout."""

    def __init__(self, values: Mapping[str, Sequence[str]], people: Mapping[str, str], choice: Random) -> None:
        self._values = values
        self._people = people
        self._choice = choice
        self._drawn: dict[str, list[str]] = {}

    def filled(self, text: str, occasion: Occasion) -> str:
        """Return a text with its slots filled, sentences beginning with capitals."""

        def value(slot: re.Match[str]) -> str:
            return self._value(slot, occasion)

        return capitalised(_SLOT.sub(value, text))

    def _value(self, slot: re.Match[str], occasion: Occasion) -> str:
        name, number, each = slot.groups()
        if name in self._people:
            return self._people[name]
        if name in occasion.words:
            return occasion.words[name]
        order = self._order(name, f"{number}#" if each else "")
        return order[(occasion.number if each else int(number or 1) - 1) % len(order)]

    def _order(self, name: str, series: str) -> list[str]:
        """Return a slot's values in the order of this conversation: one for its single uses, one for each series."""
        drawn = self._drawn.get(name + series)
        if drawn is None:
            drawn = self._drawn[name + series] = self._choice.sample(self._values[name], len(self._values[name]))
        return drawn

    def talk(self, text: str) -> str:
        """Return a text with its slots filled anew each time."""

        def value(slot: re.Match[str]) -> str:
            name = slot.group(1)
            return self._people.get(name) or self._choice.choice(self._values[name])

        return capitalised(_SLOT.sub(value, text))


def capitalised(text: str) -> str:
    """Return a text whose sentences begin with capitals."""
    return _BEGINS.sub(lambda found: found.group(1) + found.group(2).upper(), text)
