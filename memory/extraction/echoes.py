"""What agents and tools repeat of what somebody else said before: "I moved to Porto", read out, is no agent's move."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from rapidfuzz import fuzz, process

from contracts.remembering import ExtractionRequest, Utterance
from memory.extraction.likeness import gist
from memory.extraction.sentences import sentences
from memory.extraction.words import plain

_FIRST_PERSON = re.compile(r"\b(?:i|my|mine|me|myself|we|our|ours|us)\b", re.I)
# Shorter sentences stand in longer ones by chance: "I checked it".
_LEAST_QUOTED_WORDS = 4
# Of 100: the same but for a comma or a mistyped letter.
_LEAST_LIKENESS = 90
# What is compared stays bounded in the longest conversation.
_MOST_HEARD = 500


def without_echoes(request: ExtractionRequest) -> ExtractionRequest:
    """Return a conversation without the sentences of the first person that their speaker only repeats.

    What people say stays: two of them may be allergic to nuts.
    """
    heard: dict[str, str] = {}
    utterances = tuple(_own_words(request.utterances, heard))
    return request if utterances == request.utterances else request.model_copy(update={"utterances": utterances})


def _own_words(utterances: Iterable[Utterance], heard: dict[str, str]) -> Iterator[Utterance]:
    for utterance in utterances:
        said = list(sentences(utterance.text))
        kept = said if utterance.role == "user" else _new(said, utterance.speaker, heard)
        for text in _of_themselves(kept):
            if len(heard) < _MOST_HEARD:
                heard.setdefault(text, utterance.speaker)
        if len(kept) == len(said):
            yield utterance
        elif kept:
            yield utterance.model_copy(update={"text": "\n".join(kept)})


def _new(said: list[str], speaker: str, heard: Mapping[str, str]) -> list[str]:
    others = [text for text, first in heard.items() if first != speaker]
    return [sentence for sentence in said if not _is_echo(sentence, others)] if others else said


def _of_themselves(said: Iterable[str]) -> Iterator[str]:
    return (_bare(sentence) for sentence in said if _FIRST_PERSON.search(sentence))


def _is_echo(sentence: str, others: list[str]) -> bool:
    if not _FIRST_PERSON.search(sentence):
        return False
    text = _bare(sentence)
    return any(_quotes(text, other) for other in others) or _is_nearly(text, others)


def _quotes(text: str, other: str) -> bool:
    """Whether a sentence holds another as it was said, or is its beginning."""
    inner, outer = sorted((text, other), key=len)
    if inner == outer:
        return True
    if inner.count(" ") + 1 < _LEAST_QUOTED_WORDS:
        return False
    place = f" {outer} ".find(f" {inner} ")
    return place == 0 or (place > 0 and inner == other)


def _is_nearly(text: str, others: list[str]) -> bool:
    """Whether it is another sentence but for how it is written: invoice 18 is not invoice 17."""
    about = gist(text)
    near = process.extract(text, others, scorer=fuzz.ratio, score_cutoff=_LEAST_LIKENESS)
    alike = (gist(other) for other, *_ in near)
    return any((one.particulars, one.negated) == (about.particulars, about.negated) for one in alike)


def _bare(sentence: str) -> str:
    """Its words in plain form, without the signs between them."""
    return " ".join(re.sub(r"[^\w'@/.-]+|[.'-]+(?!\w)|(?<!\w)[.'-]+", " ", plain(sentence)).split())
