"""Who "I" is: what was said in the first person becomes a statement about the speaker, so that it stands by itself."""

from __future__ import annotations

import re

from contracts.remembering import ExtractionRequest, Utterance
from memory.extraction.words import ADVERBS, is_past, vocabulary

THE_USER = "The user"
_NAMES_USER = frozenset({"", "user", "you", "human", "me", "user_proxy", "customer"})
_NAME = re.compile(r"[^\W\d_][^\W\d_.'-]*(?:[ '.-][^\W\d_]+){0,3}")
_ADVERB = "|".join(("no longer", *sorted((word for word in ADVERBS if len(word) > 2), key=len, reverse=True)))
_FIXED = {"am": "is", "have": "has", "do": "does", "don't": "doesn't", "haven't": "hasn't"}
_UNCHANGED = vocabulary(
    "can could may might must shall should will would can't cannot couldn't won't wouldn't shouldn't mustn't"
    " didn't wasn't"
    " hadn't and or but who was had"
)
_SHORT = {"'m": "is", "'ve": "has", "'ll": "will", "'d": "would"}
_SUBJECT = re.compile(
    rf"(?<!and )(?<!or )\bI\b(?P<short>'m|'ve|'ll|'d)?(?P<adverbs>(?: (?:{_ADVERB}))*)(?P<verb> (?!(?:and|or"
    rf"|but|who)\b)[A-Za-z]+(?:'t)?)?"
)
_SECOND = re.compile(
    r"\b(and|but|or) (live|work|have|am|like|love|hate|enjoy|prefer|use|own|speak|study|play|run|teach|drive)\b"
)
_OTHERS = re.compile(r"\b(my|mine|me|myself)\b", re.I)


def speaker_of(utterance: Utterance, request: ExtractionRequest) -> str | None:
    """Return who said it: the user whom the request names where the conversation says only "user"."""
    if utterance.role == "user" and utterance.speaker.casefold() in _NAMES_USER:
        return request.scope.user or request.caller.scope.user
    return utterance.speaker or None


def name_of(speaker: str | None) -> str:
    """Return how statements name a speaker: by a name, "The user" where all there is is an address or a number."""
    if speaker is None or len(speaker) > 40 or not _NAME.fullmatch(speaker):
        return THE_USER
    return speaker.title() if speaker.islower() else speaker


def told(sentence: str, name: str) -> str:
    """Return a sentence of the first person as one about somebody: "I live here" -> "Ada lives here"."""
    about = _SUBJECT.sub(lambda match: _subject(match, name), sentence)
    if about != sentence:
        about = _SECOND.sub(lambda match: f"{match[1]} {_third(match[2])}", about)
    about = re.sub(r"\bI\b(?!['.])", name, about)
    about = _OTHERS.sub(lambda match: _other(match[0].lower(), name), about)
    return about[:1].upper() + about[1:]


def _subject(match: re.Match[str], name: str) -> str:
    short, adverbs, verb = match["short"], match["adverbs"], (match["verb"] or "").strip()
    if short is not None:
        return f"{name} {_SHORT[short]}{adverbs}" + (f" {verb}" if verb else "")
    return f"{name}{adverbs}" + (f" {_third(verb)}" if verb else "")


def _third(verb: str) -> str:
    lower = verb.lower()
    if lower in _FIXED:
        return _FIXED[lower]
    if lower in _UNCHANGED or lower in ADVERBS or is_past(lower):
        return verb
    if lower.endswith("y") and lower[-2:-1] not in "aeiou":
        return verb[:-1] + "ies"
    return verb + ("es" if lower.endswith(("ch", "sh", "s", "x", "o", "z")) else "s")


def _other(word: str, name: str) -> str:
    return name if word in {"me", "myself"} else f"{name}'s"
