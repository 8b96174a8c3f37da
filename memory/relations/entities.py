"""What a text names: people, places, titles, dates. By rules and without a model, so the same text names the same.

A capital letter inside a sentence makes a name; at its beginning it says nothing, unless more speaks for it: a second
capitalised word, "'s", or the same word elsewhere. Scripts without capital letters are left to quotes, tags and what
is given.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from contracts.relations import ENTITY
from memory.relations.common_words import COMMON_WORDS, CONNECTORS, MONTHS

MOST_ENTITIES = 64
_LONGEST_NAME = 200
_MOST_WORDS = 6
# A long text names the same again and again, or is a listing.
_MOST_CHARS = 8_000
_WORD = re.compile(r"[^\W_]+(?:['&.+-][^\W_]+)*|&")
_ENDS_SENTENCE = re.compile(r"[.!?:;\n\"“”«»•—…*>|]")
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "st", "prof"})
_QUOTED = re.compile(r"[\"“«]([^\"“”«»\n]{2,80})[\"”»]")
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_DATES = (
    re.compile(r"\b(?P<year>[12]\d{3})-(?P<month>0[1-9]|1[0-2])(?:-(?P<day>0[1-9]|[12]\d|3[01]))?\b"),
    re.compile(rf"\b(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?: of)? (?P<month>{_MONTH})\.?,? (?P<year>[12]\d{{3}})\b", re.I),
    re.compile(rf"\b(?P<month>{_MONTH})\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>[12]\d{{3}})\b", re.I),
    re.compile(rf"\b(?P<month>{_MONTH})\.?,? (?P<year>[12]\d{{3}})\b", re.I),
)


class _Word(NamedTuple):
    text: str
    first: bool
    joined: bool

    @property
    def lower(self) -> str:
        return self.text.casefold()

    @property
    def own(self) -> bool:
        """Whether it is written as a name wherever it stands: "iPhone", "NASA", "GPT-5"."""
        return any(letter.isupper() for letter in self.text[1:]) and len(self.text) > 1

    @property
    def capital(self) -> bool:
        return self.text[0].isupper() or self.own

    @property
    def common(self) -> bool:
        return self.lower.partition("'")[0] in COMMON_WORDS


def entities_of(text: str, speaker: str | None, tags: Sequence[str]) -> tuple[str, ...]:
    """Return what a text names, as it is written there, each once: who says it, tags, quotes, dates, names.

    Args:
        text: what is said.
        speaker: who says it.
        tags: words that were put on it.
    """
    text = text[:_MOST_CHARS].replace("\u2019", "'")
    given = [*([speaker] if speaker else ()), *tags]
    return _distinct((*given, *_quoted(text), *_dates(text), *_names(_QUOTED.sub(" . ", text))))


def entity_node(name: str) -> str:
    """Return the node of an entity: its name in lower case, without "'s", with single spaces."""
    plain = " ".join(unicodedata.normalize("NFKC", name).replace("\u2019", "'").casefold().split())
    return ENTITY + plain.removeprefix("#").removesuffix("'s").strip(" .,;:!?'\"")[:_LONGEST_NAME]


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for name in names:
        if len(name) <= _LONGEST_NAME and (node := entity_node(name)) != ENTITY:
            found.setdefault(node, " ".join(name.split()))
    return tuple(found.values())[:MOST_ENTITIES]


def _quoted(text: str) -> Iterator[str]:
    """Titles in quotes. A quoted sentence is none: it ends as sentences do, or is long."""
    for match in _QUOTED.finditer(text):
        inner = match[1].strip().rstrip(",")
        if inner and inner[-1] not in ".!?…" and len(inner.split()) <= _MOST_WORDS:
            yield inner


def _dates(text: str) -> Iterator[str]:
    """Dates with a year, as ISO 8601 writes them ("2023-05-08", "2023-05")."""
    for pattern in _DATES:
        for match in pattern.finditer(text):
            part = match.groupdict()
            month = int(MONTHS.get(part["month"].casefold(), part["month"]))
            day = part.get("day")
            if day is None or 1 <= int(day) <= 31:
                yield f"{part['year']}-{month:02}" + (f"-{int(day):02}" if day else "")
        text = pattern.sub(" ", text)


def _names(text: str) -> Iterator[str]:
    words = list(_words(text))
    if sum(word.capital for word in words) > max(_MOST_WORDS, 0.75 * len(words)):
        return  # A heading, or shouting: its capitals tell nothing.
    sure, doubtful = set[str](), list[str]()
    for span in map(_trimmed, _spans(words)):
        if not 1 <= len(span) <= _MOST_WORDS:
            continue
        name = " ".join(word.text for word in span).removesuffix("'s")
        if len(span) == 1 and _is_doubtful(span[0]):
            doubtful.append(name)
        else:
            sure.update(name.split())
            yield name
    yield from (name for name in doubtful if name in sure)


def _is_doubtful(word: _Word) -> bool:
    """Whether nothing but its place in the sentence may have given it its capital."""
    return word.first and not (word.own or word.text.endswith("'s"))


def _words(text: str) -> Iterator[_Word]:
    end, before = 0, ""
    for match in _WORD.finditer(text):
        gap = text[end : match.start()]
        short = gap == ". " and (len(before) == 1 or before.casefold() in _TITLES)
        first = end == 0 or (bool(_ENDS_SENTENCE.search(gap)) and not short)
        yield _Word(match[0], first, joined=end > 0 and (gap == " " or short))
        end, before = match.end(), match[0]


def _spans(words: Sequence[_Word]) -> Iterator[list[_Word]]:
    """Runs of capitalised words, with what joins them ("Bank of America")."""
    span: list[_Word] = []
    for word in words:
        if span and not word.joined:
            yield span
            span = []
        if word.capital or (span and word.lower in CONNECTORS):
            span.append(word)
        elif span:
            yield span
            span = []
    if span:
        yield span


def _trimmed(span: list[_Word]) -> list[_Word]:
    """Leave out what stands before a name and after it, and numbers that stand alone."""
    start, end = 0, len(span)
    while start < end and (span[start].common or not span[start].capital):
        start += 1
    while end > start and (not span[end - 1].capital or span[end - 1].common):
        end -= 1
    return span[start:end]
