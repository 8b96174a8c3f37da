"""Plain statements about something: a subject, a verb, and something that is said of it."""

from __future__ import annotations

import re
from typing import NamedTuple

from memory.extraction.words import ADVERBS, PRESENT, STOPPED, is_past, vocabulary

_TOKEN = re.compile(r"[^\s,;:()\"]+|,")
_MOST_SUBJECT_WORDS = 9
# These begin no subject that stands by itself.
_NO_SUBJECT = vocabulary(
    "it this that these those he she they you there here someone somebody everyone everybody everything"
    " something nothing nobody one"
    " what which who whoever whatever if when because although though while unless nice great good bad so"
    " such please then next"
)
_OPINIONS = vocabulary(
    "nice wrong right great good bad better best worse worst fine ok okay amazing funny interesting correct"
    " true false beautiful awesome"
    " perfect cool weird clear possible impossible important helpful useful easy hard difficult enough fun"
    " crazy lovely terrible horrible"
    " sad happy sorry okay unclear strange odd same different like matter matters way thing things idea"
    " point lot much many well useless"
    " understandable obvious bit little quite pretty rather fairly extremely totally completely"
)
_SAYS_NOTHING = STOPPED | _OPINIONS | ADVERBS | {","}
_AUXILIARY = vocabulary("is are was were has have had does do did will must should shall can")
_LISTENER = re.compile(r"\b(?:you|your|yours|you're|ya|u)\b", re.I)
_PARTICULAR = re.compile(r"\d|(?<=[\s\"'(])[A-Z](?!')\w|[\"\u201c]")
_OWN = frozenset({"my", "our", "the", "his", "her", "their", "its"})
_FIRST = frozenset({"i", "we", "i'm", "i've", "we're", "we've", "i'll", "we'll", *_OWN})
_EVENTFUL = re.compile(
    r"\b(?:yesterday|last (?:night|week|weekend|month|year|winter|spring|summer|autumn|fall)|ago|this"
    r" (?:morning|afternoon|week|month|spring|summer)|on (?:\d|monday|tuesday|wednesday|thursday|friday"
    r"|saturday|sunday)|in (?:\d{4}|january|february|march|april|may|june|july|august|september|october"
    r"|november|december))\b",
    re.I,
)
_STATES = vocabulary("was were had called named used born lived worked studied delivered installed built founded")


class Fact(NamedTuple):
    """`happened`: it tells of an event. `unclear`: what it speaks of is only known from what was said before."""

    happened: bool
    unclear: bool = False


def fact_in(text: str) -> Fact | None:
    """Return what kind of fact a sentence states; None where it states none."""
    tokens = _TOKEN.findall(text.rstrip(".!"))
    lower = [token.lower().removesuffix("'s") for token in tokens]
    if not tokens or (lower[0] in _NO_SUBJECT and not _it_is(lower)):
        return None
    verb = _verb(lower, tokens)
    if verb is None or _is_general(lower, verb, text) or not _says_something(lower[verb + 1 :], tokens[verb + 1 :]):
        return None
    return Fact(happened=_happened(lower, verb, text), unclear=_it_is(lower))


def _is_general(lower: list[str], verb: int, text: str) -> bool:
    """Whether it speaks of the one who listens, or of what holds of everything: "Books make us dream"."""
    if _LISTENER.search(text):
        return True
    subject = lower[:verb]
    if not subject or lower[0] in _FIRST or _PARTICULAR.search(text[1:]) or not _OWN.isdisjoint(lower):
        return False
    return lower[0].endswith(("s", "ing")) or "and" in subject or lower[0] == "life"


def _it_is(lower: list[str]) -> bool:
    """Whether it is a correction of what stands elsewhere: "It is Thursday, not Wednesday"."""
    return (lower[0] == "it" and len(lower) > 1 and lower[1] in {"is", "was", "isn't"}) or (
        lower[0] == "it" and "not" in lower
    )


def _verb(lower: list[str], tokens: list[str]) -> int | None:
    """Return where the verb stands, which has a subject before it."""
    shortened = tokens[0].lower() in {"i'm", "i've", "we're", "we've"}
    if shortened or tokens[0].lower() in {"it's"}:
        return 0
    for place in range(1, min(len(lower), _MOST_SUBJECT_WORDS)):
        word = lower[place]
        if tokens[place].endswith("'s") or word in ADVERBS:
            continue
        if word in PRESENT or is_past(word):
            return None if _noun(lower, place) else place
    return None


def _noun(lower: list[str], place: int) -> bool:
    """Whether what looks like a verb has an article right before it and nothing after it."""
    return lower[place - 1] in {"a", "an", "the", "my", "our", "your"} and place == len(lower) - 1


def _says_something(lower: list[str], tokens: list[str]) -> bool:
    content = [word for word in lower if word not in _SAYS_NOTHING]
    if len(content) == 1:
        return _says_alone(content[0], last=tokens[-1])
    return bool(content)


def _says_alone(word: str, *, last: str) -> bool:
    return word not in _AUXILIARY and (len(word) > 2 or word.isdigit() or last.isupper())


def _happened(lower: list[str], verb: int, text: str) -> bool:
    words = lower[verb : verb + 3]
    if not any(is_past(word) for word in words):
        return False
    if lower[verb] in {"is", "are", "'s", "has", "have"} or lower[0] in {"i'm", "i've", "we're"}:
        return False
    return words[0] not in _STATES or _EVENTFUL.search(text) is not None
