"""The one folder that file tools may read: nothing outside it, and nothing that build tools leave in it."""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from contracts.errors import ToolFailed

MAX_FILES = 200_000

_VERSION_CONTROL = {".git", ".hg", ".svn"}
_LEFT_OUT = _VERSION_CONTROL | {
    ".cache",
    ".eggs",
    ".nox",
    ".perdure",
    ".tox",
    ".venv",
    "__pycache__",
    "node_modules",
    "venv",
}
_LEFT_OUT_ENDS = ("_cache", ".egg-info")
# Lies in every Python environment, whatever its folder is called.
_ENVIRONMENT_MARK = "pyvenv.cfg"


class Folder:
    """A folder given to a run.

    Args:
        root: the folder, None where the run was given none.

    Raises:
        ToolFailed: there is none, or it cannot be opened.
    """

    def __init__(self, root: Path | None) -> None:
        if root is None:
            raise ToolFailed("this run was given no folder to read: start it with --files DIR")
        if not root.is_dir():
            raise ToolFailed(f"the folder of this run is not there: {root}")
        self.root = root.resolve()

    def file(self, name: str) -> Path:
        """The regular file of that name, symbolic links followed.

        Raises:
            ToolFailed: it is not there, not a regular file, or not inside the folder.
        """
        try:
            path = (self.root / name).resolve(strict=True)
            mode = path.stat().st_mode
        except (OSError, RuntimeError, ValueError) as error:
            raise ToolFailed(f"there is no file {name!r} that can be read: use a path that list_files shows") from error
        if not path.is_relative_to(self.root):
            raise ToolFailed(f"{name!r} is outside the folder of this run: only files inside it may be read")
        if any(_is_left_out(part) for part in path.relative_to(self.root).parts[:-1]):
            raise ToolFailed(f"{name!r} lies in a folder that is left out, such as .git or node_modules")
        if not stat.S_ISREG(mode):
            raise ToolFailed(f"{name!r} is not a file: use list_files to see what there is")
        return path

    def name(self, path: Path) -> str:
        """A path as tools show it: relative to the folder, with slashes."""
        return path.relative_to(self.root).as_posix()

    def walk(self) -> Walk:
        """Go through the regular files."""
        return Walk(self.root)


class Walk:
    """The regular files below a folder, in the order of their names, files of a folder before those below it.

    Symbolic links are not followed: what they point at is either counted where it is, or outside.

    Attributes:
        left_out: names of folders that were passed over, and how often.
        unreadable: folders that could not be listed and files that could not be looked at, relative to the root.
        truncated: there are more files than one walk goes through.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self.left_out: Counter[str] = Counter()
        self.unreadable: list[str] = []
        self.truncated = False

    def __iter__(self) -> Iterator[tuple[Path, os.stat_result]]:
        count = 0
        for entry in self._entries():
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # It went away since its folder was listed.
                continue
            except OSError:
                self.unreadable.append(self._relative(entry.path))
                continue
            if not stat.S_ISREG(found.st_mode):
                continue
            if count == MAX_FILES:
                self.truncated = True
                return
            count += 1
            yield Path(entry.path), found

    def _entries(self) -> Iterator[os.DirEntry[str]]:
        waiting = [str(self._root)]
        while waiting:
            folder = waiting.pop()
            entries = self._listed(folder)
            below = [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
            yield from (entry for entry in entries if not entry.is_dir(follow_symlinks=False))
            waiting += [entry.path for entry in reversed(below) if self._goes_into(entry)]

    def _listed(self, folder: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError:
            self.unreadable.append(self._relative(folder))
            return []

    def _goes_into(self, entry: os.DirEntry[str]) -> bool:
        left_out = _is_left_out(entry.name) or os.path.exists(os.path.join(entry.path, _ENVIRONMENT_MARK))
        if left_out:
            self.left_out[entry.name] += 1
        return not left_out

    def _relative(self, path: str) -> str:
        return Path(path).relative_to(self._root).as_posix()


def _is_left_out(name: str) -> bool:
    return name in _LEFT_OUT or name.endswith(_LEFT_OUT_ENDS)
