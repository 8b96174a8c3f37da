"""Archives as files that are whole or not there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from contracts.errors import BadRequest

# The first line and the last one are no versions.
_FRAME = 2


async def write(lines: AsyncIterator[str], path: Path) -> int:
    """Write an archive into a file, and return how many versions it has.

    Raises:
        BadRequest: the file cannot be written.
    """
    count = -_FRAME
    try:
        with _becoming(path) as file:
            async for line in lines:
                file.write(line)
                count += 1
    except OSError as error:
        raise BadRequest(f"the file {str(path)!r} cannot be written: {error.strerror}") from error
    return count


@contextmanager
def _becoming(path: Path) -> Iterator[IO[str]]:
    """Open a file that takes the place of another one when the block has ended well."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            yield file
        os.replace(name, path)
    except BaseException:  # Whatever went wrong, half a file is of no use.
        Path(name).unlink(missing_ok=True)
        raise
