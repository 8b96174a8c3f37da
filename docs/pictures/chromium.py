"""Chromium without a window: what it shows of a page, as a picture or as the document it has become."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

_WINDOW = "1400,1500"
_SETTLE_MILLISECONDS = 15_000
_SECONDS = 60


def installed() -> str | None:
    """Where the browser is, None if there is none on PATH."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def photograph(url: str, picture: Path) -> None:
    """Save what the browser shows of a page."""
    _open(url, f"--screenshot={picture}")


def document(url: str) -> str:
    """The page's HTML after its scripts have run."""
    return _open(url, "--dump-dom")


def _open(url: str, *options: str) -> str:
    browser = installed()
    if browser is None:
        raise SystemExit("Chromium is missing; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        return subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                "--disable-dev-shm-usage",
                f"--user-data-dir={profile}",
                f"--window-size={_WINDOW}",
                f"--virtual-time-budget={_SETTLE_MILLISECONDS}",
                *options,
                url,
            ],
            check=True,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
        ).stdout
