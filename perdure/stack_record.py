"""Which local stack a data folder has: who owns it, who uses it, where it listens.

Two locks keep this true even after `kill -9`. The owner holds `stack.lock` alone for as long as its stack lives. All
who use the stack share `stack.users.lock`; an owner that wants to stop politely waits until it has that one alone.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pydantic import ValidationError

from contracts.base import Contract
from contracts.errors import ConfigurationError
from perdure.locks import FileLock
from perdure.settings import Settings


class StackRecord(Contract):
    """Where a running stack is found; the contents of `stack.json`."""

    address: str
    ui: str
    pid: int
    server_pid: int
    worker_pid: int | None = None


class StackFolder:
    """The part of a data folder that tells of its stack."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.owner = FileLock(home / "stack.lock")
        self.users = FileLock(home / "stack.users.lock")
        self._record = home / "stack.json"

    def prepare(self) -> None:
        """Make the folder, and see that it can be written.

        Raises:
            ConfigurationError: it cannot.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            (self.home / ".gitignore").write_text("*\n")
        except OSError as error:
            raise ConfigurationError(
                f"the data folder {self.home} cannot be written ({error.strerror}): set PERDURE_HOME to one that can"
            ) from error

    def read(self) -> StackRecord | None:
        """Return what is recorded; None if nothing is. What a dead owner left behind is returned too."""
        try:
            return StackRecord.model_validate_json(self._record.read_bytes())
        except (OSError, ValidationError):
            return None

    def write(self, record: StackRecord) -> None:
        """Record where the stack is, all at once."""
        draft = self._record.with_suffix(".new")
        draft.write_text(record.model_dump_json())
        draft.replace(self._record)

    def clear(self) -> None:
        """Forget the record."""
        self._record.unlink(missing_ok=True)

    def running(self) -> StackRecord | None:
        """Return the record of a stack whose owner lives, None if there is none."""
        with contextlib.suppress(OSError):
            if not self.owner.try_acquire(shared=True):
                return self.read()
            self.owner.release()
        return None


def found(settings: Settings) -> Settings:
    """Return settings that lead to the stack that runs, where no server is set and one runs."""
    if settings.temporal.address is None and (record := StackFolder(settings.home).running()):
        return settings.at(record.address)
    return settings
