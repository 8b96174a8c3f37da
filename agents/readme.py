"""The outline of a README: its headings, each with its first sentence. Knows Markdown and reStructuredText."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_FENCE = re.compile(r"^\s*(```|~~~)")
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^([=\-~^\"'*+#])\1{2,}\s*$")
# Lines that say nothing in words: images and badges, HTML, comments, tables, rules, directives.
_WORDLESS = re.compile(r"^\s*(!\[|\[!\[|<|\||\.\. |:\w+:|[-*_=]{3,}\s*$|\[[^\]]+\]:)")
_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+")
_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`\"“*_\[(])")
_LONGEST = 300


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and the first sentence under it, "" where there is none."""

    heading: str
    sentence: str


def outline(text: str) -> list[Section]:
    """Read a README's headings and first sentences, in order. Text before the first heading goes by "Opening"."""
    found: list[Section] = []
    heading, words = "Opening", list[str]()
    for title, line in _titled(_prose(text)):
        if title:
            found.append(_section(heading, words))
            heading, words = line, []
        else:
            words.append(line)
    found.append(_section(heading, words))
    return [one for one in found if one.sentence or one.heading != "Opening"]


def _prose(text: str) -> Iterator[str]:
    fenced = False
    for line in text.splitlines():
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield line


def _titled(lines: Iterator[str]) -> Iterator[tuple[bool, str]]:
    """Each line that says something, and whether it is a heading."""
    waiting = ""
    for line in lines:
        if match := _HEADING.match(line):
            yield False, waiting
            waiting = ""
            yield True, _without_links(match.group(1))
        elif _UNDERLINE.match(line) and waiting:
            yield True, _without_links(waiting)
            waiting = ""
        else:
            yield False, waiting
            waiting = "" if _WORDLESS.match(line) else line.strip()
    yield False, waiting


def _section(heading: str, lines: list[str]) -> Section:
    """Take the first sentence of the first paragraph or list item; empty lines separate paragraphs."""
    words: list[str] = []
    for line in lines:
        if words and (not line or _ITEM.match(line)):
            break
        if line:
            words.append(_ITEM.sub("", line))
    sentence = _SENTENCE_END.split(_without_links(" ".join(words)), maxsplit=1)[0]
    if len(sentence) > _LONGEST:
        sentence = sentence[: _LONGEST - 1].rstrip() + "…"
    return Section(heading=heading, sentence=sentence)


def _without_links(text: str) -> str:
    return _LINK.sub(r"\1", text).strip()
