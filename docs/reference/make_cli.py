"""Write `cli.md`, the reference of the command line, from the commands themselves.

Usage: `.venv/bin/python -m docs.reference.make_cli` in the repository's folder.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import typer.main
from typer.core import TyperGroup

from perdure.cli import app as cli

PAGE = Path(__file__).with_name("cli.md")
_WIDTH = 100
_HEAD = """\
# Commands

Made from the commands by `python -m docs.reference.make_cli`; `perdure COMMAND --help` says the same.

With `--json`, a command prints JSON on standard output and nothing else there; what goes on is told on standard error.

| exit code | meaning |
|---|---|
"""


def page() -> str:
    """The whole page."""
    group = typer.main.get_command(cli.app)
    assert isinstance(group, TyperGroup), "the app has commands"
    parts = [_HEAD + "".join(f"| {code} | {meaning} |\n" for code, meaning in exit_codes().items())]
    return "\n".join([*parts, *_sections(group, "perdure", level=2)])


def exit_codes() -> dict[str, str]:
    """What each exit code means, as the docstring of `invoke` has it."""
    paragraph = (inspect.getdoc(cli.invoke) or "").split("\n\n")[-1].rstrip(".")
    pairs = (part.split(maxsplit=1) for part in re.split(r",\s*", paragraph))
    return {code: meaning.removeprefix("is ").removeprefix("that ") for code, meaning in pairs}


def _sections(group: TyperGroup, prefix: str, *, level: int) -> Iterator[str]:
    """The help of all commands of a group; that of commands with commands of their own goes before theirs."""
    for name, command in group.commands.items():
        typed = f"{prefix} {name}"
        context = command.context_class(command, info_name=typed, terminal_width=_WIDTH)
        yield f"{'#' * level} {typed}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
        if isinstance(command, TyperGroup):
            yield from _sections(command, typed, level=level + 1)


if __name__ == "__main__":
    PAGE.write_text(page())
