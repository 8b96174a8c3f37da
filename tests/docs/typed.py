"""Commands as somebody types them: in a shell, in a folder, with nothing set that is not set on the page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

_OURS = ("PERDURE_", "OPENAI_", "TEMPORAL_", "MAKE", "MFLAGS")
_SECONDS = 100


def environ(**more: str) -> dict[str, str]:
    """The environment of a new user: `perdure` on PATH, nothing set."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**inherited, "PATH": path, **more}


def type_in(folder: Path, *commands: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Type commands into one shell; it stops at the first that fails."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        cwd=folder,
        env=environ(**more),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def printed(done: subprocess.CompletedProcess[str]) -> str:
    """What a command printed on standard output, once it is seen that it ended well."""
    assert done.returncode == 0, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def processes_naming(text: str) -> list[str]:
    """The command lines on this machine that hold a text."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        found += [line] if text in line else []
    return found
