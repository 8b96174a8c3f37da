"""Reads text files line by line, whatever their size, encoding and line ends."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from pathlib import Path

_SAMPLE_BYTES = 64 * 1024
# A line longer than this comes in several parts, so that a file without line ends fits into memory.
_PART_CHARS = 64 * 1024
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def encoding(path: Path) -> str | None:
    """How the file's text is encoded, by its first 64 KiB; None for a binary file.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        sample = file.read(_SAMPLE_BYTES)
    for mark, name in _MARKS.items():
        if sample.startswith(mark):
            return name
    if b"\0" in sample:
        return None
    return "utf-8" if _is_utf8(sample) else "cp1252"


def lines(path: Path, *, encoding: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers from 1, without line ends. Parts of one long line have the same number.

    Raises:
        OSError: the file cannot be read.
    """
    number, continued = 1, False
    with path.open(encoding=encoding, errors="replace") as file:
        while part := file.readline(_PART_CHARS):
            ended = part.endswith("\n")
            if part != "\n" or not continued:
                yield number, part.removesuffix("\n")
            number += ended
            continued = not ended


def _is_utf8(sample: bytes) -> bool:
    # The sample may end within a character, so the decoder is not told that it is the end.
    try:
        codecs.getincrementaldecoder("utf-8")().decode(sample)
    except UnicodeDecodeError:
        return False
    return True
