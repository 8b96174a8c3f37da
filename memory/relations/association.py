"""What is found leads to more: memories that name the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from contracts.memory_ports import MemoryGraph
from contracts.relations import ENTITY, MENTIONS, SUPERSEDES

_KINDS = (MENTIONS, SUPERSEDES)
_MOST_NODES = 500


async def associated(
    graph: MemoryGraph, ids: Sequence[str], *, tenant: str, scopes: Sequence[str], now: datetime
) -> Mapping[str, float]:
    """Return memories that name what others name, these included, by the strength of the relation; the best has 1.

    Who says something, and whose memory it is, leads nowhere: that is nearly all of a conversation.

    Args:
        graph: is walked.
        ids: memories that were found.
        tenant: whose.
        scopes: keys of the scopes that may be seen.
        now: what strength fades until.

    Raises:
        BackendUnavailable: the graph does not answer.
    """
    walk = partial(graph.neighbours, tenant=tenant, scopes=scopes, kinds=_KINDS, limit=_MOST_NODES, now=now)
    named = [node for node, _ in await walk(ids) if node.startswith(ENTITY)]
    found = {node: strength for node, strength in await walk(named) if not node.startswith(ENTITY)} if named else {}
    best = max(found.values(), default=0.0)
    return {node: strength / best for node, strength in found.items()} if best else {}
