"""The documentation as data: its pages, their blocks of code, links and words set as code."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from agents.context import TeamContext
from perdure.client import Perdure

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DOCSTRINGS = {"Perdure": Perdure, "TeamContext": TeamContext}
_PLACE = re.compile(r"^#+ (?P<heading>.+?)\s*$|^ *```(?P<language>\w*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True)
class Block:
    """A fenced block of code, named by its page, its heading and its place among the blocks of that language there."""

    page: str
    heading: str
    language: str
    number: int
    text: str

    @property
    def name(self) -> str:
        """Such as `README.md, Write a team, python 1`."""
        return f"{self.page}, {self.heading}, {self.language} {self.number}"

    def commands(self) -> list[str]:
        """The lines of a console that somebody types."""
        return [line.removeprefix("$ ") for line in self.text.splitlines() if line.startswith("$ ")]


USED: set[str] = set()


def block(name: str) -> Block:
    """Look a block up by its name, for a test that runs it."""
    USED.add(name)
    return all_blocks()[name]


@cache
def all_blocks() -> dict[str, Block]:
    """Every block of code in the pages and in the docstrings of what users hold."""
    texts = {label(page): page.read_text() for page in PAGES}
    texts |= {name: f"# docstring\n{inspect.getdoc(thing)}\n" for name, thing in DOCSTRINGS.items()}
    return {found.name: found for page, text in texts.items() for found in _blocks(page, text)}


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return _PLACE.sub(lambda found: found["heading"] or "", page.read_text())


def links(page: Path) -> list[str]:
    """Where the links and pictures of a page lead to."""
    return _LINK.findall(prose(page))


def code_words(page: Path) -> list[str]:
    """What a page sets as code in its sentences and tables."""
    return [" ".join(words.split()) for words in _CODE.findall(prose(page))]


def label(page: Path) -> str:
    """A page's path in the repository."""
    return str(page.relative_to(ROOT))


def _blocks(page: str, text: str) -> Iterator[Block]:
    heading, seen = "", [""]
    for found in _PLACE.finditer(text):
        if found["heading"]:
            heading, seen = found["heading"], []
            continue
        seen.append(found["language"])
        code = textwrap.dedent(found["text"])
        yield Block(page, heading, found["language"], seen.count(found["language"]), code)
