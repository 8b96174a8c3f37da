"""What a reader of the README has after its first pages: a folder with `invoices.py`, and a stack that runs in it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from perdure import temporal_binary
from perdure.ports import free_port
from tests.docs.pages import block
from tests.docs.typed import environ, processes_naming

TEAM = block("README.md, Write a team, python 1")
_STOP_SECONDS = 20


@pytest.fixture(scope="session")
async def dev_server() -> None:
    """Have the Temporal dev server's program at hand: to get it may take minutes, which no example should wait for."""
    await temporal_binary.find(os.environ, say=lambda _: None)


@pytest.fixture(scope="package")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the README's app."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "invoices.py").write_text(TEAM.text)
    return folder


@pytest.fixture(scope="package")
def stack(project: Path) -> Iterator[dict[str, str]]:
    """`perdure up` in that folder, as somebody keeps it running; gives what it printed."""
    ports = ["--port", str(free_port()), "--ui-port", str(free_port())]
    up = subprocess.Popen(
        ["perdure", "up", "--json", *ports],
        cwd=project,
        env=environ(PERDURE_APP="invoices"),
        stdout=subprocess.PIPE,
        text=True,
    )
    with up:
        assert up.stdout is not None
        yield json.loads(up.stdout.readline())
        up.send_signal(signal.SIGINT)
        assert up.wait(_STOP_SECONDS) == 0
    assert processes_naming(str(project)) == []
