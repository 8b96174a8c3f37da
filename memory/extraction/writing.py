"""What is decided of findings, as the changes of one commit, and a commit as what was learned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from typing import Literal

from contracts.memories import (
    MAX_TAGS,
    Memory,
    MemoryCommit,
    MemoryDraft,
    MemoryRevision,
    MemorySource,
)
from contracts.remembering import ExtractionRequest, Learned
from contracts.state import Json
from memory.extraction.consolidation import Decision
from memory.extraction.likes import SUBJECT
from memory.extraction.persons import name_of
from memory.extraction.subjects import settled

USES, SOURCES = "uses", "sources"
_MOST_SOURCES = 20
_MOST_ENTITIES = 64
_TAG_CHARS = 100
_SPEAKER_CHARS = 200
# So much nearer to 1 is what was said again.
_RAISED = 0.1


def commit_of(decisions: Sequence[Decision], request: ExtractionRequest, *, extractor: str) -> MemoryCommit:
    """Return the one commit that writes what was decided, with the key and the digest of its conversation."""
    caller = request.caller
    return MemoryCommit(
        drafts=tuple(_draft(one, request) for one in decisions if one.target is None),
        revisions=tuple(_revisions(decisions, request)),
        tenant=caller.tenant,
        branch=caller.branch,
        author=caller.author(f"learned by {extractor}"),
        agent=request.scope.agent,
        session=request.scope.session,
        idempotency_key=request.key,
        digest=digest_of(request),
    )


def digest_of(request: ExtractionRequest) -> str:
    """Return the digest of a conversation: of what was said and for whom it is learned, not of when it is asked."""
    said = [[one.index, one.speaker, one.role, one.text] for one in request.utterances]
    content = json.dumps([request.scope.key, said], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def learned(memories: Iterable[Memory]) -> tuple[Learned, ...]:
    """Return what was learned, from the versions that a commit wrote: so a repeat of it says the same."""
    return tuple(Learned(id=one.id, version=one.version, text=one.text, how=_how(one)) for one in memories)


def _how(memory: Memory) -> Literal["added", "merged", "superseded", "review"]:
    if memory.version > 1:
        return "merged"
    if memory.status == "review":
        return "review"
    return "superseded" if memory.supersedes else "added"


def _draft(decision: Decision, request: ExtractionRequest) -> MemoryDraft:
    candidate = decision.candidate
    in_doubt = decision.how == "review"
    return MemoryDraft(
        text=candidate.text,
        scope=request.scope,
        kind=candidate.kind,
        speaker=candidate.speaker[:_SPEAKER_CHARS] if candidate.speaker else None,
        tags=tuple(tag[:_TAG_CHARS] for tag in candidate.tags if tag)[:MAX_TAGS],
        entities=candidate.entities[:_MOST_ENTITIES],
        importance=candidate.importance,
        status="review" if in_doubt else "active",
        doubt=decision.doubt[:500] if decision.doubt else None,
        supersedes=tuple(memory.id for memory in decision.others),
        happened_at=candidate.happened_at,
        source=_source(decision, request),
        metadata=_metadata(decision, request),
    )


def _metadata(decision: Decision, request: ExtractionRequest) -> dict[str, Json]:
    candidate = decision.candidate
    matter = settled(candidate.text, me=name_of(request.scope.user or request.caller.scope.user))
    subject = candidate.subject or (matter.subject if matter else None)
    return {"confidence": round(candidate.confidence, 3)} | ({SUBJECT: subject} if subject else {})


def _source(decision: Decision, request: ExtractionRequest) -> MemorySource:
    messages = decision.candidate.messages
    turns = {utterance.index: utterance.turn for utterance in request.utterances}
    return MemorySource(
        run=request.caller.run,
        execution=request.executions[-1] if request.executions else None,
        turn=min((turns[index] for index in messages if index in turns), default=None),
        messages=messages,
        thread=request.thread,
    )


def _revisions(decisions: Iterable[Decision], request: ExtractionRequest) -> Iterable[MemoryRevision]:
    """One for each memory that findings are merged into."""
    merged: dict[str, list[Decision]] = {}
    for decision in decisions:
        if decision.target is not None:
            merged.setdefault(decision.target.id, []).append(decision)
    for together in merged.values():
        memory = together[0].target
        if memory is not None:
            yield _revision(memory, together, request)


def _revision(memory: Memory, together: Sequence[Decision], request: ExtractionRequest) -> MemoryRevision:
    found = [decision.candidate for decision in together]
    importance = max(memory.importance, *(candidate.importance for candidate in found))
    entities = dict.fromkeys((*memory.entities, *(name for candidate in found for name in candidate.entities)))
    tags = dict.fromkeys((*memory.tags, *(tag[:_TAG_CHARS] for candidate in found for tag in candidate.tags if tag)))
    return MemoryRevision(
        id=memory.id,
        expect=memory.version,
        importance=round(importance + (1 - importance) * _RAISED, 4),
        tags=tuple(tags)[:MAX_TAGS],
        entities=tuple(entities)[:_MOST_ENTITIES],
        metadata=memory.metadata | _used(memory, together, request),
    )


def _used(memory: Memory, together: Sequence[Decision], request: ExtractionRequest) -> dict[str, Json]:
    messages = sorted({index for decision in together for index in decision.candidate.messages})
    before = memory.metadata.get(SOURCES, [])
    uses = memory.metadata.get(USES, 1)
    source: dict[str, Json] = {"run": request.caller.run, "thread": request.thread, "messages": list(messages)}
    return {
        USES: (uses if isinstance(uses, int) else 1) + len(together),
        SOURCES: [*(before if isinstance(before, list) else []), source][-_MOST_SOURCES:],
    }
