"""Relations between memories and the entities that they name."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import Field

from contracts.base import Contract
from contracts.state import DEFAULT_TENANT, Name

# A node is the id of a memory, or "entity:" with the name in lower case ("entity:lisbon").
ENTITY = "entity:"
# Relations that follow from what memories say. Nobody makes them by hand.
MENTIONS, SAID_BY, OF, SUPERSEDES = "mentions", "said by", "of", "supersedes"
DERIVED_KINDS = frozenset({MENTIONS, SAID_BY, OF, SUPERSEDES})


class Relation(Contract):
    """One relation. A mutual one has its ends in order of their names; the other end's view is the same.

    `kind` is a word such as "mentions", "said by", "knows", "works with". `strength` is from 0 to 1, as faded by the
    time it is read. A relation is the same where tenant, scope, ends and kind are.
    """

    start: str = Field(max_length=300)
    end: str = Field(max_length=300)
    kind: str = Field(min_length=1, max_length=60)
    mutual: bool = False
    strength: float = Field(default=0.5, ge=0, le=1)
    uses: int = 1
    used_at: datetime | None = None
    scope: str = Field(default="", description="Key of the scope whose relation it is.")
    tenant: Name = DEFAULT_TENANT


class RelationChange(Contract):
    """What happened to a relation.

    used: it was made (with the strength that is given), or used again: stronger by a half of what its strength, faded
    until then, lacks to 1. set: it is as given, whatever it was. ended: it is no more. `relation.used_at` says when.
    """

    relation: Relation
    change: Literal["used", "set", "ended"] = "used"
    sequence: int = Field(description="Of the source that the graph follows.")


class Path(Contract):
    """A way from one node to another. `strength` is the product along the way."""

    nodes: tuple[str, ...]
    relations: tuple[Relation, ...]
    strength: float
