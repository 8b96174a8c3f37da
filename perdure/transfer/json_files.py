"""JSON and JSON Lines of others: transcripts, mem0's export, and plain lists of memories."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from contracts.errors import BadRequest
from contracts.memories import MemoryDraft, MemoryScope
from contracts.texts import cut, sendable
from perdure import checked
from perdure.transfer.messages import Conversation, Fault, Message, Statements

_WRAPPERS = ("messages", "memories", "results", "conversation", "data", "items")
_SPEAKERS = ("name", "speaker", "username", "author", "user", "sender", "role")
_CONTENTS = ("content", "text", "message", "body", "value")
_TIMES = ("timestamp", "ts", "created_at", "time", "date", "happened_at")
_SCOPES = {
    "user": ("user", "user_id"),
    "agent": ("agent", "agent_id"),
    "team": ("team", "team_id"),
    "session": ("session", "session_id", "run_id"),
}
# mem0's own bookkeeping says nothing of a memory.
_PASSED_OVER = frozenset({"hash", "score", "event", "updated_at", "actor_id", "role"})
_KNOWN = {
    *MemoryDraft.model_fields,
    *(name for names in _SCOPES.values() for name in names),
    *_TIMES,
    *_PASSED_OVER,
    "memory",
    "categories",
}
# Seconds since 1970 are below this, milliseconds above.
_MILLISECONDS = 100_000_000_000


@dataclass(frozen=True, kw_only=True)
class Item:
    """One object of a file. `line`: its number, or that of its line in JSON Lines."""

    line: int
    value: Mapping[str, Any]


def read(text: str, *, scope: MemoryScope) -> Conversation | Statements | None:
    """Return what a JSON file holds; None where it is no JSON.

    Args:
        text: the whole file.
        scope: of memories that say none of their own.

    Raises:
        BadRequest: it is JSON, and neither messages nor memories.
    """
    if not text.lstrip().startswith(("{", "[")):
        return None
    found = _whole(text) or _lines(text)
    if found is None:
        return None
    items, faults = found
    kinds = [_kind(item.value) for item in items]
    kind = next((kind for kind in kinds if kind is not None), None)
    if kind is None:
        raise BadRequest(
            "the JSON holds neither messages nor memories: objects must have `role` and `content`, `memory`, or `text`"
        )
    if kind == "message":
        return _conversation(items, faults)
    return _statements(items, faults, scope=scope, form="mem0's export" if kind == "mem0" else "list of memories")


def _whole(text: str) -> tuple[list[Item], list[Fault]] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if isinstance(value, Mapping):
        value = next((value[name] for name in _WRAPPERS if isinstance(value.get(name), list)), [value])
    return _objects(enumerate(value, start=1), what="item")


def _lines(text: str) -> tuple[list[Item], list[Fault]] | None:
    """Return the objects of JSON Lines; None where the first line is none."""
    rows: list[tuple[int, Any]] = []
    faults: list[Fault] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            rows.append((number, json.loads(line)))
        except (ValueError, RecursionError) as error:
            if not rows:
                return None
            faults.append(Fault(line=number, why=f"is no JSON ({error})"))
    items, others = _objects(rows, what="line")
    return items, [*faults, *others]


def _objects(rows: Any, *, what: str) -> tuple[list[Item], list[Fault]]:
    items: list[Item] = []
    faults: list[Fault] = []
    for number, value in rows:
        if isinstance(value, Mapping):
            items.append(Item(line=number, value=_clean(value)))
        else:
            faults.append(Fault(line=number, why=f"the {what} is no object: {cut(json.dumps(value), 60)}"))
    return items, faults


def _clean(value: Any) -> Any:
    """Return a JSON value without characters that cannot be kept."""
    if isinstance(value, str):
        return sendable(value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return {_clean(name): _clean(item) for name, item in value.items()} if isinstance(value, dict) else value


def _kind(value: Mapping[str, Any]) -> str | None:
    if isinstance(value.get("memory"), str):
        return "mem0"
    if any(name in value for name in ("role", "content", "message", "ts", "timestamp")):
        return "message"
    return "draft" if isinstance(value.get("text"), str) else None


def _conversation(items: Sequence[Item], faults: Sequence[Fault]) -> Conversation:
    messages: list[Message] = []
    wrong = list(faults)
    for item in items:
        try:
            messages.append(_message(item))
        except ValueError as error:
            wrong.append(Fault(line=item.line, why=str(error)))
    return Conversation(form="JSON messages", messages=tuple(messages), faults=tuple(_by_line(wrong)))


def _message(item: Item) -> Message:
    text = _text(_first(item.value, _CONTENTS))
    if not text.strip():
        raise ValueError("has no text")
    speaker = _first(item.value, _SPEAKERS)
    return Message(
        line=item.line,
        speaker=str(speaker) if speaker else None,
        text=text.strip(),
        at=moment(_first(item.value, _TIMES)),
    )


def _statements(items: Sequence[Item], faults: Sequence[Fault], *, scope: MemoryScope, form: str) -> Statements:
    drafts: list[MemoryDraft] = []
    wrong = list(faults)
    for item in items:
        try:
            drafts.append(_draft(item.value, scope=scope))
        except (ValueError, BadRequest) as error:
            wrong.append(Fault(line=item.line, why=str(error)))
    return Statements(form=form, drafts=tuple(drafts), faults=tuple(_by_line(wrong)))


def _draft(value: Mapping[str, Any], *, scope: MemoryScope) -> MemoryDraft:
    given = {name: item for name, item in value.items() if item is not None}
    text = given.get("memory", given.get("text"))
    fields = {name: item for name, item in given.items() if name in MemoryDraft.model_fields}
    return checked.made(
        MemoryDraft,
        {
            "tags": _listed(given.get("categories", ())),
            "scope": _own_scope(given) or scope,
            **fields,
            "text": text,
            "happened_at": moment(_first(given, ("happened_at", *_TIMES))),
            "metadata": {**_unknown(given), **_named(given.get("metadata", {}))},
        },
    )


def _own_scope(given: Mapping[str, Any]) -> dict[str, str]:
    """Return whose a memory says that it is, by name."""
    found = {name: _first(given, names) for name, names in _SCOPES.items()}
    return {name: str(id_) for name, id_ in found.items() if id_ is not None}


def _unknown(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that memories do not have: they are kept beside the text."""
    return {name: item for name, item in given.items() if name not in _KNOWN}


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _named(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {"metadata": value}


def _first(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if value.get(name) not in (None, "")), None)


def _text(content: Any) -> str:
    """Return the text of a message, whose content may be a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        parts = [part.get("text") if isinstance(part, Mapping) else part for part in content]
        return "\n".join(part for part in parts if isinstance(part, str))
    return ""


def moment(value: Any) -> datetime | None:
    """Return a time that is an ISO 8601 text, or seconds or milliseconds since 1970; one without a zone is UTC.

    Raises:
        ValueError: it is none of these.
    """
    if value is None:
        return None
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return _iso(value)
    try:
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
    except (OverflowError, OSError) as error:
        raise ValueError(f"has a time that cannot be: {value!r}") from error


def _iso(value: Any) -> datetime:
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"has a time that cannot be read: {cut(repr(value), 60)}") from error
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _by_line(faults: Sequence[Fault]) -> list[Fault]:
    return sorted(faults, key=lambda fault: fault.line)
