from __future__ import annotations

import asyncio

from contracts.conversation import digest
from contracts.conversation_ports import SegmentStore


def _blobs(*texts: str) -> dict[bytes, bytes]:
    return {digest(text.encode()): text.encode() for text in texts}


async def test_what_was_written_is_read_back(segments: SegmentStore) -> None:
    blobs = _blobs("one", "two", "")
    await segments.write("run", blobs)
    assert dict(await segments.read("run", list(blobs))) == blobs


async def test_what_is_not_there_is_absent(segments: SegmentStore) -> None:
    blobs = _blobs("one")
    await segments.write("run", blobs)
    assert dict(await segments.read("run", [*blobs, b"0" * 16])) == blobs


async def test_conversations_do_not_see_each_other(segments: SegmentStore) -> None:
    blobs = _blobs("one")
    await segments.write("run", blobs)
    assert dict(await segments.read("other", list(blobs))) == {}


async def test_writing_again_changes_nothing(segments: SegmentStore) -> None:
    blobs = _blobs("one")
    await segments.write("run", blobs)
    await segments.write("run", blobs)
    assert dict(await segments.read("run", list(blobs))) == blobs


async def test_what_is_dropped_is_gone_and_dropping_again_is_passed_over(segments: SegmentStore) -> None:
    blobs = _blobs("one", "two")
    await segments.write("run", blobs)
    first, second = blobs
    await segments.drop("run", [first])
    await segments.drop("run", [first])
    assert dict(await segments.read("run", list(blobs))) == {second: blobs[second]}


async def test_many_are_read_at_once(segments: SegmentStore) -> None:
    blobs = _blobs(*map(str, range(40_000)))
    await segments.write("run", blobs)
    assert len(await segments.read("run", list(blobs))) == len(blobs)


async def test_writers_at_the_same_time_lose_nothing(segments: SegmentStore) -> None:
    await asyncio.gather(*(segments.write("run", _blobs(str(number))) for number in range(200)))
    wanted = _blobs(*map(str, range(200)))
    assert dict(await segments.read("run", list(wanted))) == wanted
