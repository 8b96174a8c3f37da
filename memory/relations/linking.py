"""What follows from a memory: which entities it mentions, and what it supersedes.

Only what its latest version says counts, so the same ledger always gives the same graph. The graph is of the branch
`main`; memories of other branches are found by what they say alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from contracts.memories import Memory
from contracts.relations import ENTITY, Relation
from contracts.state import MAIN
from memory.relations.entities import MOST_ENTITIES, entities_of, entity_node

_MENTIONS, _SUPERSEDES = 0.5, 1.0


class Link(NamedTuple):
    """What follows from one memory now; nothing where it is not active any more."""

    tenant: str
    memory: str
    relations: tuple[Relation, ...]


def links(memories: Iterable[Memory]) -> list[Link]:
    """Return what follows from memories, each once, by its last version that is given."""
    latest = {(memory.tenant, memory.id): memory for memory in memories if memory.branch == MAIN}
    return [Link(tenant, id_, tuple(_relations(memory))) for (tenant, id_), memory in latest.items()]


def nodes(memory: Memory) -> tuple[str, ...]:
    """Return the nodes of what a memory mentions: who says it, whose it is, and what it names."""
    named = memory.entities or entities_of(memory.text, memory.speaker, memory.tags)
    people = (name for name in (memory.speaker, memory.scope.user) if name)
    found = dict.fromkeys(entity_node(name) for name in (*people, *named))
    return tuple(node for node in found if node != ENTITY)[:MOST_ENTITIES]


def _relations(memory: Memory) -> Iterable[Relation]:
    if memory.status != "active":
        return
    bare = Relation(
        tenant=memory.tenant,
        scope=memory.scope.key,
        start=memory.id,
        end=memory.id,
        kind="-",
        used_at=memory.written_at,
    )
    for node in nodes(memory):
        yield bare.model_copy(update={"end": node, "kind": "mentions", "strength": _MENTIONS})
    for superseded in memory.supersedes:
        yield bare.model_copy(update={"end": superseded, "kind": "supersedes", "strength": _SUPERSEDES})
