"""Programs that tests need: found, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

_INSTALL_SECONDS = 400
# Debian keeps the programs of PostgreSQL's server out of PATH.
_POSTGRESQL = Path("/usr/lib/postgresql")


def program(name: str, *, package: str) -> str:
    """Where a program is. A Debian that is ours gets the package; where that cannot be, the test is skipped."""
    if (found := _found(name)) is None and shutil.which("apt-get") and os.geteuid() == 0:
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", package)
        found = _found(name)
    if found is None:
        pytest.skip(f"there is no {name}, and no way to install it: on Debian, apt-get install {package}")
    return found


def _found(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", os.defpath), *_folders()]))


def _folders() -> Iterable[str]:
    return [str(folder) for folder in sorted(_POSTGRESQL.glob("*/bin"), reverse=True)]


def _apt(*words: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *words], env=environ, check=False, capture_output=True, timeout=_INSTALL_SECONDS)
