"""Tools for the folder that a run was given: list, read, search and measure it. Results go to the run's own folder."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from contracts.errors import ToolFailed
from tools import texts
from tools.folder import Folder
from tools.measures import MAX_LINES_BYTES, Measures, measure
from tools.registry import ToolContext, tool

# At four bytes a character this stays below what an answer may hold.
_MAX_READ_CHARS = 45_000
_MAX_LINE_CHARS = 2_000
_MATCH_CHARS = 200
_PLAIN_NAME = re.compile(r"\w(?:[\w .+-]{0,98}\w)?")


class FileList(BaseModel):
    """Paths that fit a pattern."""

    folder: str
    total: int = Field(description="How many files fit, shown or not.")
    files: list[str]
    left_out: list[str] = Field(default=[], description="Names of folders passed over, such as .git.")


class Match(BaseModel):
    """A line that holds what was searched for."""

    path: str
    line: int
    text: str


class Matches(BaseModel):
    """The first lines found; `more` says that there may be others."""

    matches: list[Match]
    more: bool


@tool
def list_files(ctx: ToolContext, pattern: str = "**/*", limit: Annotated[int, Field(ge=1, le=2000)] = 200) -> FileList:
    """List the files of the folder. Folders such as .git, .venv and node_modules are left out.

    Args:
        ctx: where the folder is.
        pattern: which files: `*.py` for a name anywhere, `docs/**/*.md` for a path.
        limit: how many paths to show at most.
    """
    wanted = _pattern(pattern)
    folder = Folder(ctx.files)
    walk = folder.walk()
    shown: list[str] = []
    total = 0
    for path, _ in walk:
        name = folder.name(path)
        if _fits(name.split("/"), wanted):
            total += 1
            shown += [name] if total <= limit else []
    return FileList(folder=folder.root.name, total=total, files=shown, left_out=sorted(walk.left_out))


@tool
def read_file(
    ctx: ToolContext,
    path: str,
    *,
    first_line: Annotated[int, Field(ge=1)] = 1,
    lines: Annotated[int, Field(ge=1, le=2000)] = 200,
) -> str:
    """Read some lines of a text file. The first line of the answer says which lines of how many they are.

    Args:
        ctx: where the folder is.
        path: the file, as list_files shows it.
        first_line: number of the first line, from 1.
        lines: how many lines to read.
    """
    folder = Folder(ctx.files)
    file = folder.file(path)
    shown: dict[int, str] = {}
    chars = number = 0
    for number, line in _text_lines(file, path):
        if first_line <= number < first_line + lines and number not in shown and chars < _MAX_READ_CHARS:
            shown[number] = line if len(line) <= _MAX_LINE_CHARS else line[:_MAX_LINE_CHARS] + "…"
            chars += len(shown[number])
    if first_line > max(number, 1):
        raise ToolFailed(f"{path!r} has {number} lines: there is no line {first_line}")
    last = first_line + len(shown) - 1
    return f"{folder.name(file)}, lines {min(first_line, last)} to {last} of {number}:\n" + "\n".join(shown.values())


@tool
def search_files(ctx: ToolContext, text: str, limit: Annotated[int, Field(ge=1, le=500)] = 50) -> Matches:
    """Find the lines that hold a text, upper and lower case alike, in all text files of the folder.

    Args:
        ctx: where the folder is.
        text: what to look for, as it stands; not a pattern.
        limit: how many lines to show at most.
    """
    if not text.strip():
        raise ToolFailed("there is nothing to search for: give a word")
    found: list[Match] = []
    for match in _matches(Folder(ctx.files), text.casefold()):
        if len(found) == limit:
            return Matches(matches=found, more=True)
        found.append(match)
    return Matches(matches=found, more=False)


@tool
def measure_files(ctx: ToolContext) -> Measures:
    """Count what is in the folder: files, lines and bytes by kind, the largest files, the to-dos with their places."""
    return measure(Folder(ctx.files))


@tool
def write_file(ctx: ToolContext, name: str, text: str) -> str:
    """Write a text file into the results of this run, replacing one of that name. Returns its path.

    Args:
        ctx: where results go.
        name: a plain name such as report.md, without folders.
        text: the whole content.
    """
    if not _PLAIN_NAME.fullmatch(name):
        raise ToolFailed(f"{name!r} is no plain file name: use letters, digits and . _ - only, such as report.md")
    ctx.output.mkdir(parents=True, exist_ok=True)
    path = ctx.output.absolute() / name
    content = text.encode(errors="replace")
    if not (path.is_file() and path.read_bytes() == content):
        _replace(path, content)
    return str(path)


def _replace(path: Path, content: bytes) -> None:
    part = path.with_name(f".{uuid.uuid4().hex}.part")
    try:
        part.write_bytes(content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _text_lines(path: Path, name: str) -> Iterator[tuple[int, str]]:
    try:
        encoding = texts.encoding(path)
        if encoding is None:
            raise ToolFailed(f"{name!r} is a binary file: it has no lines to read")
        if path.stat().st_size > MAX_LINES_BYTES:
            raise ToolFailed(f"{name!r} is over {MAX_LINES_BYTES // 1024**2} MiB, too large to read")
        yield from texts.lines(path, encoding=encoding)
    except PermissionError as error:
        raise ToolFailed(f"{name!r} may not be read: {error.strerror}") from error


def _matches(folder: Folder, wanted: str) -> Iterator[Match]:
    for path, found in folder.walk():
        if found.st_size <= MAX_LINES_BYTES:
            yield from _matches_in(path, folder.name(path), wanted)


def _matches_in(path: Path, name: str, wanted: str) -> Iterator[Match]:
    try:
        encoding = texts.encoding(path)
        if encoding is None:
            return
        for number, line in texts.lines(path, encoding=encoding):
            if (place := line.casefold().find(wanted)) >= 0:
                begin = max(0, place - _MATCH_CHARS // 2)
                yield Match(path=name, line=number, text=line[begin : begin + _MATCH_CHARS].strip())
    except OSError:  # It cannot be read: the other files still can.
        return


def _pattern(text: str) -> list[str]:
    parts = text.removeprefix("./").split("/")
    if ".." in parts or text.startswith("/"):
        raise ToolFailed(f"the pattern {text!r} leads outside the folder: begin it inside, as in docs/**/*.md")
    return parts if len(parts) > 1 else ["**", *parts]


def _fits(parts: list[str], pattern: list[str]) -> bool:
    """Match segment by segment, keeping all places in the pattern that may be reached: many `**` cost little."""
    reached = _past_any(pattern, {0})
    for part in parts:
        after = {place for place in reached if place < len(pattern) and pattern[place] == "**"}
        after |= {place + 1 for place in reached - after if place < len(pattern) and fnmatchcase(part, pattern[place])}
        reached = _past_any(pattern, after)
    return len(pattern) in reached


def _past_any(pattern: list[str], places: set[int]) -> set[int]:
    reached = set(places)
    for place in range(len(pattern)):
        if place in reached and pattern[place] == "**":
            reached.add(place + 1)
    return reached
