"""Chat logs as plain text: which form a file has, and the messages in it.

The form that most lines have is that of the file. A line without it goes on with the message before; what stands before
the first message, or begins like a message and is none, is told with its number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from perdure.transfer import chat_times
from perdure.transfer.chat_times import DATE, STAMP, TIME
from perdure.transfer.messages import Conversation, Fault, Message

_NAME = r"(?P<name>[^:\n]{1,80}?)"
_ROLES = r"(?P<name>user|human|assistant|ai|bot|agent|system|tool|developer)"
# Left-to-right and other marks that phones write around dates.
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# A thin or narrow space before "PM".
_SPACES = re.compile("[\u00a0\u2009\u202f]")
_DAY = re.compile(rf"\W*(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day,?\s+)?(?P<date>{DATE})\W*", re.IGNORECASE)
_STAMPED = re.compile(rf"\[?{STAMP}")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a message begins.

    Attributes:
        name: how people are told of it.
        head: matches the beginning of a message; what follows it is its text.
        near: matches what begins like a message: where `head` does not match, the line is faulty.
    """

    name: str
    head: re.Pattern[str]
    near: re.Pattern[str] | None = None


def _form(name: str, head: str, *, near: str | None = None) -> Form:
    return Form(
        name=name,
        head=re.compile(head, re.IGNORECASE),
        near=None if near is None else re.compile(near, re.IGNORECASE),
    )


FORMS = (
    _form("[TIME] NAME: TEXT", rf"\[{STAMP}\]\s*(?:-\s*)?<?{_NAME}>?:(?:\s|$)", near=r"\[\s*\d[^\]]*\]"),
    _form("TIME - NAME: TEXT", rf"{STAMP}\s*[-\u2013\u2014]\s*{_NAME}:(?:\s|$)", near=rf"(?:{DATE})\b"),
    _form("TIME NAME: TEXT", rf"{STAMP}\s+<?{_NAME}>?:(?:\s|$)", near=rf"(?:{DATE})\b"),
    _form(
        "NAME (TIME): TEXT",
        rf"{_NAME}\s{{0,4}}\((?:{STAMP}|(?P<clock>{TIME}))\):(?:\s|$)",
        near=r"[^:(]{1,80}\(\d[^)]*\)",
    ),
    _form("[CLOCK] NAME: TEXT", rf"\[(?P<clock>{TIME})\]\s*<?{_NAME}>?:(?:\s|$)", near=r"\[\s*\d[^\]]*\]"),
    _form(
        "NAME  TIME, the text below",
        rf"(?P<name>\S[^:\n]{{0,78}}?)(?:\s{{2,8}}|\s(?=\[))\[?(?:{STAMP}|(?P<clock>{TIME}))\]?\s*$",
    ),
    _form("ROLE: TEXT", rf"(?:#+\s*|\*\*)?{_ROLES}(?:\*\*)?:(?:\*\*)?(?:\s|$)"),
    _form("NAME: TEXT", r"(?P<name>[^\W\d_][\w .'\u2019-]{0,40}):(?:\s|$)"),
)


@dataclass(kw_only=True)
class _Reading:
    """Where a reader of a log stands."""

    form: Form
    day_first: bool
    zone: tzinfo | None
    day: date | None
    messages: list[Message] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    last: datetime | None = None

    def line(self, number: int, line: str) -> None:
        """Take one line."""
        if (found := self.form.head.match(line)) is not None:
            self._begin(number, found, text=line[found.end() :])
        elif self._is_faulty(line):
            self.faults.append(Fault(line=number, why=f"begins like a message and is none: {line.strip()[:80]!r}"))
        elif (day := _DAY.fullmatch(line)) is not None and "clock" in self.form.head.groupindex:
            self._turn_page(number, day["date"])
        elif self.messages:
            message = self.messages.pop()
            self.messages.append(_longer(message, line))
        elif line.strip():
            self.faults.append(Fault(line=number, why=f"stands before the first message: {line.strip()[:80]!r}"))

    def _is_faulty(self, line: str) -> bool:
        return self.form.near is not None and self.form.near.match(line) is not None

    def _begin(self, number: int, found: re.Match[str], *, text: str) -> None:
        try:
            at = self._at(found.groupdict())
        except ValueError as error:
            self.faults.append(Fault(line=number, why=f"has no time that can be read ({error})"))
            return
        self.last = at or self.last
        self.messages.append(Message(line=number, speaker=found["name"].strip(), text=text.strip(), at=at))

    def _at(self, parts: dict[str, str | None]) -> datetime | None:
        if (day := parts.get("date")) is not None:
            when = chat_times.read_time(str(parts["time"]))
            read = chat_times.read_date(day, day_first=self.day_first)
            return chat_times.moment(read, when, zone=parts.get("zone"), default=self.zone)
        if (clock := parts.get("clock")) is None:
            return None
        when = chat_times.read_time(clock)
        return None if self.day is None else self._on_day(self.day, when)

    def _on_day(self, day: date, when: time) -> datetime:
        at = chat_times.moment(day, when, zone=None, default=self.zone)
        if self.last is not None and at < self.last - timedelta(hours=1):
            # The clock went back by more than messages that crossed: midnight has passed.
            self.day = day + timedelta(days=1)
            at += timedelta(days=1)
        return at

    def _turn_page(self, number: int, text: str) -> None:
        try:
            self.day, self.last = chat_times.read_date(text, day_first=self.day_first), None
        except ValueError as error:
            self.faults.append(Fault(line=number, why=f"is no day ({error})"))


def read(text: str, *, day: date | None = None, zone: tzinfo | None = None) -> Conversation | None:
    """Return the messages of a log; None where no line begins as a message does.

    Args:
        text: the whole file.
        day: the first day, for logs that tell only the time of day.
        zone: of times that have none; None is this machine's.
    """
    lines = [_SPACES.sub(" ", _MARKS.sub("", line)) for line in text.splitlines()]
    form = _form_of(lines)
    if form is None:
        return None
    dates, half_days = _dates(lines)
    reading = _Reading(form=form, day_first=chat_times.day_first(dates, half_days=half_days), zone=zone, day=day)
    for number, line in enumerate(lines, start=1):
        reading.line(number, line)
    messages, empty = _with_text(reading.messages)
    faults = sorted([*reading.faults, *empty], key=lambda fault: fault.line)
    return Conversation(form=form.name, messages=tuple(messages), faults=tuple(faults))


def _form_of(lines: Sequence[str]) -> Form | None:
    filled = [line for line in lines if line.strip()]
    counts = {form.name: sum(form.head.match(line) is not None for line in filled) for form in FORMS}
    best = max(FORMS, key=lambda form: counts[form.name])
    # Any prose has a line with a colon somewhere: where no role or time is told, half of the lines must begin so.
    if best is FORMS[-1] and counts[best.name] * 2 < len(filled):
        return None
    return best if counts[best.name] else None


def _dates(lines: Sequence[str]) -> tuple[Iterator[str], bool]:
    stamps = [found for line in lines if (found := _STAMPED.search(line)) is not None]
    return (found["date"] for found in stamps), any(re.search("[AaPp]", found["time"]) for found in stamps)


def _longer(message: Message, line: str) -> Message:
    text = f"{message.text}\n{line.rstrip()}" if message.text else line.rstrip()
    return Message(line=message.line, speaker=message.speaker, text=text, at=message.at)


def _with_text(messages: Sequence[Message]) -> tuple[list[Message], list[Fault]]:
    trimmed = [Message(line=one.line, speaker=one.speaker, text=one.text.strip(), at=one.at) for one in messages]
    empty = [Fault(line=message.line, why="has no text") for message in trimmed if not message.text]
    return [message for message in trimmed if message.text], empty
