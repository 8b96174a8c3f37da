"""The text files of a folder. Links are not followed, so nothing outside of it is ever read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

SUFFIXES = frozenset({".txt", ".md", ".markdown", ".rst", ".text"})
MAX_FILE_BYTES = 1024 * 1024
MAX_FILES = 5_000
_MAX_DEPTH = 32


class FileState(NamedTuple):
    """What tells that a file has changed."""

    modified_ns: int
    size: int


def states(folder: Path) -> dict[str, FileState]:
    """Return the text files of a folder and its folders, by their path in it; hidden and too large ones are left out.

    Raises:
        OSError: the folder itself cannot be read.
    """
    os.scandir(folder).close()
    found = _files(folder, depth=0)
    return {os.path.relpath(path, folder): state for (path, state), _ in zip(found, range(MAX_FILES), strict=False)}


def text(folder: Path, name: str) -> str | None:
    """Return the text of a file; None where it is gone, is a link, or holds no text."""
    try:
        opened = os.open(folder / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    with open(opened, "rb") as file:
        if not stat.S_ISREG(os.fstat(opened).st_mode):
            return None
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES or b"\x00" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return None


def _files(folder: Path | str, *, depth: int) -> Iterator[tuple[str, FileState]]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        # A folder in it that may not be read, or has just gone.
        return
    for entry in entries:
        if entry.name.startswith(".") or entry.is_symlink():
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _files(entry.path, depth=depth + 1) if depth < _MAX_DEPTH else ()
        elif (state := _state(entry)) is not None:
            yield entry.path, state


def _state(entry: os.DirEntry[str]) -> FileState | None:
    if os.path.splitext(entry.name)[1].lower() not in SUFFIXES:
        return None
    try:
        found = entry.stat(follow_symlinks=False)
    except OSError:
        return None
    if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_FILE_BYTES:
        return None
    return FileState(found.st_mtime_ns, found.st_size)
