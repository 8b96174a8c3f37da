"""Take the README's picture: a run of the example team, as the Temporal UI shows it in a real browser.

Usage: `.venv/bin/python -m docs.pictures.take` in the repository's folder. It starts a stack of its own.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
from pathlib import Path

from perdure.client import Perdure
from perdure.ports import free_port
from perdure.settings import Settings
from perdure.stack import own

PICTURE = Path(__file__).with_name("run.png")
REPOSITORY = Path(__file__).parents[2]
_WINDOW = "1400,1500"
_SETTLE_MILLISECONDS = 15_000


async def main() -> None:
    """Run the team, photograph its page."""
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        async with own(settings, port=free_port(), ui_port=free_port(), say=_quiet) as place:
            perdure = await Perdure.using(place.client)
            run = await perdure.start("survey", "Survey this repository", files=REPOSITORY, run_id="survey-1")
            await run.result()
            await asyncio.to_thread(photograph, str(place.run_url(run.id)), PICTURE)


def photograph(url: str, picture: Path) -> None:
    """Save what Chromium shows of a page."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        raise SystemExit("Chromium is missing; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-background-networking",
                f"--user-data-dir={profile}",
                f"--window-size={_WINDOW}",
                f"--virtual-time-budget={_SETTLE_MILLISECONDS}",
                f"--screenshot={picture}",
                url,
            ],
            check=True,
            capture_output=True,
        )


def _quiet(_: str) -> None:
    return None


if __name__ == "__main__":
    asyncio.run(main())
