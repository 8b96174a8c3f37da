"""The interfaces of what follows the ledger elsewhere, with all their documentation: vectors, and relations.

Each says how far it has followed (`applied`), can be dropped, and is rebuilt from the ledger while reads go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from contracts.relations import Path, Relation, RelationChange


class VectorPoint(NamedTuple):
    """A vector with what it is filtered by."""

    id: str
    tenant: str
    branch: str
    scope: str
    sequence: int
    vector: bytes


class PointKey(NamedTuple):
    """Whose vector it is."""

    tenant: str
    branch: str
    id: str


class VectorIndex(Protocol):
    """Vectors in a server of their own: a projection. Its methods raise `BackendUnavailable` where it is away.

    It holds the vectors of one embedder.
    """

    async def applied(self) -> int | None:
        """Return the sequence up to which it follows the ledger, kept in the server itself; None where it is empty."""
        ...

    async def apply(
        self, points: Sequence[VectorPoint], *, gone: Sequence[PointKey], upto: int, after: int | None = None
    ) -> bool:
        """Store points, remove others, and then set `applied`. A repeat changes nothing.

        Args:
            points: vectors.
            gone: whose vectors there must not be.
            upto: what `applied` becomes.
            after: what `applied` must have reached. Where it has not (it came back empty), nothing is done.

        Returns:
            Whether it was done.
        """
        ...

    async def search(
        self, vector: bytes, *, tenant: str, branches: Sequence[str], scopes: Sequence[str], limit: int
    ) -> Sequence[tuple[str, float]]:
        """Return ids with their likeness (-1 to 1), the most alike first, of these scopes only."""
        ...

    async def count(self) -> int:
        """Return how many points there are."""
        ...

    async def drop(self) -> None:
        """Remove everything, `applied` too."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


class MemoryGraph(Protocol):
    """Relations between memories and the entities that they name. All methods raise `BackendUnavailable`.

    The SQL graph is a part of the ledger; another one is a projection that follows it, and both answer alike. Strength
    fades with time: halved every 30 days since it was last used; `now` says which time counts. `scopes` are keys of the
    scopes whose relations count; None is all of the tenant. Ways are walked in both directions of a relation; of a node
    with more than 200 relations, the 200 strongest are.
    """

    async def applied(self) -> int | None:
        """Return the sequence up to which it follows; None where it is empty."""
        ...

    async def apply(self, changes: Sequence[RelationChange], *, upto: int, after: int | None = None) -> bool:
        """Make relations, change their strength or end them, and then move `applied`. A repeat changes nothing.

        Args:
            changes: in order. Those whose sequence is not higher than `applied` have been applied.
            upto: what `applied` becomes, unless it is beyond that.
            after: what `applied` must have reached. Where it has not (it came back empty), nothing is done.

        Returns:
            Whether it was done.
        """
        ...

    async def relations(
        self,
        node: str,
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        kinds: Sequence[str] | None = None,
        limit: int = 100,
        now: datetime,
    ) -> tuple[Relation, ...]:
        """Return the relations that a node is an end of, the strongest first."""
        ...

    async def neighbours(
        self,
        nodes: Sequence[str],
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        without: Sequence[str] = (),
        depth: int = 1,
        limit: int = 100,
        now: datetime,
    ) -> Sequence[tuple[str, float]]:
        """Return nodes that can be reached, the best first, each with the product of strengths on its best way.

        Of the nodes themselves those are among them that another one leads to in one step. Relations of the kinds in
        `without` are not walked.
        """
        ...

    async def path(
        self,
        start: str,
        end: str,
        *,
        tenant: str,
        scopes: Sequence[str] | None = None,
        depth: int = 4,
        now: datetime,
    ) -> Path | None:
        """Return the strongest of the shortest ways from a node to another; None where there is none so short."""
        ...

    async def count(self) -> int:
        """Return how many relations there are."""
        ...

    async def drop(self) -> None:
        """Remove everything, `applied` too. The SQL graph keeps what was related by hand: of that it is the truth."""
        ...

    async def close(self) -> None:
        """Close connections."""
        ...
