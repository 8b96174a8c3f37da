"""Texts that are kept as pieces: what an answer adds, and the text that a recipe makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from contracts.conversation import (
    DIGEST_BYTES,
    Missing,
    Recipe,
    cut,
    digest,
    manifest_bytes,
    manifest_key,
    piece_digests,
)
from contracts.conversation_ports import SegmentStore

# So many digests in hex stay below the 256 KiB that one event may hold; the rest is named by the next try.
MOST_MISSING = 4_000


def answer_blobs(text: str) -> dict[bytes, bytes]:
    """The pieces of a text and their list, each under its digest."""
    return list_blobs(cut(text))


def list_blobs(pieces: Sequence[str]) -> dict[bytes, bytes]:
    """Some pieces and their list, each under its digest."""
    digests = piece_digests(pieces)
    blobs = dict(zip(digests, (piece.encode() for piece in pieces), strict=True))
    return blobs | {bytes.fromhex(manifest_key(digests)): manifest_bytes(digests)}


@dataclass(frozen=True)
class Resolved:
    """The text that a recipe makes, and what must be kept so that later recipes can copy from it."""

    pieces: list[str]
    blobs: dict[bytes, bytes]

    @property
    def text(self) -> str:
        """All pieces together."""
        return "".join(self.pieces)


async def resolve(store: SegmentStore, conversation: str, recipe: Recipe) -> Resolved | Missing:
    """Put a text together, or say what the store lacks for it.

    Raises:
        BackendUnavailable: the store does not answer.
    """
    keys = [bytes.fromhex(source) for source in recipe.sources]
    lists = await store.read(conversation, keys)
    if absent := tuple(position for position, key in enumerate(keys) if key not in lists):
        return Missing(sources=absent)
    new = {digest(part.encode()): part.encode() for part in recipe.parts if isinstance(part, str)}
    digests = list(_digests(recipe, [_split(lists[key]) for key in keys]))
    stored = [name for name in dict.fromkeys(digests) if name not in new]
    pieces = {**await store.read(conversation, stored), **new}
    return _joined(digests, pieces, new=new)


def _joined(
    digests: Sequence[bytes], pieces: Mapping[bytes, bytes], *, new: Mapping[bytes, bytes]
) -> Resolved | Missing:
    if lost := [name.hex() for name in dict.fromkeys(digests) if name not in pieces]:
        return Missing(digests=tuple(lost[:MOST_MISSING]))
    key = bytes.fromhex(manifest_key(digests))
    texts = {name: piece.decode() for name, piece in pieces.items()}
    return Resolved(pieces=[texts[name] for name in digests], blobs={**new, key: manifest_bytes(digests)})


def _split(listed: bytes) -> list[bytes]:
    return [listed[start : start + DIGEST_BYTES] for start in range(0, len(listed), DIGEST_BYTES)]


def _digests(recipe: Recipe, sources: Sequence[Sequence[bytes]]) -> Iterator[bytes]:
    for part in recipe.parts:
        if isinstance(part, str):
            yield digest(part.encode())
        else:
            source, first, count = part
            yield from sources[source][first : first + count]
