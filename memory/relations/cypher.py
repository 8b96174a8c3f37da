"""Queries by name, from a `.cypher` file beside this one."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^// name: (\w+)$", re.MULTILINE)
_REMARK = re.compile(r"^//.*$", re.MULTILINE)


@cache
def queries(file: str) -> dict[str, str]:
    """Return the queries of a file by their names. Each begins with a line `// name: …`."""
    parts = _NAME.split(files("memory.relations").joinpath(file).read_text(encoding="utf-8"))
    return {
        name: _REMARK.sub("", query).strip().removesuffix(";")
        for name, query in zip(parts[1::2], parts[2::2], strict=True)
    }
