"""What is found leads to more: memories that name the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from contracts.projection_ports import MemoryGraph
from contracts.relations import ENTITY, OF, SAID_BY

_MOST_NODES = 500


async def associated(
    graph: MemoryGraph, ids: Sequence[str], *, tenant: str, scopes: Sequence[str], now: datetime
) -> Mapping[str, float]:
    """Return memories that are related to others, or name what these name, by the strength of that; the best has 1.

    Who says something, and whose memory it is, leads nowhere: that is nearly all of a conversation.

    Args:
        graph: is walked.
        ids: memories that were found; they may lead to each other.
        tenant: whose.
        scopes: keys of the scopes that may be seen.
        now: what strength fades until.

    Raises:
        BackendUnavailable: the graph does not answer.
    """
    walk = partial(graph.neighbours, tenant=tenant, scopes=scopes, without=(SAID_BY, OF), limit=_MOST_NODES, now=now)
    near = dict(await walk(ids))
    named = [node for node in near if node.startswith(ENTITY)]
    found = {**near, **dict(await walk(named))} if named else near
    strengths = {node: max(strength, near.get(node, 0.0)) for node, strength in found.items()}
    best = max(strengths.values(), default=0.0)
    return {node: strength / best for node, strength in strengths.items() if not node.startswith(ENTITY)}
