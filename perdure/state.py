"""The state store as its users hold it: documents are called "namespace/key"."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

from contracts.errors import BackendUnavailable, Conflict, NotFound
from contracts.state import (
    ANY,
    DEFAULT_TENANT,
    MAIN,
    RULES_NAMESPACE,
    Author,
    Change,
    Commit,
    Committed,
    Difference,
    Document,
    Emitted,
    Expect,
    Fence,
    Filter,
    Lease,
    Page,
    Query,
    Rules,
    Write,
)
from perdure import checked
from perdure.branches import Branches
from perdure.stores import Opening, differences

_RENEWALS = 3
_LOCK_POLL_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class State:
    """Documents of one tenant on one branch, written by one author.

    Example:
        ```python
        ticket = await perdure.state.put("tickets/17", {"status": "new"}, why="mail came in")
        await perdure.state.patch("tickets/17", {"status": "open"}, expect=ticket.version)
        ```

    Attributes:
        stores: opened when they are first needed.
        branch: which branch is read and written.
        tenant: whose documents they are.
        author: kept with each version that is written.
    """

    stores: Opening
    branch: str = MAIN
    tenant: str = DEFAULT_TENANT
    author: Author = field(default_factory=Author)

    def on(self, branch: str) -> State:
        """Return the same on another branch."""
        return replace(self, branch=branch)

    def of(self, tenant: str) -> State:
        """Return the same for another tenant."""
        return replace(self, tenant=tenant)

    def by(self, actor: str, *, run: str | None = None, step: str | None = None) -> State:
        """Return the same for another author."""
        return replace(self, author=checked.made(Author, {"actor": actor, "run": run, "step": step}))

    @property
    def branches(self) -> Branches:
        """Fork, list, merge, keep and drop branches."""
        return Branches(stores=self.stores, tenant=self.tenant, author=self.author)

    async def get(
        self, name: str, *, version: int | None = None, as_of: int | datetime | None = None, fresh: bool = False
    ) -> Document | None:
        """Return a document; None where it is not there. See `StateStore.get`."""
        place = checked.place(name, branch=self.branch, tenant=self.tenant)
        return await (await self.stores.opened()).state.get(place, version=version, as_of=as_of, fresh=fresh)

    async def put(self, name: str, value: Any, *, expect: Expect = ANY, **options: Any) -> Document:
        """Replace a document's value. The options are `why`, `idempotency_key` and `fence`; see `StateStore.commit`."""
        return await self._write(name, {"kind": "put", "value": value, "expect": expect}, **options)

    async def patch(self, name: str, value: Any, *, expect: Expect = ANY, **options: Any) -> Document:
        """Merge into a document (JSON Merge Patch, RFC 7396). The options are those of `put`."""
        return await self._write(name, {"kind": "patch", "value": value, "expect": expect}, **options)

    async def delete(self, name: str, *, expect: Expect = ANY, **options: Any) -> Document:
        """Delete a document; its history stays. The options are those of `put`."""
        return await self._write(name, {"kind": "delete", "expect": expect}, **options)

    async def rollback(self, name: str, *, to: int, expect: Expect = ANY, **options: Any) -> Document:
        """Make a new version with the value of version `to`. The options are those of `put`."""
        return await self._write(name, {"kind": "restore", "to": to, "expect": expect}, **options)

    async def commit(
        self,
        writes: Sequence[Write] = (),
        *,
        events: Sequence[Emitted] = (),
        why: str | None = None,
        idempotency_key: str | None = None,
        fence: Fence | None = None,
    ) -> Committed:
        """Make several changes, all or none, and keep the events that tell of them. See `StateStore.commit`."""
        values = {
            "writes": tuple(writes),
            "events": tuple(events),
            "tenant": self.tenant,
            "branch": self.branch,
            "author": checked.made(Author, {**self.author.model_dump(), "why": why or self.author.why}),
            "idempotency_key": idempotency_key,
            "fence": fence,
        }
        return await (await self.stores.opened()).state.commit(checked.made(Commit, values))

    async def history(self, name: str, *, limit: int = 100, before: int | None = None) -> tuple[Document, ...]:
        """Return a document's versions, the latest first. See `StateStore.history`."""
        place = checked.place(name, branch=self.branch, tenant=self.tenant)
        return await (await self.stores.opened()).state.history(place, limit=limit, before=before)

    async def diff(self, name: str, old: int, new: int | None = None) -> tuple[Difference, ...]:
        """Return where two versions of a document differ; without `new`, the version `old` and the present one.

        Raises:
            NotFound: there is no such version.
        """
        before = await self._version(name, old)
        after = await self.get(name, fresh=True) if new is None else await self._version(name, new)
        return differences(before.value, after.value if after else None)

    async def query(self, namespace: str, *where: Filter, **options: Any) -> Page:
        """Return documents of a namespace. Options: prefix, order, descending, limit, after; see `Query`."""
        values = {**options, "namespace": namespace, "where": where, "branch": self.branch, "tenant": self.tenant}
        return await (await self.stores.opened()).state.query(checked.made(Query, values))

    async def watch(self, pattern: str, *, since: int | None = None) -> AsyncIterator[Change]:
        """Yield every change of what "namespace/key" matches, * for any text. See `StateStore.watch`."""
        state = (await self.stores.opened()).state
        found = state.watch(pattern, since=since, branch=self.branch, tenant=self.tenant)
        async with aclosing(cast("AsyncGenerator[Change, None]", found)) as changes:
            async for change in changes:
                yield change

    @asynccontextmanager
    async def lock(
        self, name: str, *, ttl: timedelta = timedelta(seconds=30), wait: timedelta | None = None
    ) -> AsyncIterator[Lease]:
        """Hold a lease for the length of a block; it is prolonged as long as the block runs.

        Pass `lease.fence` to the writes of the block: they are refused if the lease was lost after all.

        Args:
            name: what is locked.
            ttl: how long it outlives this process, should that be killed.
            wait: how long to wait for somebody else; None: without end.

        Raises:
            Conflict: somebody else held it for all that time.
            LeaseLost: it could not be prolonged in time; told when the block has ended.
        """
        lease = await self._acquired(name, ttl=ttl, wait=wait)
        renewing = asyncio.create_task(self._renew(lease, ttl=ttl))
        try:
            yield lease
        finally:
            renewing.cancel()
            await asyncio.wait([renewing])
            await (await self.stores.opened()).state.release(lease)
        if not renewing.cancelled():
            await renewing

    async def rules(self, namespace: str) -> Rules | None:
        """Return the schema and the state machine of a namespace; None where it has none."""
        found = await self.get(f"{RULES_NAMESPACE}/{namespace}", fresh=True)
        return checked.made(Rules, found.value) if found else None

    async def set_rules(self, namespace: str, rules: Rules | Mapping[str, Any], **options: Any) -> Document:
        """Set the schema and the state machine of a namespace. The options are those of `put`.

        Raises:
            BadRequest: the schema or the machine is wrong.
        """
        value = checked.made(Rules, rules, what=f"the rules of {namespace!r}")
        return await self.put(f"{RULES_NAMESPACE}/{namespace}", value.model_dump(mode="json"), **options)

    async def sequence(self) -> int:
        """Return the sequence of the last change or event."""
        return await (await self.stores.opened()).state.sequence()

    async def _write(self, name: str, values: dict[str, Any], **options: Any) -> Document:
        place = checked.place(name, branch=self.branch, tenant=self.tenant)
        write = checked.made(Write, {**values, "namespace": place.namespace, "key": place.key})
        return (await self.commit([write], **options)).documents[0]

    async def _version(self, name: str, version: int) -> Document:
        found = await self.get(name, version=version)
        if found is None:
            raise NotFound(f"there is no document {name!r} on branch {self.branch!r}")
        return found

    async def _acquired(self, name: str, *, ttl: timedelta, wait: timedelta | None) -> Lease:
        state, clock = (await self.stores.opened()).state, asyncio.get_running_loop()
        holder = f"{os.getpid()}@{socket.gethostname()}/{secrets.token_hex(4)}"
        end = None if wait is None else clock.time() + wait.total_seconds()
        while (lease := await state.acquire(name, holder=holder, ttl=ttl, tenant=self.tenant)) is None:
            if end is not None and clock.time() >= end:
                raise Conflict(f"somebody else holds the lock {name!r}: wait for longer, or try again later")
            await asyncio.sleep(_LOCK_POLL_SECONDS)
        return lease

    async def _renew(self, lease: Lease, *, ttl: timedelta) -> None:
        state = (await self.stores.opened()).state
        while True:
            await asyncio.sleep(ttl.total_seconds() / _RENEWALS)
            # A database that is away for a moment may be back before the lease has ended, which then tells.
            with suppress(BackendUnavailable):
                lease = await state.renew(lease, ttl=ttl)
