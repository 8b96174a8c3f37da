"""What is wrong with a definition, and where: the words in which people are told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Path = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        path: where in the definition: names and places in lists, from the root.
        message: what is wrong, with the value, and what to do.
        at_name: the fault is in the last name of the path, not in what stands under it.
        excerpt: the part of the text under the path that is meant, such as one expression of a template.
        offset: how many characters into the excerpt the fault is.
    """

    path: Path
    message: str
    at_name: bool = False
    excerpt: str = ""
    offset: int = 0

    def __str__(self) -> str:
        """The place in the definition, and the message."""
        return f"{place(self.path)}: {self.message}" if self.path else self.message


def place(path: Path) -> str:
    """Write a path as people do: `steps.decide.branch.cases[0].when`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).removeprefix(".")


def meant(name: str, known: Iterable[str], *, offer: bool = True) -> str:
    """The end of a sentence that offers what may have been meant.

    Args:
        name: what is there.
        known: what could stand there.
        offer: list some of what is known where nothing is near.
    """
    names = sorted(known)
    nearest = difflib.get_close_matches(name, names, n=2, cutoff=0.6)
    if nearest:
        return f": did you mean {' or '.join(map(repr, nearest))}?"
    return f": there are {', '.join(map(repr, names[:12]))}" if offer and names else ""
