"""What the ranking learns from use: a value from 0 to 1 for each memory that was drawn on or marked.

Uses are counted in any case; they count in searches only where the settings say so. Forgetting them undoes it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from memory.store.uses import MemoryUses, Use

# What somebody says counts more than what an answer seems to have drawn on.
_MARK = 3
# A memory that was of use once is not yet as good as it gets.
_PRIOR = 4
# What other processes counted is seen so late.
_STALE = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class _Known:
    values: Mapping[str, float]
    version: str
    until: float


class LearnedRanking:
    """Hands the values to searches.

    Args:
        uses: what was counted.
        stale: how old an answer may be.
        clock: seconds that never go back.
    """

    def __init__(
        self, uses: MemoryUses, *, stale: timedelta = _STALE, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._uses = uses
        self._stale = stale.total_seconds()
        self._clock = clock
        self._known: dict[str, _Known] = {}

    async def values(self, tenant: str) -> Mapping[str, float]:
        """Return the value of each memory that was used. Raises `BackendUnavailable`."""
        return (await self._read(tenant)).values

    async def version(self, tenant: str) -> str:
        """Return a name for the state of the values: answers of another state are not the same."""
        return (await self._read(tenant)).version

    def stale(self, tenant: str) -> None:
        """Read the counts anew at the next search: they have just been changed."""
        self._known.pop(tenant, None)

    async def _read(self, tenant: str) -> _Known:
        known = self._known.get(tenant)
        if known is None or known.until <= self._clock():
            uses = await self._uses.of(tenant)
            values = {use.id: value for use in uses if (value := value_of(use)) > 0}
            known = _Known(values=values, version=_version(uses), until=self._clock() + self._stale)
            self._known[tenant] = known
        return known


def value_of(use: Use) -> float:
    """Return from 0 to 1 how much of use a memory is; half of it is reached after four answers that drew on it."""
    good = use.drawn + _MARK * use.useful
    bad = _MARK * use.useless
    return max(0.0, (good - bad) / (good + bad + _PRIOR))


def _version(uses: Sequence[Use]) -> str:
    return "-".join(str(sum(counted)) for counted in zip(*(use[1:] for use in uses), strict=True))
