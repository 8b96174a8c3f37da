"""Texts that are kept as pieces: what an answer adds, and the text that a recipe makes."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.conversation import (
    DIGEST_BYTES,
    Missing,
    Recipe,
    cut,
    manifest_bytes,
    manifest_key,
    piece_digests,
)
from contracts.ports import SegmentStore


def answer_blobs(text: str) -> dict[bytes, bytes]:
    """The pieces of a text and their list, each under its digest."""
    pieces = cut(text)
    digests = piece_digests(pieces)
    blobs = dict(zip(digests, (piece.encode() for piece in pieces), strict=True))
    return blobs | {bytes.fromhex(manifest_key(digests)): manifest_bytes(digests)}


async def resolve(store: SegmentStore, conversation: str, recipe: Recipe) -> str | Missing:
    """The text that a recipe makes, or what the store lacks to make it.

    Raises:
        BackendUnavailable: the store does not answer.
    """
    keys = [bytes.fromhex(source) for source in recipe.sources]
    lists = await store.read(conversation, keys)
    if absent := tuple(position for position, key in enumerate(keys) if key not in lists):
        return Missing(sources=absent)
    digests = _digests(recipe, [_split(lists[key]) for key in keys])
    pieces = await store.read(conversation, sorted({name for name in digests if isinstance(name, bytes)}))
    if lost := sorted({name.hex() for name in digests if isinstance(name, bytes) and name not in pieces}):
        return Missing(digests=tuple(lost))
    return "".join(name if isinstance(name, str) else pieces[name].decode() for name in digests)


def _split(listed: bytes) -> list[bytes]:
    return [listed[start : start + DIGEST_BYTES] for start in range(0, len(listed), DIGEST_BYTES)]


def _digests(recipe: Recipe, sources: Sequence[Sequence[bytes]]) -> list[bytes | str]:
    found: list[bytes | str] = []
    for part in recipe.parts:
        if isinstance(part, str):
            found.append(part)
        else:
            source, first, count = part
            found.extend(sources[source][first : first + count])
    return found
