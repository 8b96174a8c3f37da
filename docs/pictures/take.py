"""Take the README's pictures: a run of the example team, as the Temporal UI shows it in a real browser.

Usage: `.venv/bin/python -m docs.pictures.take` in the repository's folder. It starts a stack of its own and surveys the
last commit.
"""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
from pathlib import Path

from docs.pictures.chromium import photograph
from perdure.client import Perdure
from perdure.ports import free_port
from perdure.settings import Settings
from perdure.stack import own

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[1]
PICTURES = {"history": "run.png", "user-metadata": "conversation.png"}


async def main() -> None:
    """Run the team, photograph its history and its conversation."""
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "perdure"
        await asyncio.to_thread(_copy, files)
        settings = Settings(home=files / ".perdure")
        async with own(settings, port=free_port(), ui_port=free_port(), say=_quiet) as place:
            perdure = await Perdure.using(place.client)
            run = await perdure.start("survey", "Survey this repository", files=files, run_id="survey-1")
            await run.result()
            part = (await place.client.get_workflow_handle(run.id).describe()).run_id
            for tab, picture in PICTURES.items():
                await asyncio.to_thread(photograph, f"{place.run_url(run.id)}/{part}/{tab}", FOLDER / picture)


def _copy(files: Path) -> None:
    subprocess.run(["git", "clone", "--quiet", "--depth=1", REPOSITORY.as_uri(), files], check=True)


def _quiet(_: str) -> None:
    return None


if __name__ == "__main__":
    asyncio.run(main())
