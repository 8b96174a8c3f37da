"""What follows from a memory: which entities it mentions, and what it supersedes.

Only what its latest version says counts, so the same ledger always gives the same graph. The graph is of the branch
`main`; memories of other branches are found by what they say alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.memories import Memory
from contracts.relations import ENTITY, MENTIONS, OF, SAID_BY, SUPERSEDES, Relation
from contracts.state import MAIN
from memory.relations.entities import entities_of, entity_node

_MENTIONED, _SUPERSEDED = 0.5, 1.0


class Link(NamedTuple):
    """What follows from one memory now; nothing where it is not active any more."""

    tenant: str
    memory: str
    relations: tuple[Relation, ...]


def links(memories: Iterable[Memory]) -> list[Link]:
    """Return what follows from memories, each once, by its last version that is given."""
    latest = {(memory.tenant, memory.id): memory for memory in memories if memory.branch == MAIN}
    return [Link(tenant, id_, tuple(_relations(memory))) for (tenant, id_), memory in latest.items()]


def mentions(memory: Memory) -> tuple[tuple[str, str], ...]:
    """Return the entities that a memory leads to: (kind of the relation, node), each once."""
    named = memory.entities or entities_of(memory.text, memory.speaker, memory.tags)
    found = [(MENTIONS, name) for name in named if name != memory.speaker]
    found += [(SAID_BY, memory.speaker)] if memory.speaker else []
    found += [(OF, memory.scope.user)] if memory.scope.user else []
    nodes = dict.fromkeys((kind, entity_node(name)) for kind, name in found)
    return tuple((kind, node) for kind, node in nodes if node != ENTITY)


def _relations(memory: Memory) -> Iterable[Relation]:
    if memory.status != "active":
        return
    for kind, node in mentions(memory):
        yield _relation(memory, node, kind, _MENTIONED)
    for superseded in memory.supersedes:
        yield _relation(memory, superseded, SUPERSEDES, _SUPERSEDED)


def _relation(memory: Memory, end: str, kind: str, strength: float) -> Relation:
    # Made of what was checked when the memory was written, and there are many.
    return Relation.model_construct(
        tenant=memory.tenant,
        scope=memory.scope.key,
        start=memory.id,
        end=end,
        kind=kind,
        mutual=False,
        strength=strength,
        uses=1,
        used_at=memory.written_at,
    )
