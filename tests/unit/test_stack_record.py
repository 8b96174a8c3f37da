"""Who owns a data folder's stack: locks that die with their process, and the record beside them."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from contracts.errors import ConfigurationError
from perdure.locks import FileLock
from perdure.settings import Settings
from perdure.stack_record import StackFolder, StackRecord, found

RECORD = StackRecord(address="127.0.0.1:1", ui="http://127.0.0.1:2", pid=3, server_pid=4, worker_pid=5)
HOLDER = """
import sys, time
from pathlib import Path
from perdure.locks import FileLock

lock = FileLock(Path(sys.argv[1]))
print(lock.try_acquire(), flush=True)
time.sleep(60)
"""


def test_one_holder_alone_or_several_together(tmp_path: Path) -> None:
    first, second, third = (FileLock(tmp_path / "lock") for _ in range(3))
    assert first.try_acquire()
    assert not second.try_acquire()
    assert not second.try_acquire(shared=True)
    first.release()
    assert second.try_acquire(shared=True)
    assert third.try_acquire(shared=True)
    assert not first.try_acquire()
    second.release()
    third.release()
    assert first.try_acquire()
    first.release()
    first.release()


async def test_whoever_waits_gets_the_lock_when_it_is_free(tmp_path: Path) -> None:
    holder, waiter = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    async with holder.held():
        waiting = asyncio.create_task(waiter.acquire())
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await asyncio.wait_for(waiting, 2)
    waiter.release()


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with subprocess.Popen([sys.executable, "-c", HOLDER, tmp_path / "lock"], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"True\n"
        assert not lock.try_acquire()
        holder.kill()
    assert lock.try_acquire()
    lock.release()


def test_a_record_counts_while_its_owner_lives(tmp_path: Path) -> None:
    folder, owner = StackFolder(tmp_path), StackFolder(tmp_path)
    assert folder.running() is None
    assert owner.owner.try_acquire()
    assert folder.running() is None
    owner.write(RECORD)
    assert folder.running() == RECORD
    owner.owner.release()
    assert folder.running() is None
    assert folder.read() == RECORD
    owner.clear()
    assert folder.read() is None


def test_a_broken_record_is_none(tmp_path: Path) -> None:
    (tmp_path / "stack.json").write_text('{"address": ')
    assert StackFolder(tmp_path).read() is None


def test_settings_lead_to_the_stack_that_runs_unless_a_server_is_set(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    assert found(settings) == settings
    owner = StackFolder(tmp_path)
    assert owner.owner.try_acquire()
    owner.write(RECORD)
    assert found(settings).temporal.address == RECORD.address
    assert found(settings.at("other:1")).temporal.address == "other:1"
    owner.owner.release()


def test_looking_for_a_stack_makes_no_folder(tmp_path: Path) -> None:
    assert StackFolder(tmp_path / "none").running() is None
    assert not (tmp_path / "none").exists()


def test_the_folder_is_made_and_kept_out_of_git(tmp_path: Path) -> None:
    StackFolder(tmp_path / "a" / "b").prepare()
    assert (tmp_path / "a" / "b" / ".gitignore").read_text() == "*\n"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"the data folder .*file/home cannot be written \(Not a directory\)"):
        StackFolder(tmp_path / "file" / "home").prepare()
