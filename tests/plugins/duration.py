"""Notes how long a whole run of the short tests took, for the benchmark that prints it."""

from __future__ import annotations

import time

import pytest

KEY = "perdure/seconds"


@pytest.hookimpl
def pytest_sessionstart(session: pytest.Session) -> None:
    """Look at the clock."""
    session.config.stash[_STARTED] = time.monotonic()


@pytest.hookimpl
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the seconds, if all short tests ran and passed."""
    whole = session.config.args == ["tests"] and session.config.option.markexpr == "not long"
    if whole and exitstatus == pytest.ExitCode.OK and session.config.cache is not None:
        session.config.cache.set(KEY, time.monotonic() - session.config.stash[_STARTED])


_STARTED = pytest.StashKey[float]()
