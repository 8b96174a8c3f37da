"""Texts that every store and every wire can hold, and that fit where they are shown."""

from __future__ import annotations

import re

# NUL cannot be kept by every database, and half of a surrogate pair has no UTF-8.
_UNSENDABLE = re.compile("[\x00\ud800-\udfff]")


def sendable(text: str) -> str:
    """The text with a replacement mark for each character that cannot be stored."""
    return _UNSENDABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def cut(text: str, most: int) -> str:
    """The text, or its beginning and a mark where it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
