"""Counts what lies in a folder: files by kind, lines, the largest files, to-dos."""

from __future__ import annotations

import heapq
import os
import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, Field

from tools import texts
from tools.folder import Folder
from tools.kinds import is_code, kind

MAX_LINES_BYTES = 64 * 1024 * 1024
_LARGEST = 10
_LARGEST_CODE = 20
_SHOWN_TODOS = 100
_SHOWN_NAMES = 20
_TODO_CHARS = 200
# A to-do begins a comment, a list item or the line itself; the bare word in prose or in a string is none.
_TODO = re.compile(
    r"(?:^\s*(?:[-*+]\s+(?:\[ \]\s+)?)?|(?:#|//|/\*|<!--|--|;|%)\s*)@?\b((?:TODO|FIXME)\b(?![|/\"'`\\)]).*)"
)


class KindFigures(BaseModel):
    """All files of one kind together."""

    kind: str
    files: int = 0
    lines: int = 0
    bytes: int = 0


class FileFigures(BaseModel):
    """One file. Binary files, and those over 64 MiB, have no lines."""

    path: str
    kind: str
    lines: int
    bytes: int


class ToDo(BaseModel):
    """A comment or list item that begins with TODO or FIXME."""

    path: str
    line: int
    text: str


class Measures(BaseModel):
    """What lies in a folder. Lists are cut to what fits; counts are of everything."""

    folder: str
    files: int = 0
    lines: int = 0
    bytes: int = 0
    kinds: list[KindFigures] = Field(default=[], description="Most lines first.")
    largest: list[FileFigures] = Field(default=[], description="The ten largest files by bytes.")
    largest_code: list[FileFigures] = Field(default=[], description="The twenty largest source files by lines.")
    todos: int = 0
    todo_list: list[ToDo] = Field(default=[], description="The first hundred to-dos.")
    left_out: dict[str, int] = Field(default={}, description="Names of folders passed over, and how many there are.")
    unreadable: int = 0
    unreadable_list: list[str] = []
    without_lines: list[str] = Field(default=[], description="Text files over 64 MiB, whose lines were not counted.")
    truncated: bool = Field(default=False, description="There are more files than were counted.")


def measure(folder: Folder) -> Measures:
    """Go through a folder once and count."""
    count = _Count(folder)
    walk = folder.walk()
    for path, found in walk:
        count.add(path, found)
    return count.result(left_out=walk.left_out, unreadable=walk.unreadable, truncated=walk.truncated)


class _Count:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._files: list[FileFigures] = []
        self._todos: list[ToDo] = []
        self._todo_count = 0
        self._unreadable: list[str] = []
        self._without_lines: list[str] = []

    def add(self, path: Path, found: os.stat_result) -> None:
        name = self._folder.name(path)
        try:
            encoding = texts.encoding(path)
            lines = self._lines(path, name, encoding) if self._has_lines(name, encoding, found.st_size) else 0
        except OSError:
            self._unreadable.append(name)
            return
        self._files.append(
            FileFigures(path=name, kind=kind(path.name, binary=encoding is None), lines=lines, bytes=found.st_size)
        )

    def _has_lines(self, name: str, encoding: str | None, size: int) -> bool:
        if encoding is not None and size > MAX_LINES_BYTES:
            self._without_lines.append(name)
            return False
        return encoding is not None

    def _lines(self, path: Path, name: str, encoding: str | None) -> int:
        number = 0
        for number, line in texts.lines(path, encoding=encoding or "utf-8"):
            if ("TODO" in line or "FIXME" in line) and (match := _TODO.search(line)):
                self._todo_count += 1
                if len(self._todos) < _SHOWN_TODOS:
                    text = match.group(1).removesuffix("*/").strip()[:_TODO_CHARS]
                    self._todos.append(ToDo(path=name, line=number, text=text))
        return number

    def result(self, *, left_out: Mapping[str, int], unreadable: list[str], truncated: bool) -> Measures:
        files = self._files
        code = [file for file in files if is_code(file.kind)]
        missing = [*unreadable, *self._unreadable]
        return Measures(
            folder=self._folder.root.name,
            files=len(files),
            lines=sum(file.lines for file in files),
            bytes=sum(file.bytes for file in files),
            kinds=_by_kind(files),
            largest=heapq.nsmallest(_LARGEST, files, key=lambda file: (-file.bytes, file.path)),
            largest_code=heapq.nsmallest(_LARGEST_CODE, code, key=lambda file: (-file.lines, file.path)),
            todos=self._todo_count,
            todo_list=self._todos,
            left_out=dict(sorted(left_out.items())),
            unreadable=len(missing),
            unreadable_list=missing[:_SHOWN_NAMES],
            without_lines=self._without_lines[:_SHOWN_NAMES],
            truncated=truncated,
        )


def _by_kind(files: list[FileFigures]) -> list[KindFigures]:
    kinds: dict[str, list[FileFigures]] = defaultdict(list)
    for file in files:
        kinds[file.kind].append(file)
    figures = [
        KindFigures(
            kind=name,
            files=len(found),
            lines=sum(file.lines for file in found),
            bytes=sum(file.bytes for file in found),
        )
        for name, found in kinds.items()
    ]
    return sorted(figures, key=lambda figure: (-figure.lines, -figure.files, figure.kind))
