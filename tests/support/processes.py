"""Processes of this machine, as Linux tells of them."""

from __future__ import annotations

import os
from pathlib import Path


def children(pid: int | None = None) -> list[str]:
    """The command lines of the processes that a process has started and that still run; of this one by default."""
    parent = os.getpid() if pid is None else pid
    found = [_described(folder, parent) for folder in Path("/proc").iterdir() if folder.name.isdigit()]
    return sorted(filter(None, found))


def _described(folder: Path, parent: int) -> str | None:
    try:
        _, _, rest = (folder / "stat").read_text().rpartition(") ")
        state, ppid = rest.split()[:2]
        if int(ppid) != parent or state == "Z":
            return None
        return (folder / "cmdline").read_text().replace("\0", " ").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
