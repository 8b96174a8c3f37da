"""Walks over relations, step by step. The graph gives the relations of the nodes of one step; all else is here.

So all graphs answer alike, and a walk costs one question to the graph for each step, however many nodes it meets.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from contracts.relations import Path, Relation
from memory.relations.strength import faded

# Of a node with more relations the strongest are walked.
FAN = 200
_MOST_NODES = 1_000

# Returns the strongest relations of each of these nodes, with the strength that they had when they were last used.
Step = Callable[[Sequence[str]], Awaitable[Iterable[Relation]]]


class _Reached(NamedTuple):
    """How a node was reached: from another one, over a relation. `strength` is that of the whole way."""

    strength: float
    before: str
    over: Relation


async def neighbours(
    nodes: Sequence[str], *, step: Step, depth: int, limit: int, now: datetime
) -> tuple[tuple[str, float], ...]:
    """See `MemoryGraph.neighbours`."""
    starts = dict.fromkeys(nodes, 1.0)
    best: dict[str, float] = {}
    edge: Mapping[str, float] = starts
    for number in range(depth):
        if not edge:
            break
        reached = _reached(await step(tuple(edge)), edge, now=now)
        # Later a start would be reached from itself.
        new = {node: way.strength for node, way in reached.items() if number == 0 or node not in starts}
        edge = _strongest({node: strength for node, strength in new.items() if strength > best.get(node, 0)})
        best.update(edge)
        edge = {node: strength for node, strength in edge.items() if node not in starts}
    return tuple(sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))[:limit])


async def path(start: str, end: str, *, step: Step, depth: int, now: datetime) -> Path | None:
    """See `MemoryGraph.path`."""
    ways: dict[str, _Reached | None] = {start: None}
    edge: Mapping[str, float] = {start: 1.0}
    for _ in range(depth):
        if end in ways or not edge:
            break
        reached = _reached(await step(tuple(edge)), edge, now=now)
        new = {node: way for node, way in reached.items() if node not in ways}
        ways.update(new)
        edge = _strongest({node: way.strength for node, way in new.items()})
    return _path(ways, end, now=now) if end in ways else None


def _reached(relations: Iterable[Relation], edge: Mapping[str, float], *, now: datetime) -> dict[str, _Reached]:
    """Return what one step reaches, each node by its best way; of equal ways the first by name."""
    reached: dict[str, _Reached] = {}
    for before, node, relation in _steps(relations, edge):
        way = _Reached(edge[before] * faded(relation, now), before, relation)
        known = reached.get(node)
        if known is None or _order(way) < _order(known):
            reached[node] = way
    return reached


def _steps(relations: Iterable[Relation], edge: Mapping[str, float]) -> Iterator[tuple[str, str, Relation]]:
    for relation in relations:
        if relation.start == relation.end:
            continue
        if relation.start in edge:
            yield relation.start, relation.end, relation
        if relation.end in edge:
            yield relation.end, relation.start, relation


def _order(way: _Reached) -> tuple[float, str, str, str]:
    return -way.strength, way.before, way.over.kind, way.over.scope


def _strongest(nodes: dict[str, float]) -> dict[str, float]:
    if len(nodes) <= _MOST_NODES:
        return nodes
    return dict(sorted(nodes.items(), key=lambda pair: (-pair[1], pair[0]))[:_MOST_NODES])


def _path(ways: Mapping[str, _Reached | None], end: str, *, now: datetime) -> Path:
    nodes, relations, strength = [end], [], 1.0
    while (way := ways[nodes[-1]]) is not None:
        left = faded(way.over, now)
        strength *= left
        relations.append(way.over.model_copy(update={"strength": left}))
        nodes.append(way.before)
    return Path(nodes=tuple(reversed(nodes)), relations=tuple(reversed(relations)), strength=strength)
