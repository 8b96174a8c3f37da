"""What a commit asks for, made ready before the lock is taken: rows without sequences, and digests."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import BadRequest
from contracts.memories import Grant, Memory, MemoryCommit, MemoryDraft, MemoryRevision, MemorySource
from contracts.state import Author
from memory.ledger.rows import Body, MemoryRow, joined, list_text, stored

_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"
_RANDOM_BITS, _TIME_DIGITS, _ALL_DIGITS = 55, 9, 20
_TIMES = ("created_at", "text_at", "written_at", "stored_at")
_AS_THEY_ARE = ("kind", "status", "speaker", "importance", "pinned", "hold", "text")
_TOLD_TIMES = ("happened_at", "valid_from", "valid_until", "expires_at")
_INT64, _INT32 = 2**63, 2**31
# Fields of a revision that are columns, with how they are stored; None means "as it is".
_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "kind": str,
    "status": str,
    "importance": float,
    "pinned": bool,
    "hold": bool,
    "tags": list_text,
    "entities": list_text,
}
# The same for those where None means "none any more".
_CLEARED: dict[str, Callable[[Any], Any]] = {
    "speaker": lambda value: value,
    "superseded_by": lambda value: value,
    "valid_until": stored,
    "expires_at": stored,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedDraft:
    """A draft as a row that lacks its place in the order of changes."""

    row: MemoryRow
    given_id: bool
    supersedes: tuple[str, ...]
    vector: bytes | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedRevision:
    """A revision: columns and parts of the body that change; the text, where it is given."""

    id: str
    expect: int | str
    columns: dict[str, Any]
    body: dict[str, Any]
    text: str | None
    stems: str
    vector: bytes | None


def new_ids(count: int) -> list[str]:
    """Return ids of new memories: 20 letters and digits, in order of time.

    They are made before the lock is taken and not counted by the database: so an id is never met again where memories
    of one database are imported into another, and a commit that is tried again after a lost connection keeps them.
    They begin with the time, so that the index by id grows at its end.
    """
    now = time.time_ns() // 1_000_000
    return [_id(now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)) for _ in range(count)]


def _id(number: int) -> str:
    return "".join(_DIGITS[number >> shift & 31] for shift in range(5 * (_ALL_DIGITS - 1), -1, -5))


def prepared_drafts(
    commit: MemoryCommit, *, stems: Sequence[Sequence[str]], vectors: Sequence[bytes | None]
) -> tuple[PreparedDraft, ...]:
    """Return the drafts of a commit as rows.

    Raises:
        BadRequest: a draft holds what not every database can keep, or an id occurs twice.
    """
    given = [draft.id for draft in commit.drafts if draft.id is not None]
    if len(given) > len(set(given)):
        twice = next(id_ for id_ in given if given.count(id_) > 1)
        raise BadRequest(f"the commit makes the memory {twice!r} twice: give each draft an id of its own, or none")
    ids = new_ids(len(commit.drafts))
    return tuple(
        PreparedDraft(
            row=_row(commit, draft, id_=draft.id or made, stems=joined(words)),
            given_id=draft.id is not None,
            supersedes=draft.supersedes,
            vector=vector,
        )
        for draft, made, words, vector in zip(commit.drafts, ids, stems, vectors, strict=False)
    )


def _row(commit: MemoryCommit, draft: MemoryDraft, *, id_: str, stems: str) -> MemoryRow:
    _check_draft(draft)
    return MemoryRow(**_place(commit, id_=id_), **content_columns(draft), superseded_by=None, stems=stems)


def _place(commit: MemoryCommit, *, id_: str) -> dict[str, Any]:
    """Return who has the memory; what the lock's holder fills in is 0."""
    numbers = dict.fromkeys(("seq", "changed_seq", "text_seq", *_TIMES), 0)
    author = {"actor": "", "run": None, "step": None, "why": None}
    place = {"tenant": commit.tenant, "branch": commit.branch, "id": id_}
    return {**numbers, **author, **place, "version": 1, "until_seq": None, "asked": True}


def _check_draft(draft: MemoryDraft) -> None:
    source = draft.source
    texts = (draft.speaker, draft.doubt, source.thread, source.document, source.run, source.execution)
    check_texts((*texts, *draft.tags, *draft.entities), what=f"the memory {draft.text[:40]!r}")
    _check_number(source.position, limit=_INT64, what="position")
    _check_number(source.turn, limit=_INT32, what="turn")


def content_columns(memory: MemoryDraft | Memory) -> dict[str, Any]:
    """Return what a memory says, and of whom and when, as columns."""
    body = Body(
        doubt=memory.doubt,
        supersedes=memory.supersedes,
        messages=memory.source.messages,
        grants=grant_pairs(memory.grants),
        metadata=memory.metadata,
    )
    return {
        **{name: getattr(memory, name) for name in _AS_THEY_ARE},
        **{name: stored(getattr(memory, name)) for name in _TOLD_TIMES},
        **_source_columns(memory.source),
        "scope": memory.scope.key,
        "entities": list_text(memory.entities),
        "tags": list_text(memory.tags),
        "body": body.text(),
    }


def _source_columns(source: MemorySource) -> dict[str, Any]:
    return {
        "thread": source.thread,
        "position": source.position,
        "document": source.document,
        "source_run": source.run,
        "execution": source.execution,
        "turn": source.turn,
    }


def prepared_revisions(
    commit: MemoryCommit, *, stems: Sequence[Sequence[str]], vectors: Sequence[bytes | None]
) -> tuple[PreparedRevision, ...]:
    """Return the revisions of a commit.

    Raises:
        BadRequest: a revision holds what not every database can keep, or forgets what it should not.
    """
    return tuple(
        _revision(revision, stems=joined(words), vector=vector)
        for revision, words, vector in zip(commit.revisions, stems, vectors, strict=False)
    )


def _revision(revision: MemoryRevision, *, stems: str, vector: bytes | None) -> PreparedRevision:
    changed = revision.changed
    if changed.get("status") == "forgotten":
        raise BadRequest(f"the memory {revision.id!r} cannot be made forgotten by a revision: forget it")
    texts = (revision.speaker, revision.doubt, *(revision.tags or ()), *(revision.entities or ()))
    check_texts(texts, what=f"the revision of the memory {revision.id!r}")
    return PreparedRevision(
        id=revision.id,
        expect=revision.expect,
        columns=_changed_columns(changed),
        body=_changed_body(changed),
        text=revision.text,
        stems=stems,
        vector=vector,
    )


def _changed_columns(changed: Mapping[str, Any]) -> dict[str, Any]:
    columns = {name: store(changed[name]) for name, store in _COLUMNS.items() if changed.get(name) is not None}
    return columns | {name: store(changed[name]) for name, store in _CLEARED.items() if name in changed}


def _changed_body(changed: Mapping[str, Any]) -> dict[str, Any]:
    body = {"doubt": changed["doubt"]} if "doubt" in changed else {}
    if changed.get("grants") is not None:
        body["grants"] = grant_pairs(changed["grants"])
    if changed.get("metadata") is not None:
        body["metadata"] = changed["metadata"]
    return body


def commit_digest(commit: MemoryCommit) -> bytes:
    """Return the digest that an idempotency key is kept with: of what was asked, or else of the changes themselves."""
    if commit.digest:
        return hashlib.sha256(commit.digest.encode()).digest()
    content = commit.model_dump(mode="json", include={"drafts", "revisions", "forgettings", "branch"})
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).digest()


def grant_pairs(grants: Sequence[Grant]) -> tuple[tuple[str, int | None], ...]:
    """Return grants as a body keeps them."""
    return tuple((grant.scope.key, stored(grant.until)) for grant in grants)


def check_author(author: Author, *more: str | None) -> None:
    """Refuse an author whose words not every database can keep.

    Raises:
        BadRequest: they hold NUL or half a character.
    """
    check_texts((author.actor, author.run, author.step, author.why, *more), what="the author of the change")


def check_texts(texts: Iterable[str | None], *, what: str) -> None:
    """Refuse what not every database can keep.

    Raises:
        BadRequest: a text holds NUL or half a character.
    """
    whole = "".join(text for text in texts if text)
    if "\x00" in whole:
        raise BadRequest(f"{what} has a field with the character NUL: remove it")
    try:
        whole.encode()
    except UnicodeEncodeError as error:
        raise BadRequest(f"{what} has a field with half a character (a lone surrogate): remove it") from error


def _check_number(number: int | None, *, limit: int, what: str) -> None:
    if number is not None and not -limit <= number < limit:
        raise BadRequest(f"the {what} {number} cannot be stored: it must be at least {-limit} and below {limit}")
