"""Statements by name, from a `.sql` file beside this one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


@cache
def statements(file: str) -> dict[str, str]:
    """Return the statements of a file by their names. Each begins with a line `-- name: …`."""
    parts = _NAME.split(files("memory.sql").joinpath(file).read_text(encoding="utf-8"))
    return {name: statement.strip().removesuffix(";") for name, statement in zip(parts[1::2], parts[2::2], strict=True)}
