"""`perdure` as a user types it, but in this process, which is quick. What it prints is caught."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from perdure.cli.app import invoke
from tests.support.command_line import Ended

_OURS = ("PERDURE_", "TEMPORAL_", "OPENAI_")


class InProcess:
    """Types commands in a folder; the data folder is `.perdure` there. Not for tests that run in an event loop."""

    def __init__(self, folder: Path, **environ: str) -> None:
        self.folder = folder
        self.home = folder / ".perdure"
        self._environ = {"TEMPORAL_CONFIG_FILE": os.devnull, **environ}

    def run(self, *arguments: str, text: str = "") -> Ended:
        """Run a command to its end, with a text as its standard input."""
        out, err, began = io.StringIO(), io.StringIO(), time.monotonic()
        with (
            _environ(self._environ),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            _stdin(text),
        ):
            code = invoke(arguments)
        return Ended(code, out.getvalue(), err.getvalue(), time.monotonic() - began)


@contextlib.contextmanager
def _environ(values: dict[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    for name in before:
        if name.startswith(_OURS):
            del os.environ[name]
    os.environ.update(values)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextlib.contextmanager
def _stdin(text: str) -> Iterator[None]:
    before = sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode()))
    try:
        yield
    finally:
        sys.stdin = before
