"""Single memories as a caller may have them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from contracts.errors import NotFound
from contracts.memories import Caller, Memory
from contracts.memory_ports import MemoryLedger
from memory.store.checks import moment, possible_ids, possible_version
from memory.store.rights import check_writes, missing, sees


class MemoryAccess:
    """Reads memories by id, and checks the caller's rights to each.

    Args:
        ledger: the truth.
    """

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger

    async def seen(self, caller: Caller, ids: Sequence[str]) -> tuple[Memory, ...]:
        """Return the memories that are there for the caller; those that are not are left out."""
        ids = possible_ids(ids)
        if not ids:
            return ()
        now = datetime.now(UTC)
        found = await self._ledger.get(ids, tenant=caller.tenant, branch=caller.branch)
        return tuple(memory for memory in found if sees(caller, memory, now=now))

    async def readable(self, caller: Caller, id: str) -> Memory:
        """Return the current version of a memory, a forgotten one too.

        Raises:
            NotFound: there is none for this caller.
        """
        found = await self.seen(caller, [id])
        if not found:
            raise missing(id)
        return found[0]

    async def there(self, caller: Caller, id: str) -> Memory:
        """Return the current version of a memory that is not forgotten.

        Raises:
            NotFound: there is none for this caller, or it was forgotten.
        """
        return check_there(await self.readable(caller, id), id)

    async def writable(self, caller: Caller, id: str) -> Memory:
        """Return the current version of a memory that the caller may change.

        Raises:
            NotFound: there is none for this caller, or it was forgotten.
            Forbidden: the caller may only read it.
        """
        return (await self.all_writable(caller, [id]))[id]

    async def all_writable(self, caller: Caller, ids: Sequence[str]) -> dict[str, Memory]:
        """Return several memories by id, each as `writable` does."""
        found = {memory.id: memory for memory in await self.seen(caller, ids)}
        for id in ids:
            check_there(found.get(id), id)
            check_writes(caller, found[id].scope)
        return found

    async def version(self, caller: Caller, id: str, *, version: int | None, as_of: int | datetime | None) -> Memory:
        """Return a memory as it was. Whether it is there for the caller is decided as it is now.

        Raises:
            NotFound: there is none for this caller, or it had no such version then.
        """
        await self.readable(caller, id)
        found: tuple[Memory, ...] = ()
        if possible_version(version):
            found = await self._ledger.get(
                [id], tenant=caller.tenant, branch=caller.branch, version=version, as_of=moment(as_of)
            )
        if not found:
            which = f"no version {version}" if version is not None else "not been there"
            raise NotFound(f"the memory {id!r} has {which} at that time: its history tells of all versions")
        return found[0]


def check_there(memory: Memory | None, id: str) -> Memory:
    """Refuse what nobody has any more.

    Raises:
        NotFound: there is no such memory, or it was forgotten.
    """
    if memory is None:
        raise missing(id)
    if memory.status == "forgotten":
        raise NotFound(f"the memory {id!r} was forgotten: its history tells when, and by whom")
    return memory
