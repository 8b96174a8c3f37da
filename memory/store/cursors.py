"""Cursors of searches: where a page ended, in which answer, to which question."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import UTC, datetime
from typing import NamedTuple

from contracts.errors import BadRequest


class SearchCursor(NamedTuple):
    """Where the next page begins.

    Attributes:
        question: digest of the question and of who asked it.
        sequence: of the ledger, as the first page saw it.
        offset: place in the ranking.
        now: time of the first page, in microseconds since 1970.
    """

    question: str
    sequence: int
    offset: int
    now: int

    @property
    def asked_at(self) -> datetime:
        """Time of the first page."""
        return datetime.fromtimestamp(self.now / 1_000_000, UTC)

    def text(self) -> str:
        """Return it as callers get it."""
        return base64.urlsafe_b64encode(json.dumps(self).encode()).decode().rstrip("=")


def read(text: str, *, question: str) -> SearchCursor:
    """Return the cursor that a caller got before.

    Raises:
        BadRequest: it is none, or it is of another question.
    """
    cursor = _parsed(text)
    if cursor is None:
        raise BadRequest(f"the cursor {text[:60]!r} is none that a search gave: begin again without one")
    if cursor.question != question:
        raise BadRequest("the cursor is of another question, filter or caller: ask as before, or begin without one")
    return cursor


def _parsed(text: str) -> SearchCursor | None:
    try:
        values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        question, *numbers = values
        sequence, offset, now = numbers
    except (ValueError, TypeError, binascii.Error):
        return None
    fits = isinstance(question, str) and all(type(n) is int and 0 <= n < 2**62 for n in numbers)
    return SearchCursor(question, sequence, offset, now) if fits else None
