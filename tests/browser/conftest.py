"""A real browser: found, or installed where that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from docs.pictures import chromium

_INSTALL_SECONDS = 400


@pytest.fixture(scope="session")
def browser() -> str:
    """Where Chromium is. Without one, a Debian that is ours gets it."""
    if (found := chromium.installed()) is None and shutil.which("apt-get") and os.geteuid() == 0:
        _apt("update", "-qq")
        _apt("install", "-y", "-qq", "--no-install-recommends", "chromium")
        found = chromium.installed()
    if found is None:
        pytest.skip("there is no Chromium, and no way to install it")
    return found


def _apt(*words: str) -> None:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *words], env=environ, check=False, capture_output=True, timeout=_INSTALL_SECONDS)
