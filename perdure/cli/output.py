"""What the commands print: text for people, or JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.status import Status
from rich.table import Table
from rich.text import Text

# Escape sequences of a model or a tool must not move the cursor or change colours.
_CONTROL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f\x9b]")

_PIPE_WIDTH = 1000


class Output:
    """Text for people on standard output, or JSON there and what goes on on standard error."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(stderr=as_json, highlight=False)
        if not self._console.is_terminal:
            # A reader that is a program gets each row of a table on one line.
            self._console.width = _PIPE_WIDTH
        # A spinner and lines of another console would write over each other.
        self._notes = self._console if self._console.is_terminal else Console(stderr=True, highlight=False)
        self._status: Status | None = None

    def text(self, text: str = "", *, style: str = "") -> None:
        """Print text for people; nothing where JSON is wanted."""
        if not self.as_json:
            self._console.print(Text(plain(text), style=style), soft_wrap=True)

    def said(self, source: str, text: str, *, style: str) -> None:
        """Print what somebody said, the name in a style of its own."""
        if not self.as_json:
            self._console.print(Text.assemble((plain(source), style), f"\n{plain(text)}\n"), soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table for people; without borders, so that it can be cut into columns."""
        if self.as_json:
            return
        table = Table(*columns, box=None, pad_edge=False, header_style="bold")
        for row in rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        self._console.print(table)

    def json(self, value: Any) -> None:
        """Print a value as JSON, where that is wanted."""
        if self.as_json:
            print(json.dumps(value, ensure_ascii=False), flush=True)

    def note(self, text: str) -> None:
        """Print a line on standard error, whatever else is wanted."""
        self._notes.print(Text(plain(text), style="yellow"), soft_wrap=True)

    def say(self, text: str) -> None:
        """Tell what goes on: beside the spinner if one turns, else as a line on standard error."""
        if self._status is not None:
            self._status.update(Text(plain(text), style="dim"))
        else:
            self._notes.print(Text(plain(text), style="dim"), soft_wrap=True)

    def progress(self, text: str) -> None:
        """Tell what goes on beside the spinner, and nowhere else."""
        if self._status is not None:
            self._status.update(Text(plain(text), style="dim"))

    @contextmanager
    def spinner(self, text: str) -> Iterator[None]:
        """Turn a spinner while a block runs, at a terminal only."""
        if not self._console.is_terminal:
            yield
            return
        with self._console.status(Text(text, style="dim")) as self._status:
            try:
                yield
            finally:
                self._status = None


def plain(text: str) -> str:
    """The text without what a terminal would act on."""
    return _CONTROL.sub("", text)
