"""`perdure memory export` and `import`."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.errors import BadRequest
from perdure.cli.output import Output
from perdure.cli.remembering import Whose, with_memory
from perdure.memory import Memories
from perdure.transfer.importing import Imported
from perdure.transfer.importing import Reading as FileReading

_SHOWN_FAULTS = 20


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read, as it was typed."""

    thread: str | None = None
    day: str | None = None
    zone: str | None = None
    dry: bool = False

    def made(self) -> FileReading:
        """Return it with day and zone read.

        Raises:
            BadRequest: one of them cannot be read.
        """
        return FileReading(thread=self.thread, day=_day(self.day), zone=_zone(self.zone), dry_run=self.dry)


def export(to: str | None, whose: Whose, *, vectors: bool, as_json: bool) -> int:
    """Write an archive into a file, or print it."""
    output = Output(as_json=as_json)

    async def done(memories: Memories) -> int:
        if to is None:
            async for line in await memories.export_lines(vectors=vectors):
                print(line, end="")
            return 0
        count = await memories.export(to, vectors=vectors)
        output.text(f"{count:,} versions of memories are in {to}")
        output.json({"file": to, "versions": count})
        return 0

    return with_memory(done, whose)


def import_(file: str, whose: Whose, reading: Reading, *, as_json: bool) -> int:
    """Bring a file in."""
    output, made = Output(as_json=as_json), reading.made()

    async def done(memories: Memories) -> int:
        with _path(file) as path, output.spinner(f"reading {file}"):
            found = await memories.import_(path, reading=made)
        _print(found, output, dry=reading.dry)
        return 0

    return with_memory(done, whose)


def _print(found: Imported, output: Output, *, dry: bool) -> None:
    for fault in found.faults[:_SHOWN_FAULTS]:
        output.note(f"line {fault.line} {fault.why}")
    if len(found.faults) > _SHOWN_FAULTS:
        output.note(f"and {len(found.faults) - _SHOWN_FAULTS:,} more")
    would = "would be " if dry else ""
    output.text(
        f"{found.form}: {found.added:,} {would}imported, {found.unchanged:,} were there already,"
        f" {len(found.faults):,} could not be read"
    )
    faults = [{"line": fault.line, "why": fault.why} for fault in found.faults]
    counts = {"form": found.form, "added": found.added, "unchanged": found.unchanged, "dry_run": dry}
    output.json({**counts, "faults": faults})


@contextmanager
def _path(file: str) -> Iterator[Path]:
    """Yield the path of a file; standard input becomes one, because archives are read twice."""
    if file != "-":
        yield Path(file).expanduser()
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "standard input"
        with path.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield path


def _day(argument: str | None) -> date | None:
    try:
        return None if argument is None else date.fromisoformat(argument)
    except ValueError as error:
        raise BadRequest(f"--day {argument!r} cannot be read: write a day such as 2026-01-31") from error


def _zone(argument: str | None) -> tzinfo | None:
    try:
        return None if argument is None else ZoneInfo(argument)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRequest(f"--zone {argument!r} is not known: write a name such as Europe/Lisbon or UTC") from error
