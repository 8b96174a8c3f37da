"""Documents, cut into passages: at headings, then at paragraphs, and long paragraphs at ends of sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FULL = 800
_MOST = 1_600
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s+(?P<title>.*?)\s*#*\s*$")
_SENTENCE = re.compile(r"(?<=[.!?\u2026\u3002])\s+")


@dataclass(frozen=True, kw_only=True)
class Passage:
    """A part of a document.

    Attributes:
        line: where it begins, from 1.
        heading: of its section; "" before the first one.
    """

    line: int
    heading: str
    text: str

    @property
    def found_by(self) -> str:
        """What it is found by: its text with its heading."""
        return f"{self.heading}\n{self.text}" if self.heading else self.text


def cut(document: str) -> Iterator[Passage]:
    """Yield the passages of a document in order. Small paragraphs of a section go together."""
    waiting: list[Passage] = []
    for paragraph in _paragraphs(document):
        size = sum(len(one.text) for one in waiting)
        if waiting and (waiting[0].heading != paragraph.heading or size + len(paragraph.text) > _FULL):
            yield _joined(waiting)
            waiting = []
        waiting.append(paragraph)
    if waiting:
        yield _joined(waiting)


def _paragraphs(document: str) -> Iterator[Passage]:
    heading, first, lines = "", 0, list[str]()
    for number, line in enumerate(document.splitlines(), start=1):
        title = _HEADING.match(line)
        if (title is not None or not line.strip()) and lines:
            yield from _pieces(first, heading, "\n".join(lines))
            lines = []
        if title is not None:
            heading = title["title"]
        elif line.strip():
            first = first if lines else number
            lines.append(line.rstrip())
    if lines:
        yield from _pieces(first, heading, "\n".join(lines))


def _pieces(line: int, heading: str, text: str) -> Iterator[Passage]:
    """Yield a paragraph, in pieces where it is long."""
    piece = ""
    for sentence in _sentences(text):
        if piece and len(piece) + len(sentence) > _MOST:
            yield Passage(line=line, heading=heading, text=piece)
            piece = ""
        piece = f"{piece} {sentence}" if piece else sentence
    if piece:
        yield Passage(line=line, heading=heading, text=piece)


def _sentences(text: str) -> Iterator[str]:
    if len(text) <= _MOST:
        yield text
        return
    for sentence in _SENTENCE.split(text):
        yield from (sentence[start : start + _MOST] for start in range(0, len(sentence), _MOST))


def _joined(passages: list[Passage]) -> Passage:
    first = passages[0]
    return Passage(line=first.line, heading=first.heading, text="\n\n".join(one.text for one in passages))
