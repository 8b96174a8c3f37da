"""How strong a relation is: use makes it stronger, time lets it fade."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from contracts.relations import Relation, RelationChange

HALF_LIFE = timedelta(days=30)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Below this nothing is left of a strength; its logarithm must stay finite.
_LEAST = 1e-9


class RelationKey(NamedTuple):
    """What makes a relation the same one."""

    tenant: str
    scope: str
    start: str
    end: str
    kind: str


def key_of(relation: Relation) -> RelationKey:
    """Return the key of a relation."""
    return RelationKey(relation.tenant, relation.scope, relation.start, relation.end, relation.kind)


def ordered(relation: Relation) -> Relation:
    """Return the one form of a relation: a mutual one has its ends in order."""
    if relation.mutual and relation.start > relation.end:
        return relation.model_copy(update={"start": relation.end, "end": relation.start})
    return relation


def faded(relation: Relation, now: datetime) -> float:
    """Return what is left of a strength at a time. Before it was used nothing of it had faded."""
    if relation.used_at is None or relation.used_at >= now:
        return relation.strength
    return relation.strength * math.exp2((relation.used_at - now) / HALF_LIFE)


def heat(relation: Relation) -> float:
    """Return what relations are ordered by: the order of their faded strengths, which is the same at all times."""
    used_at = relation.used_at or _EPOCH
    return math.log2(max(relation.strength, _LEAST)) + (used_at - _EPOCH) / HALF_LIFE


def used(before: Relation | None, use: Relation) -> Relation:
    """Return a relation after it was used: new as given, or stronger by a half of what it lacks to 1."""
    if before is None:
        return use
    at = use.used_at or datetime.now(UTC)
    strength = (1 + faded(before, at)) / 2
    return before.model_copy(
        update={"strength": strength, "uses": before.uses + 1, "used_at": max(at, before.used_at or at)}
    )


def folded(
    known: Mapping[RelationKey, Relation], changes: Iterable[RelationChange]
) -> dict[RelationKey, Relation | None]:
    """Return what changes make of relations; None for those that end.

    Args:
        known: the relations that the changes are of, as far as they are there.
        changes: in the order in which they happened.
    """
    after: dict[RelationKey, Relation | None] = {}
    for change in changes:
        relation = ordered(change.relation)
        if relation.used_at is None:
            relation = relation.model_copy(update={"used_at": datetime.now(UTC)})
        key = key_of(relation)
        before = after[key] if key in after else known.get(key)
        if change.change == "ended":
            after[key] = None
        else:
            after[key] = used(before, relation) if change.change == "used" else relation
    return after


def by_heat(relations: Iterable[Relation]) -> list[Relation]:
    """Return relations, each once, the strongest first."""
    once = {key_of(relation): relation for relation in relations}
    return sorted(once.values(), key=lambda relation: (-heat(relation), key_of(relation)))
