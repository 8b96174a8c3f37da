"""From a model's answer to findings: who said it, in which messages. What no message says is not believed."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.memories import MemoryKind
from contracts.remembering import Candidate, ExtractionRequest, Utterance
from memory.extraction.likeness import gist
from memory.extraction.persons import THE_USER, name_of, speaker_of
from memory.extraction.rules import judged
from memory.extraction.subjects import settled
from memory.extraction.times import dated
from memory.relations.entities import entities_of

_MOST_ITEMS = 200
_USER = re.compile(r"\b(?:[Tt]he user|User)\b(?! id| name|name)")
_FENCED = re.compile(r"^\s*```[a-z]*\s*\n(.*?)\n?\s*```\s*$", re.S)
_THOUGHT = re.compile(r"<think>.*?</think>", re.S)
# So much of what a memory says must stand in a message, if the model does not name it.
_LEAST_SHARED = 0.3
_CONFIDENCE = 0.8
_MOST_SOURCES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer.

    Attributes:
        items: the memories in it, each with a "text".
        is_readable: whether it is a list of memories, an empty one too.
    """

    items: tuple[dict[str, Any], ...]
    is_readable: bool


def answer_of(said: str) -> Answer:
    """Read an answer; what in it is no memory is left out."""
    text = _THOUGHT.sub("", said).strip()
    fenced = _FENCED.match(text)
    try:
        value = json.loads(fenced[1] if fenced else text, strict=False)
    except (ValueError, RecursionError):
        return Answer((), is_readable=False)
    items = value.get("memory") if isinstance(value, dict) else None
    if not isinstance(items, list):
        return Answer((), is_readable=False)
    found = tuple(item for item in items[:_MOST_ITEMS] if isinstance(item, dict) and _is_text(item.get("text")))
    return Answer(found, is_readable=bool(found) or not items)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def candidates_of(texts: Sequence[str], answer: Answer, request: ExtractionRequest) -> tuple[Candidate, ...]:
    """Return findings for the texts that mem0 kept of an answer."""
    items = {item["text"]: item for item in answer.items}
    return tuple(_candidate(text, items.get(text, {}), request) for text in texts)


def _candidate(said_text: str, item: Mapping[str, Any], request: ExtractionRequest) -> Candidate:
    me = name_of(request.scope.user or request.caller.scope.user)
    # mem0 calls everybody "User"; with a name it is the statement that the rules would make.
    text = _USER.sub(me, said_text) if me != THE_USER else said_text
    sources = _sources(said_text, item, request.utterances)
    first = sources[0] if sources else None
    said = (first.at if first else None) or request.now
    speaker = None if first is None else speaker_of(first, request)
    matter = settled(text, me=me)
    kind, tags = _kind(text)
    return Candidate(
        text=text,
        kind=kind,
        speaker=speaker,
        tags=tags,
        entities=entities_of(text, speaker, ()),
        importance=0.6,
        confidence=_confidence(item.get("confidence")),
        happened_at=_happened_at(text, said) if kind == "episodic" else said,
        messages=tuple(utterance.index for utterance in sources),
        subject=matter.subject if matter else None,
    )


def _happened_at(text: str, said: datetime) -> datetime:
    """The day that a text names, unless it is still to come; else when it was said."""
    day = dated(text, said).day
    return day if day is not None and day <= said else said


def _kind(text: str) -> tuple[MemoryKind, tuple[str, ...]]:
    """mem0 knows no kinds: the rules say what a statement is, in its own words."""
    judgement = judged(text, role="user")
    if judgement is None:
        return "semantic", ()
    return judgement.kind, () if judgement.tag == "fact" else (judgement.tag,)


def _confidence(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        return _CONFIDENCE
    return float(value)


def _sources(text: str, item: Mapping[str, Any], utterances: Sequence[Utterance]) -> tuple[Utterance, ...]:
    """The messages that the model names, as far as they share a word with the memory; else those that share most."""
    named = item.get("messages")
    numbers = set(map(str, named)) if isinstance(named, list) else set()
    shares = [(utterance, _shared(text, utterance.text)) for utterance in utterances]
    chosen = tuple(utterance for utterance, share in shares if str(utterance.index) in numbers and share > 0)
    if chosen:
        return chosen
    return _likeliest([pair for pair in shares if _fits(pair[0], item)])


def _likeliest(shares: Iterable[tuple[Utterance, float]]) -> tuple[Utterance, ...]:
    likely = [pair for pair in shares if pair[1] >= _LEAST_SHARED]
    best = sorted(likely, key=lambda pair: (-pair[1], pair[0].index))[:1]
    return tuple(utterance for utterance, _ in best)


def _fits(utterance: Utterance, item: Mapping[str, Any]) -> bool:
    return item.get("attributed_to") != "user" or utterance.role == "user"


def _shared(text: str, said: str) -> float:
    words = gist(text).stems
    return len(words & gist(said[:20_000]).stems) / max(len(words), 1)
