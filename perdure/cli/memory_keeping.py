"""`perdure memory relations`, `stats`, `reindex`, `unlearn`, `export` and `import`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from contracts.errors import NotFound
from contracts.memories import MemoryStatus
from contracts.relations import ENTITY, Relation
from contracts.texts import cut
from perdure.cli import documents
from perdure.cli.output import Output
from perdure.cli.remembering import Whose, with_memory
from perdure.memory import Memories

_CUT = 80


@dataclass(frozen=True, kw_only=True)
class Way:
    """The other end of what is asked of relations.

    Attributes:
        add: kind of the relation that is to be made; None looks for a way.
    """

    to: str
    depth: int = 4
    add: str | None = None
    mutual: bool = False
    strength: float | None = None


def relations(node: str, whose: Whose, *, limit: int, as_json: bool) -> int:
    """List the relations of a node."""
    output = Output(as_json=as_json)

    async def show(memories: Memories) -> int:
        found = await memories.relations(node, limit=limit)
        texts = await _texts(memories, found)
        if found:
            output.table(
                ["strength", "relation", "with", "uses", "last used"], [_row(one, node, texts) for one in found]
            )
        else:
            output.text("there are no relations")
        output.json([relation.model_dump(mode="json") for relation in found])
        return 0

    return with_memory(show, whose)


def relate(node: str, whose: Whose, way: Way, *, as_json: bool) -> int:
    """Make or strengthen a relation."""
    output = Output(as_json=as_json)
    strength = {} if way.strength is None else {"strength": way.strength}

    async def done(memories: Memories) -> int:
        made = await memories.relate(node, way.to, kind=str(way.add), mutual=way.mutual, **strength)
        output.text(f"{made.start} {made.kind} {made.end} · strength {made.strength:.2f}")
        output.json(made.model_dump(mode="json"))
        return 0

    return with_memory(done, whose)


def path(node: str, whose: Whose, way: Way, *, as_json: bool) -> int:
    """Show how two nodes hang together."""
    output = Output(as_json=as_json)

    async def show(memories: Memories) -> int:
        found = await memories.path(node, way.to, depth=way.depth)
        if found is None:
            raise NotFound(f"no way of at most {way.depth} relations leads from {node!r} to {way.to!r}: try --depth")
        texts = await _texts(memories, found.relations)
        for relation, (before, after) in zip(
            found.relations, zip(found.nodes, found.nodes[1:], strict=False), strict=True
        ):
            output.text(f"{_called(before, texts)}  {_kind(relation, before)}  {_called(after, texts)}")
        output.text(f"strength {found.strength:.2f}", style="dim")
        output.json(found.model_dump(mode="json"))
        return 0

    return with_memory(show, whose)


def stats(whose: Whose, *, as_json: bool) -> int:
    """Show how much there is, and how far each part follows."""
    output = Output(as_json=as_json)

    async def show(memories: Memories) -> int:
        found = await memories.stats()
        for name, value in found.items():
            output.text(name.replace("_", " "), style="bold")
            for line in _lines(value) or ["none yet"]:
                output.text(f"  {line}")
        output.json(found)
        return 0

    return with_memory(show, whose)


def reindex(whose: Whose, *, only: Sequence[str] | None, as_json: bool) -> int:
    """Build projections anew."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        with output.spinner("building anew from the ledger"):
            found = await memories.reindex(only=only or None)
        for name, rows in found.items():
            output.text(f"{name}: {rows:,} rows")
        output.json(found)
        return 0

    return with_memory(done, whose)


def unlearn(whose: Whose, *, as_json: bool) -> int:
    """Forget what the ranking learned."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        count = await memories.unlearn()
        output.text(f"marks and uses of {count:,} memories are forgotten: the ranking is as it was at first")
        output.json({"forgotten": count})
        return 0

    return with_memory(done, whose)


async def _texts(memories: Memories, relations: Iterable[Relation]) -> dict[str, str]:
    """Return the texts of the memories that relations name, as far as they may be seen."""
    nodes = {node for relation in relations for node in (relation.start, relation.end)}
    ids = sorted(node for node in nodes if not node.startswith(ENTITY))
    if not ids:
        return {}
    page = await memories.list(filter={"ids": ids[:1000], "statuses": get_args(MemoryStatus)}, limit=1000)
    return {memory.id: memory.text for memory in page.memories}


def _row(relation: Relation, node: str, texts: dict[str, str]) -> tuple[str, ...]:
    other = relation.end if relation.start == node else relation.start
    used = documents.time(relation.used_at) if relation.used_at else ""
    return f"{relation.strength:.2f}", _kind(relation, node), _called(other, texts), f"{relation.uses}", used


def _kind(relation: Relation, node: str) -> str:
    if relation.mutual:
        return f"<- {relation.kind} ->"
    return f"{relation.kind} ->" if relation.start == node else f"<- {relation.kind}"


def _called(node: str, texts: dict[str, str]) -> str:
    return f"{node} ({cut(' '.join(texts[node].split()), _CUT)})" if texts.get(node) else node


def _lines(value: Any, *, indent: str = "") -> list[str]:
    """Return nested numbers as lines."""
    if not isinstance(value, dict):
        return [f"{indent}{value:,}" if isinstance(value, int) else f"{indent}{value}"]
    lines: list[str] = []
    for name, inner in value.items():
        if isinstance(inner, dict):
            lines += [f"{indent}{name or 'shared'}:", *_lines(inner, indent=f"{indent}  ")]
        else:
            lines.append(f"{indent}{name or 'shared'}: {_lines(inner)[0]}")
    return lines
