"""Archives of memories: JSON Lines, whole or refused.

The first line says what it is and how much it holds. Each further line is one version of a memory, in the order in
which they were written. The last line has the checksum of all lines before it: half a file is never taken for a whole.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from contracts.base import Contract
from contracts.errors import BadRequest
from contracts.memories import Caller
from contracts.memory_archive import ArchivedVersion, MemoryArchive

FORMAT = "perdure.memories"
VERSION = 1


class Header(Contract):
    """The first line of an archive."""

    format: str = FORMAT
    version: int = VERSION
    made_at: datetime
    tenant: str
    branch: str
    embedder: str
    vectors: bool = False
    memories: int
    versions: int


class Trailer(Contract):
    """The last line of an archive: of how many lines before it is the checksum?"""

    checksum: str
    lines: int


async def lines(archive: MemoryArchive, caller: Caller, *, vectors: bool) -> AsyncIterator[str]:
    """Yield an archive of what a caller sees, line by line, each with its end."""
    counts, digest, count = await archive.counts(caller), hashlib.sha256(), 1
    header = Header(
        made_at=datetime.now(UTC),
        tenant=caller.tenant,
        branch=caller.branch,
        embedder=archive.embedder,
        vectors=vectors,
        memories=counts.memories,
        versions=counts.versions,
    )
    line = f"{header.model_dump_json()}\n"
    digest.update(line.encode())
    yield line
    async for version in archive.versions(caller, upto=counts.sequence, vectors=vectors):
        line = f"{version.model_dump_json(exclude_defaults=True)}\n"
        digest.update(line.encode())
        count += 1
        yield line
    yield f"{Trailer(checksum=f'sha256:{digest.hexdigest()}', lines=count).model_dump_json()}\n"


def is_archive(path: Path) -> bool:
    """Whether a file begins as an archive does."""
    with path.open("rb") as file:
        return _header_of(file.readline(64 * 1024)) is not None


def verified(path: Path) -> Header:
    """Return the header of an archive that is whole.

    Raises:
        BadRequest: it is not whole, was changed, or was made by a newer version; nothing of it should be used.
    """
    digest, count, last = hashlib.sha256(), 0, b""
    with path.open("rb") as file:
        header = _header_of(file.readline())
        if header is None:
            raise BadRequest(f"the file {path.name!r} is no archive of memories")
        file.seek(0)
        for line in file:
            if count:
                digest.update(last)
            last, count = line, count + 1
    _check(header, _trailer_of(last, name=path.name), digest=digest.hexdigest(), count=count - 1)
    return header


def batches(path: Path, *, size: int) -> Iterator[list[ArchivedVersion]]:
    """Yield the versions of an archive that is whole, so many at once.

    Raises:
        BadRequest: a line is no version of a memory.
    """
    with path.open("rb") as file:
        batch: list[ArchivedVersion] = []
        for number, line in _inner(file):
            batch.append(_version(line, number=number))
            if len(batch) == size:
                yield batch
                batch = []
        if batch:
            yield batch


def _header_of(line: bytes) -> Header | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        return None
    if found.get("version") != VERSION:
        raise BadRequest(
            f"the archive has the format {found.get('version')!r}, known is {VERSION}: use a newer Perdure"
        )
    try:
        return Header.model_validate(found)
    except ValidationError as error:
        raise BadRequest(f"the first line of the archive is wrong: {error.errors()[0]['msg']}") from error


def _trailer_of(line: bytes, *, name: str) -> Trailer:
    try:
        return Trailer.model_validate_json(line)
    except ValidationError as error:
        raise BadRequest(
            f"the archive {name!r} is not whole: it does not end with its checksum; nothing was imported, export anew"
        ) from error


def _check(header: Header, trailer: Trailer, *, digest: str, count: int) -> None:
    if trailer.lines != count or header.versions != count - 1:
        raise BadRequest(
            f"the archive has {count - 1:,} versions of memories, and says that it has {header.versions:,}: it is not"
            " whole; nothing was imported"
        )
    if trailer.checksum != f"sha256:{digest}":
        raise BadRequest("the archive was changed after it was made: its checksum is another one; nothing was imported")


def _inner(file: IO[bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield the lines between the first and the last one, with their numbers."""
    file.readline()
    waiting = b""
    for number, line in enumerate(file, start=1):
        if waiting:
            yield number, waiting
        waiting = line


def _version(line: bytes, *, number: int) -> ArchivedVersion:
    try:
        return ArchivedVersion.model_validate_json(line)
    except ValidationError as error:
        first: Any = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise BadRequest(f"line {number} of the archive: {where}: {first['msg']}") from error
