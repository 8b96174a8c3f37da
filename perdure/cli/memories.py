"""`perdure memory add`, `search`, `show`, `edit`, `forget`, `history`, `review` and `mark`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from contracts.errors import BadRequest
from contracts.memories import Memory
from contracts.recall import Recalled, Recollection
from contracts.texts import cut
from perdure.cli import documents, values
from perdure.cli.output import Output
from perdure.cli.remembering import Narrowed, Whose, with_memory
from perdure.memory import Memories

_CUT = 160
Decision = Literal["accept", "reject"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is searched for, besides whose memories and which."""

    text: str = ""
    limit: int = 10
    after: str | None = None
    as_of: str | None = None
    explain: bool = False


def add(text: str, whose: Whose, details: dict[str, Any], *, key: str | None, as_json: bool) -> int:
    """Remember a statement."""
    output, said = Output(as_json=as_json), values.text(text, what="the text")

    async def done(memories: Memories) -> int:
        memory = await memories.add(said.strip("\n"), idempotency_key=key, **details)
        return _print_change(memory, output, what="remembered")

    return with_memory(done, whose)


def search(asked: Asked, whose: Whose, narrowed: Narrowed, *, as_json: bool) -> int:
    """Find memories."""
    output, wanted = Output(as_json=as_json), narrowed.filter(whose)
    options: dict[str, Any] = {"limit": asked.limit, "after": asked.after, "explain": asked.explain}
    as_of = values.moment(asked.as_of)

    async def show(memories: Memories) -> int:
        found = await memories.search(asked.text, filter=wanted, as_of=as_of, **options)
        if asked.explain:
            _explain(found, output)
        elif found.hits:
            output.table(["score", "id", "date", "whose", "memory"], [_hit_row(hit) for hit in found.hits])
        _print_notes(found, output)
        output.json(found.model_dump(mode="json"))
        return 0

    return with_memory(show, whose)


def show(id: str, whose: Whose, *, version: int | None, as_of: str | None, as_json: bool) -> int:
    """Show one memory."""
    output, moment = Output(as_json=as_json), values.moment(as_of)

    async def print_it(memories: Memories) -> int:
        memory = await memories.get(id, version=version, as_of=moment)
        output.text(memory.text or "(forgotten)")
        for name, value in _details(memory):
            output.text(f"{name}: {value}", style="dim")
        output.json(memory.model_dump(mode="json"))
        return 0

    return with_memory(print_it, whose)


def edit(
    id: str,
    whose: Whose,
    changes: Mapping[str, Any],
    *,
    text: str | None,
    expect: int | None,
    why: str | None,
    as_json: bool,
) -> int:
    """Change a memory."""
    output, given = Output(as_json=as_json), dict(changes)
    if text is not None:
        given["text"] = values.text(text, what="the text").strip("\n")
    if not given:
        raise BadRequest("nothing is to be changed: say what, such as --text TEXT or --pin")

    async def done(memories: Memories) -> int:
        memory = await memories.edit(id, expect=expect or "any", why=why, **given)
        return _print_change(memory, output, what="changed")

    return with_memory(done, whose)


def forget(id: str, whose: Whose, *, expect: int | None, why: str | None, as_json: bool) -> int:
    """Forget a memory."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        await memories.forget(id, expect=expect or "any", why=why)
        output.text(f"{id}: forgotten; its history keeps what it said")
        output.json({"id": id, "forgotten": True})
        return 0

    return with_memory(done, whose)


def history(id: str, whose: Whose, *, as_json: bool) -> int:
    """List the versions of a memory."""
    output = Output(as_json=as_json)

    async def show(memories: Memories) -> int:
        found = await memories.history(id)
        output.table(["version", "sequence", "written", "by", "why", "status", "memory"], map(_version_row, found))
        output.json([memory.model_dump(mode="json") for memory in found])
        return 0

    return with_memory(show, whose)


def in_review(whose: Whose, *, limit: int, after: str | None, as_json: bool) -> int:
    """List what somebody must decide on."""
    output = Output(as_json=as_json)

    async def show(memories: Memories) -> int:
        page = await memories.list(filter={"statuses": ["review"]}, limit=limit, after=after)
        if page.memories:
            output.table(["id", "date", "whose", "memory", "doubt"], [_review_row(memory) for memory in page.memories])
            output.note("decide with `perdure memory review ID --accept` or `--reject`")
        else:
            output.text("nothing is in review")
        _print_next(page.after, output)
        output.json(page.model_dump(mode="json"))
        return 0

    return with_memory(show, whose)


def review(id: str, whose: Whose, *, decision: Decision, why: str | None, as_json: bool) -> int:
    """Decide on a memory that is in review."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        memory = await memories.review(id, decision=decision, why=why)
        return _print_change(memory, output, what=f"{decision}ed")

    return with_memory(done, whose)


def mark(id: str, whose: Whose, *, useful: bool, as_json: bool) -> int:
    """Say whether a memory was of use."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        await memories.mark(id, useful=useful)
        output.text(f"{id}: marked as {'useful' if useful else 'useless'}")
        output.json({"id": id, "useful": useful})
        return 0

    return with_memory(done, whose)


def _print_change(memory: Memory, output: Output, *, what: str) -> int:
    output.text(f"{memory.id}: {what} · version {memory.version} · {_whose(memory)} · {memory.status}")
    output.json(memory.model_dump(mode="json"))
    return 0


def _print_notes(found: Recollection, output: Output) -> None:
    for correction in found.corrections:
        output.note(f"searched for {correction.used!r}, as nothing holds {correction.word!r}")
    for part in found.degraded:
        output.note(f"searched without {part}")
    if not found.hits:
        output.text("nothing is found")
    _print_next(found.after, output)


def _print_next(after: str | None, output: Output) -> None:
    if after:
        output.text(f"there are more: --after {after!r}", style="dim")


def _explain(found: Recollection, output: Output) -> None:
    """Print each hit with what each part of the ranking gave to its score."""
    for hit in found.hits:
        output.text(f"{hit.score:.3f}  {hit.memory.text}")
        output.text(f"       {hit.memory.id} · {_date(hit.memory)} · {_whose(hit.memory)}", style="dim")
        output.table(["", "part", "value", "weight", "score"], [*_share_rows(hit)])
        output.text()
    if found.expansion:
        words = ", ".join(f"{word} {weight:.2f}" for word, weight in found.expansion)
        output.text(f"also looked for: {words}", style="dim")


def _share_rows(hit: Recalled) -> list[tuple[str, ...]]:
    rows = [
        ("      ", share.leg.replace("_", " "), f"{share.value:.3f}", f"{share.weight:g}", f"{share.score:.3f}")
        for share in hit.shares
    ]
    return [*rows, ("", "total", "", "", f"{sum(share.score for share in hit.shares):.3f}")]


def _hit_row(hit: Recalled) -> tuple[str, ...]:
    memory = hit.memory
    return f"{hit.score:.3f}", memory.id, _date(memory), _whose(memory), _line(memory)


def _version_row(memory: Memory) -> tuple[str, ...]:
    author = memory.author
    by = "/".join(filter(None, (author.actor, author.run, author.step)))
    written = documents.time(memory.written_at)
    text = _line(memory) or "(forgotten)"
    return f"{memory.version}", f"{memory.sequence}", written, by, author.why or "", memory.status, text


def _review_row(memory: Memory) -> tuple[str, ...]:
    return memory.id, _date(memory), _whose(memory), _line(memory), memory.doubt or ""


def _line(memory: Memory) -> str:
    said = f"{memory.speaker}: {memory.text}" if memory.speaker else memory.text
    return cut(" ".join(said.split()), _CUT)


def _date(memory: Memory) -> str:
    return documents.time(memory.happened_at or memory.written_at)[:16]


def _whose(memory: Memory) -> str:
    if memory.id.startswith("outside-"):
        return memory.source.document or "outside"
    return memory.scope.key.replace("&", " ") or "shared"


def _details(memory: Memory) -> list[tuple[str, str]]:
    """Return what is told of a memory besides its text, without what is not there."""
    source = memory.source
    found = {
        "id": memory.id,
        "whose": _whose(memory),
        "kind": memory.kind,
        "status": ", by ".join(filter(None, (memory.status, memory.superseded_by))),
        "doubt": memory.doubt,
        "speaker": memory.speaker,
        "tags": ", ".join(memory.tags),
        "entities": ", ".join(memory.entities),
        "importance": " ".join((f"{memory.importance:g}", *_marks(memory))),
        "supersedes": ", ".join(memory.supersedes),
        "happened": _time(memory.happened_at),
        "valid until": _time(memory.valid_until),
        "expires": _time(memory.expires_at),
        "source": " ".join(filter(None, (source.run, source.thread, source.document))),
        "metadata": documents.compact(memory.metadata) if memory.metadata else "",
        "version": f"{memory.version}, sequence {memory.sequence}",
        "written": f"{_time(memory.written_at)} by {memory.author.actor or 'nobody in particular'}",
        "created": _time(memory.created_at),
    }
    return [(name, value) for name, value in found.items() if value]


def _marks(memory: Memory) -> list[str]:
    return [name for name, there in (("(pinned)", memory.pinned), ("(held)", memory.hold)) if there]


def _time(moment: datetime | None) -> str:
    return "" if moment is None else documents.time(moment)
