"""Find the Temporal dev server's program, or get it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from contracts.errors import ConfigurationError
from perdure.locks import FileLock

Say = Callable[[str], None]

VERSION = "v1.5.1"
_MODULE = f"github.com/temporalio/cli/cmd/temporal@{VERSION}"
_DOWNLOAD_SECONDS = 120
_BUILD_SECONDS = 1800


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where programs that we fetched are kept (XDG_CACHE_HOME/perdure, by default ~/.cache/perdure)."""
    base = environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "perdure"


def installed(environ: Mapping[str, str]) -> Path | None:
    """Return the program if it is on PATH or in our cache folder, without fetching anything."""
    if found := shutil.which("temporal", path=environ.get("PATH")):
        return Path(found)
    cached = _cached(environ)
    return cached if os.access(cached, os.X_OK) else None


async def find(environ: Mapping[str, str], *, say: Say) -> Path:
    """Return the program: from PATH, our cache folder, the SDK's download, or built by Go, whichever comes first.

    Args:
        environ: PATH and XDG_CACHE_HOME are read.
        say: told what goes on when it takes long.

    Raises:
        ConfigurationError: there is none and none can be had; the message names what to do.
    """
    if found := installed(environ):
        return found
    cached = _cached(environ)
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        async with FileLock(cached.with_suffix(".lock")).held():
            return installed(environ) or await _get(cached, environ, say=say)
    except OSError as error:
        raise ConfigurationError(
            f"the cache folder {cached.parent} cannot be written ({error.strerror}): set XDG_CACHE_HOME to one that can"
        ) from error


def _cached(environ: Mapping[str, str]) -> Path:
    return cache_folder(environ) / f"temporal-{VERSION}" / "temporal"


async def _get(target: Path, environ: Mapping[str, str], *, say: Say) -> Path:
    reasons = []
    for way in (_download, _build):
        with tempfile.TemporaryDirectory(dir=target.parent) as folder:
            found = await way(Path(folder), environ, say)
            if isinstance(found, Path):
                return found.rename(target)
            reasons.append(found)
    raise ConfigurationError(
        f"the Temporal dev server is missing ({'; '.join(reasons)}): install the Temporal CLI so that `temporal` is on "
        "PATH, or install Go 1.25 or later and try again, or set TEMPORAL_ADDRESS to a server that runs"
    )


async def _download(folder: Path, environ: Mapping[str, str], say: Say) -> Path | str:
    """Let the SDK download the program into the folder; return it, or why there is none."""
    from temporalio.testing import WorkflowEnvironment

    del environ
    say("downloading the Temporal dev server (once)")
    try:
        start = WorkflowEnvironment.start_local(download_dest_dir=str(folder), dev_server_log_level="never")
        server = await asyncio.wait_for(start, _DOWNLOAD_SECONDS)
    except (RuntimeError, TimeoutError):
        return "it could not be downloaded"
    await server.shutdown()
    return _program_in(folder) or "its download left no program"


async def _build(folder: Path, environ: Mapping[str, str], say: Say) -> Path | str:
    """Build the program with Go into the folder; return it, or why there is none."""
    go = shutil.which("go", path=environ.get("PATH"))
    if go is None:
        return "Go is not there to build it"
    say("building the Temporal dev server with Go (about 3 minutes, once)")
    process = await asyncio.create_subprocess_exec(
        go,
        *("install", "-v", _MODULE),
        env={**environ, "GOBIN": str(folder)},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        last = await asyncio.wait_for(_watch(process, say), _BUILD_SECONDS)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    program = folder / "temporal"
    return program if program.exists() else f"Go could not build it: {last}"


async def _watch(process: asyncio.subprocess.Process, say: Say) -> str:
    """Count the packages that Go names as it builds them; return the last line it wrote."""
    assert process.stderr is not None
    built, last = 0, ""
    async for line in process.stderr:
        last = line.decode(errors="replace").strip()
        built += not last.startswith("go: ")
        if built and built % 100 == 0:
            say(f"building the Temporal dev server with Go ({built} packages so far)")
    await process.wait()
    return last


def _program_in(folder: Path) -> Path | None:
    return next((path for path in folder.iterdir() if os.access(path, os.X_OK)), None)
