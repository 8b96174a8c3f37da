"""Labelled sentences: what is worth remembering and what is not."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_FILE = Path(__file__).with_suffix(".tsv")


class Labelled(NamedTuple):
    """One sentence. `part`: "tuned" where rules were written against it, "judged" and "chat" where they were not."""

    wanted: bool
    part: str
    role: str
    kind: str
    text: str


def labelled() -> list[Labelled]:
    """Return all sentences."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [Labelled(label == "+", part, role, kind, text) for label, part, role, kind, text in rows]
