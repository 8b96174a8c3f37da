"""Relations as a caller sees them: those of scopes that it sees, between memories that it sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Protocol

from contracts.memories import Caller
from contracts.projection_ports import MemoryGraph
from contracts.relations import ENTITY, Path, Relation
from memory.relations.entities import entity_node
from memory.store.access import MemoryAccess
from memory.store.checks import check_words
from memory.store.rights import check_writes, scope_of, visible_keys


class RelationBook(Protocol):
    """Where relations are made by hand: the SQL graph, which is the truth of them."""

    async def relate(self, relation: Relation) -> Relation:
        """Make a relation, or strengthen one that is there. Raises `BadRequest` for kinds that nobody makes."""
        ...


class MemoryRelations:
    """Checks rights to relations, and asks the graph.

    Args:
        access: says which memories are there for a caller.
        graph: is asked.
        book: where relations are made.
    """

    def __init__(self, access: MemoryAccess, *, graph: MemoryGraph, book: RelationBook) -> None:
        self._access = access
        self._graph = graph
        self._book = book

    async def relations(self, caller: Caller, node: str, *, limit: int) -> tuple[Relation, ...]:
        """See `MemoryStore.relations`."""
        node = await self._node(caller, node)
        found = await self._graph.relations(
            node, tenant=caller.tenant, scopes=visible_keys(caller), limit=limit, now=datetime.now(UTC)
        )
        hidden = await self._hidden(caller, (end for relation in found for end in (relation.start, relation.end)))
        return tuple(one for one in found if one.start not in hidden and one.end not in hidden)

    async def relate(self, caller: Caller, relation: Relation) -> Relation:
        """See `MemoryStore.relate`. Where it names no scope, it has that of its memories, or the caller's."""
        start, end = await self._node(caller, relation.start), await self._node(caller, relation.end)
        scope = relation.scope
        if "scope" not in relation.model_fields_set:
            scope = await self._scope(caller, (start, end))
        check_writes(caller, scope_of(scope))
        made = {"start": start, "end": end, "scope": scope, "tenant": caller.tenant}
        return await self._book.relate(relation.model_copy(update=made))

    async def path(self, caller: Caller, start: str, end: str, *, depth: int) -> Path | None:
        """See `MemoryStore.path`."""
        start, end = await self._node(caller, start), await self._node(caller, end)
        found = await self._graph.path(
            start, end, tenant=caller.tenant, scopes=visible_keys(caller), depth=depth, now=datetime.now(UTC)
        )
        return None if found is None or await self._hidden(caller, found.nodes) else found

    async def _node(self, caller: Caller, node: str) -> str:
        check_words(node, what="the name of an entity")
        if node.startswith(ENTITY):
            return entity_node(node.removeprefix(ENTITY))
        return (await self._access.there(caller, node)).id

    async def _scope(self, caller: Caller, nodes: Sequence[str]) -> str:
        memories = await self._access.seen(caller, _memories(nodes))
        keys = [memory.scope.key for memory in memories]
        return max(keys, key=lambda key: (key.count("="), key), default=caller.scope.key)

    async def _hidden(self, caller: Caller, nodes: Iterable[str]) -> set[str]:
        named = _memories(nodes)
        return set(named) - {memory.id for memory in await self._access.seen(caller, named)}


def _memories(nodes: Iterable[str]) -> list[str]:
    return [node for node in dict.fromkeys(nodes) if not node.startswith(ENTITY)]
