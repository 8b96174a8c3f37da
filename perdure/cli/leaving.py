"""How a command ends: one line for what went wrong, and a clean exit code."""

from __future__ import annotations

import json
import os
import sys
import traceback
from typing import Any, NoReturn

import typer

from contracts.errors import InvalidFlow, PerdureError, RunFailed

INTERRUPTED = 130
WRONG_CALL = 2


def leave(code: int) -> NoReturn:
    """End the process with this exit code.

    Temporal's client has threads of its own that may still hold Python objects when the interpreter is taken down,
    which then aborts (exit code 134). Everything of ours is closed by now, so the interpreter is not taken down at all.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            code = code or 1
    os._exit(code)


def report(error: Exception, *, as_json: bool) -> int:
    """Say what went wrong, in one line or as JSON, and return the exit code."""
    if isinstance(error, BrokenPipeError):
        return 1
    if isinstance(error, typer.Abort):
        return INTERRUPTED
    kind, message, code = _described(error)
    if as_json:
        print(json.dumps({"error": {"type": kind, "message": message, **_more(error)}}))
    else:
        # The faults of a definition are a list, each with its place; whatever else there is to say is one line.
        print(f"error: {error if isinstance(error, InvalidFlow) else message}", file=sys.stderr)
    return code


def _more(error: Exception) -> dict[str, Any]:
    if isinstance(error, RunFailed):
        return {"run_id": error.run_id}
    return {"faults": list(error.faults)} if isinstance(error, InvalidFlow) else {}


def _described(error: Exception) -> tuple[str, str, int]:
    if isinstance(error, RunFailed):
        return error.kind, _line(str(error)), error.exit_code
    if isinstance(error, PerdureError):
        return type(error).__name__, _line(str(error)), error.exit_code
    if isinstance(error, typer.TyperException):
        return "BadRequest", f"{_line(error.format_message())} (see perdure --help)", WRONG_CALL
    if os.environ.get("PERDURE_TRACEBACK"):
        traceback.print_exception(error)
    said = f"{type(error).__name__}: {_line(str(error))}"
    return "Unexpected", f"{said}; this is a fault in Perdure: PERDURE_TRACEBACK=1 shows where", 1


def _line(text: str) -> str:
    return " ".join(text.split())
