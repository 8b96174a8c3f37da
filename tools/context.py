"""What a tool is told about the call that it serves."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class ToolContext:
    """Given to a tool that has a parameter of this type; the model neither sees nor sets it.

    Attributes:
        run_id: id of the run.
        path: nesting of team and agent names: who calls.
        files: the folder that the tool may read, None when the run was given none.
        output: the folder of this run that the tool may write to.
        idempotency_key: the same for each attempt of this call, and for no other call.
    """

    run_id: str
    path: str
    files: Path | None
    output: Path
    idempotency_key: str
