"""What was read of a file, as memories that are to be written. The same file gives the same ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from contracts.errors import BadRequest
from contracts.memories import MemoryDraft, MemoryScope, MemorySource
from perdure import checked
from perdure.transfer.messages import Conversation, Fault, Message, Statements

_MAX_SPEAKER, _MAX_THREAD = 200, 300


def of_conversation(
    found: Conversation, *, scope: MemoryScope, thread: str, document: str | None
) -> tuple[list[MemoryDraft], list[Fault]]:
    """Return each message as an episodic memory with its place in the thread, and messages that cannot be kept."""
    drafts: list[MemoryDraft] = []
    faults: list[Fault] = []
    for position, message in enumerate(found.messages):
        source = MemorySource(thread=thread[:_MAX_THREAD], position=position, document=document)
        try:
            drafts.append(_of_message(message, scope=scope, source=source))
        except BadRequest as error:
            faults.append(Fault(line=message.line, why=str(error)))
    return drafts, faults


def of_statements(found: Statements, *, document: str | None) -> list[MemoryDraft]:
    """Return the memories of a file; those that bring no id get one made of what they say."""
    return _once(_completed(draft, document=document) for draft in found.drafts)


def _of_message(message: Message, *, scope: MemoryScope, source: MemorySource) -> MemoryDraft:
    speaker = message.speaker and message.speaker[:_MAX_SPEAKER]
    said = (scope.key, source.thread, source.position, message.at, speaker, message.text)
    fields = {
        "id": _id("m", said),
        "text": message.text,
        "scope": scope,
        "kind": "episodic",
        "speaker": speaker,
        "happened_at": message.at,
        "source": source,
    }
    return checked.made(MemoryDraft, fields, what="the message")


def _completed(draft: MemoryDraft, *, document: str | None) -> MemoryDraft:
    id_ = draft.id or _id("s", (draft.scope.key, draft.kind, draft.speaker, draft.happened_at, draft.text))
    source = draft.source if draft.source != MemorySource() else MemorySource(document=document)
    return draft.model_copy(update={"id": id_, "source": source})


def _once(drafts: Iterable[MemoryDraft]) -> list[MemoryDraft]:
    """Return drafts by id; of those that say the same, the first."""
    found: dict[str | None, MemoryDraft] = {}
    for draft in drafts:
        if (known := found.setdefault(draft.id, draft)).text != draft.text:
            raise BadRequest(
                f"two memories have the id {draft.id!r}, and say {known.text[:40]!r} and {draft.text[:40]!r}"
            )
    return list(found.values())


def _id(kind: str, parts: Sequence[object]) -> str:
    content = "\x1f".join("" if part is None else str(part) for part in parts)
    return f"{kind}{hashlib.sha256(content.encode()).hexdigest()[:24]}"
