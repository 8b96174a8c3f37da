"""What one projection does all its life: follow its source page by page, rest while its server is away, begin anew."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Literal, Protocol

from contracts.errors import BackendUnavailable
from memory.background import end

_log = logging.getLogger(__name__)
# How long a server that is away is left alone, longer each time.
_RESTS = (0.2, 0.5, 1.0, 2.0, 5.0)

# Another process has begun it anew, or was slow: look again, but not at once.
_RACE_SECONDS = 0.05

# A page is applied within this time, unless its server is away.
_LAST_SECONDS = 2.0

# starting: nobody knows yet how far it is. filling: it is far from complete, or is being built anew. away: its server
# does not answer.
State = Literal["starting", "filling", "following", "away"]


class Track(Protocol):
    """How one projection follows its source."""

    @property
    def name(self) -> str:
        """What it is called in messages and commands."""
        ...

    async def applied(self) -> int | None:
        """Return how far it follows; None where it is empty."""
        ...

    async def advance(self, after: int) -> tuple[int, bool] | None:
        """Apply what comes next.

        Returns:
            How far that reached, and whether there may be more; None where it had not followed up to `after`: it came
            back empty, or is being built anew.
        """
        ...

    async def behind(self, after: int) -> int:
        """Return how many changes come after; it may stop counting at a thousand."""
        ...

    async def clear(self) -> None:
        """Make it follow from the beginning."""
        ...

    async def finish(self) -> None:
        """Do what is left to do after it was built anew."""
        ...

    async def count(self) -> int:
        """Return how many rows it has."""
        ...


class Following:
    """Lets one projection follow, in the background.

    Args:
        track: how it follows.
        sweep: how often it looks by itself: what another process began and did not end is found so.
        reached: called after each pass that applied something.
    """

    def __init__(self, track: Track, *, sweep: timedelta, reached: Callable[[], None] | None = None) -> None:
        self.track = track
        self._sweep = sweep.total_seconds()
        self._reached = reached
        self._at: int | None = None
        self._state: State = "starting"
        self._reason = ""
        self._asked = asyncio.Event()
        self._closing = asyncio.Event()
        self._passed = asyncio.Condition()
        self._begun = self._ended = 0
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def state(self) -> State:
        """Whether it can be relied on."""
        return self._state

    @property
    def trouble(self) -> str | None:
        """Why it cannot be relied on; None where it can."""
        if self._state == "following":
            return None
        return self._reason if self._state == "away" else f"it is being filled (it is at {self._at or 0})"

    def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def close(self) -> None:
        """Stop following, after the page that is being applied, unless that takes long."""
        if self._task is None:
            return
        self._closing.set()
        self._asked.set()
        # To cancel a read of the database would cost its connection.
        await asyncio.wait([self._task], timeout=_LAST_SECONDS)
        await end(self._task)

    def ask(self) -> None:
        """Let it look at once, unless its server is away."""
        self._asked.set()

    def suspect(self, reason: str) -> None:
        """Note why its server did not answer somebody: it is not relied on before it was looked at."""
        self._state, self._reason = "away", reason
        self.ask()

    async def follow(self) -> None:
        """Let it look, and wait until it has: for one that is away or being filled nobody waits."""
        if self._state in {"away", "filling"} or self._task is None:
            self.ask()
            return
        # A pass that runs already may have looked before there was what we ask for.
        wanted = self._begun + 1
        self.ask()
        async with self._passed:
            await self._passed.wait_for(lambda: self._ended >= wanted or self._state == "away")

    async def rebuild(self) -> int:
        """Build it anew from its source, and return how many rows it has.

        Raises:
            BackendUnavailable: its server or its source does not answer; it goes on by itself when they do.
        """
        async with self._lock:
            self._state = "filling"
            self._at = None
            await self.track.clear()
            await self._pass()
            await self.track.finish()
        return await self.track.count()

    async def behind(self) -> int | None:
        """Return how many changes it has not applied yet (at most a thousand); None where it does not answer."""
        try:
            return await self.track.behind(await self.track.applied() or 0)
        except BackendUnavailable:
            return None

    async def _run(self) -> None:
        failures = 0
        while not self._closing.is_set():
            self._asked.clear()
            self._begun += 1
            try:
                async with self._lock:
                    await self._pass()
                failures = 0
            except Exception as error:  # noqa: BLE001 - told in the state; the loop must live on until it works
                self._stumble(error)
                failures += 1
            await self._tell()
            if failures:
                await _within(_RESTS[min(failures, len(_RESTS)) - 1], self._closing)
            elif not await _within(self._sweep, self._asked):
                self._at = None  # Ask the server itself: it may have come back empty.

    async def _pass(self) -> None:
        """Apply all that there is."""
        before, more = self._at, True
        while more and not self._closing.is_set():
            if self._at is None:
                self._at = await self._where()
            advanced = await self.track.advance(self._at)
            if advanced is None:
                self._at = None
                await asyncio.sleep(_RACE_SECONDS)
            else:
                self._at, more = advanced
            if more and self._state == "starting":
                self._state = "filling"
        if not more:
            self._mend()
        if self._reached is not None and self._at != before:
            self._reached()

    async def _where(self) -> int:
        applied = await self.track.applied()
        if applied is None:
            self._state = "filling"
        return applied or 0

    async def _tell(self) -> None:
        async with self._passed:
            self._ended = self._begun
            self._passed.notify_all()

    def _stumble(self, error: Exception) -> None:
        self._at = None
        self._reason = str(error) or type(error).__name__
        if self._state != "away":
            known = isinstance(error, BackendUnavailable)
            _log.warning("%s does not follow: %s", self.track.name, self._reason, exc_info=None if known else error)
        self._state = "away"

    def _mend(self) -> None:
        if self._state == "away":
            _log.warning("%s follows again", self.track.name)
        self._state = "following"


async def _within(seconds: float, event: asyncio.Event) -> bool:
    """Wait for an event; say whether it came in time."""
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
