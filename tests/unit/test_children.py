"""Children: they end with their parent, however it ends, and leave nothing of their own behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from perdure.children import Child
from tests.support.waiting import until

# Starts a child that starts a grandchild, prints their process ids, and waits.
FAMILY = "import os, subprocess; child = subprocess.Popen(['sleep', '60']); print(os.getpid(), child.pid, flush=True)"
FAMILY += "; child.wait()"
PARENT = """
import asyncio, os, sys
from pathlib import Path
from perdure.children import Child

async def main():
    child = await Child.start(["sleep", "60"], environ=os.environ, log=Path(sys.argv[1]))
    print(child.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


async def start(tmp_path: Path, *command: str) -> Child:
    return await Child.start(command, environ=os.environ, log=tmp_path / "logs" / "child.log")


async def test_a_child_dies_with_its_parent_even_when_that_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    parent = await asyncio.create_subprocess_exec(*command, stdout=subprocess.PIPE)
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await until(lambda: Path(f"/proc/{child}/cmdline").read_bytes().startswith(b"sleep"), what="the child's start")
    parent.kill()
    await parent.wait()
    await until(lambda: not runs(child), seconds=2, what="the child's end")


async def test_stopping_a_child_stops_what_it_started(tmp_path: Path) -> None:
    child = await start(tmp_path, sys.executable, "-c", FAMILY)
    await until(lambda: bool(child.output()))
    pids = [int(pid) for pid in child.output().split()]
    assert pids[0] == child.pid
    assert all(map(runs, pids))
    await child.stop(grace_seconds=5)
    assert child.exit_code == -signal.SIGTERM
    await until(lambda: not any(map(runs, pids)), seconds=2)


async def test_what_a_dead_child_started_ends_too(tmp_path: Path) -> None:
    child = await start(tmp_path, sys.executable, "-c", FAMILY)
    await until(lambda: bool(child.output()))
    grandchild = int(child.output().split()[1])
    os.kill(child.pid, signal.SIGKILL)
    assert await child.wait() == -signal.SIGKILL
    await until(lambda: not runs(grandchild), seconds=2)
    await child.stop(grace_seconds=5)


async def test_a_deaf_child_is_killed_when_its_time_is_over(tmp_path: Path) -> None:
    child = await start(tmp_path, sys.executable, "-c", DEAF)
    await until(lambda: "deaf" in child.output())
    began = time.monotonic()
    await child.stop(grace_seconds=0.2)
    assert child.exit_code == -signal.SIGKILL
    assert time.monotonic() - began < 2


async def test_a_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    child = await start(tmp_path, "sleep", "60")
    assert os.getsid(child.pid) == child.pid
    await child.stop(grace_seconds=5)


async def test_output_is_that_of_this_child_and_its_end_is_kept(tmp_path: Path) -> None:
    await (await start(tmp_path, "echo", "first")).wait()
    second = await start(tmp_path, sys.executable, "-c", "print('x' * 100_000); print('last')")
    assert await second.wait() == 0
    assert "first" not in second.output()
    assert second.output().endswith("last\n")
    assert len(second.output()) <= 16 * 1024


async def test_a_large_log_begins_anew(tmp_path: Path) -> None:
    log = tmp_path / "logs" / "child.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (8 * 1024 * 1024 + 1))
    child = await start(tmp_path, "echo", "new")
    await child.wait()
    assert log.read_text() == "new\n"


async def test_a_program_that_is_not_there_ends_with_a_word(tmp_path: Path) -> None:
    child = await start(tmp_path, "no-such-program")
    assert await child.wait() != 0
    assert "No such file" in child.output()
