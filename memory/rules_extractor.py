"""Extraction without a model: sentences that state something, by rules. The same conversation gives the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import datetime

from contracts.memories import Memory
from contracts.remembering import Candidate, ExtractionRequest, Utterance
from memory.extraction.languages import says_of_themselves
from memory.extraction.persons import name_of, speaker_of, told
from memory.extraction.rules import Judgement, judged
from memory.extraction.sentences import sentences
from memory.extraction.subjects import settled
from memory.extraction.times import dated
from memory.relations.entities import entities_of

# More is read in a thread, so that heartbeats go on meanwhile: 100,000 characters take 0.2 s.
_INLINE_CHARS = 20_000
_QUOTED = Judgement(text="", kind="semantic", importance=0.5, confidence=0.6, tag="fact")


class RulesExtractor:
    """See `Extractor`. It asks nobody, and ignores what is known: comparing is the learner's."""

    @property
    def name(self) -> str:
        """See `Extractor.name`."""
        return "rules"

    async def extract(
        self,
        request: ExtractionRequest,
        *,
        known: Sequence[Memory],  # noqa: ARG002 - of no use to rules
    ) -> tuple[Candidate, ...]:
        """See `Extractor.extract`."""
        if sum(len(utterance.text) for utterance in request.utterances) <= _INLINE_CHARS:
            return _found(request)
        return await asyncio.to_thread(_found, request)


def _found(request: ExtractionRequest) -> tuple[Candidate, ...]:
    return tuple(found for utterance in request.utterances for found in _candidates(utterance, request))


def _candidates(utterance: Utterance, request: ExtractionRequest) -> Iterator[Candidate]:
    speaker = speaker_of(utterance, request)
    said = utterance.at or request.now
    me = name_of(request.scope.user or request.caller.scope.user)
    for sentence in sentences(utterance.text):
        judgement = judged(sentence, role=utterance.role)
        if judgement is not None:
            text, day = dated(_told(judgement, utterance, speaker), said)
            happened_at = day if judgement.kind == "episodic" and day is not None and day <= said else said
        elif utterance.role == "user" and says_of_themselves(sentence):
            judgement, text, happened_at = _QUOTED, f'{name_of(speaker)} said: "{sentence}"', said
        else:
            continue
        yield _candidate(judgement, text, happened_at, utterance=utterance, speaker=speaker, me=me)


def _told(judgement: Judgement, utterance: Utterance, speaker: str | None) -> str:
    """Procedures say what agents are to do: "my approval" is the user's there, but "I" is nobody else's."""
    name = name_of(speaker) if utterance.role == "user" else (speaker or "The agent")
    return told(judgement.text, name)


def _candidate(
    judgement: Judgement, text: str, happened_at: datetime, *, utterance: Utterance, speaker: str | None, me: str
) -> Candidate:
    matter = settled(text, me=me)
    tags = () if judgement.tag == "fact" else (judgement.tag,)
    return Candidate(
        text=text,
        kind=judgement.kind,
        speaker=speaker,
        tags=tags,
        entities=entities_of(text, speaker, ()),
        importance=judgement.importance,
        confidence=judgement.confidence,
        happened_at=happened_at,
        messages=(utterance.index,),
        subject=matter.subject if matter else None,
    )
