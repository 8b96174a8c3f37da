"""Leases: locks that end by themselves, with tokens that rise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from contracts.errors import BadRequest, LeaseLost
from contracts.state import Lease
from memory.state.commits import check_fence
from memory.state.rows import LeaseRow
from memory.state.world import LeaseNeed, Need, World

MAX_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquire:
    """Takes a lease, or returns None where somebody else has it.

    Attributes:
        ttl: in microseconds.
    """

    tenant: str
    name: str
    holder: str
    ttl: int
    alone: bool = False

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LeaseNeed(self.tenant, self.name)

    def plan(self, world: World) -> LeaseRow | None:
        """See `Command.plan`."""
        held = world.lease(self.tenant, self.name)
        over = held is None or held.expires_at <= world.now
        if held is not None and not over and held.holder != self.holder:
            return None
        token = 1 if held is None else held.token + over
        row = LeaseRow(self.tenant, self.name, token, self.holder, world.now + self.ttl)
        world.add_lease(row)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Renew:
    """Prolongs a lease, by so many microseconds from now; 0 ends it."""

    lease: Lease
    ttl: int
    alone: bool = False

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LeaseNeed(self.lease.tenant, self.lease.name)

    def plan(self, world: World) -> LeaseRow:
        """See `Command.plan`."""
        lease = self.lease
        check_fence(world, lease.tenant, lease.fence)
        row = LeaseRow(lease.tenant, lease.name, lease.token, lease.holder, world.now + self.ttl)
        world.add_lease(row)
        return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Ends a lease. One that is over already is passed over."""

    lease: Lease
    alone: bool = False

    def needs(self, _world: World, /) -> Iterator[Need]:
        """See `Command.needs`."""
        yield LeaseNeed(self.lease.tenant, self.lease.name)

    def plan(self, world: World) -> None:
        """See `Command.plan`."""
        try:
            Renew(lease=self.lease, ttl=0).plan(world)
        except LeaseLost:
            return


def microseconds_of(ttl: timedelta, *, name: str) -> int:
    """Return how long a lease is to last.

    Raises:
        BadRequest: it would end at once, or is not named.
    """
    if not 1 <= len(name) <= MAX_NAME:
        raise BadRequest(f"the lease's name {name[:40]!r} must be 1 to {MAX_NAME} characters long")
    if ttl <= timedelta(0):
        raise BadRequest(f"the lease {name!r} would end at once ({ttl.total_seconds():g} s): give it a time to live")
    return ttl // timedelta(microseconds=1)
