"""How a long conversation stays small in history: pieces of text, named by digest, copied by range.

A prompt is a list of pieces. A `Recipe` says how to put it together: ranges copied from lists that the store has
already (the same caller's last prompts, earlier answers) and the pieces that are new. Both sides cut texts with `cut`,
so both know the pieces of an answer without sending it twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Iterable, Sequence

from pydantic import Field

from contracts.base import Contract

DIGEST_BYTES = 16
MAX_COMMAND_BYTES = 256 * 1024

# A cut depends only on the text near it, so two texts that share a passage soon share its pieces, whatever stood
# before: at the end of a line, a sentence or a word in "d", 192 to 768 characters after the last cut.
_PIECE = re.compile(r".{192,768}?(?:\n|[.!?,] |d )|.{1,768}", re.DOTALL)

Range = tuple[int, int, int]


def cut(text: str) -> list[str]:
    """Cut a text into pieces of 770 characters at most, at places that its content decides."""
    return _PIECE.findall(text)


def digest(data: bytes) -> bytes:
    """Name some bytes: 16 bytes of BLAKE2b."""
    return hashlib.blake2b(data, digest_size=DIGEST_BYTES).digest()


def piece_digests(pieces: Iterable[str]) -> tuple[bytes, ...]:
    """The digest of each piece, in order."""
    return tuple(digest(piece.encode()) for piece in pieces)


def manifest_bytes(digests: Sequence[bytes]) -> bytes:
    """A list of pieces as it is stored: the digests, one after another."""
    return b"".join(digests)


def manifest_key(digests: Sequence[bytes]) -> str:
    """The name of a list of pieces, in hex."""
    return digest(b"manifest" + manifest_bytes(digests)).hex()


def pack(pieces: Sequence[str]) -> str:
    """Make a long text small for a history: each different piece once, and their order, compressed."""
    places = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    parts = json.dumps([list(places), [places[piece] for piece in pieces]], ensure_ascii=False)
    return base64.b64encode(zlib.compress(parts.encode())).decode()


def unpack(packed: str) -> str:
    """Return the text whose pieces `pack` was given."""
    pieces, order = json.loads(zlib.decompress(base64.b64decode(packed)))
    return "".join(pieces[place] for place in order)


class Recipe(Contract):
    """How to put a prompt together.

    A part is either the text of a new piece or a range `(source, first, count)` of a source's pieces. `expired` is a
    list that no later recipe will name, so the store may drop it.
    """

    sources: tuple[str, ...] = ()
    parts: tuple[Range | str, ...] = ()
    expired: str | None = None


class Missing(Contract):
    """What the store lacks for a recipe: whole sources by position, and single pieces by digest in hex."""

    sources: tuple[int, ...] = ()
    digests: tuple[str, ...] = ()


class SegmentBatch(Contract):
    """Pieces to be stored, and their list with them, at most 256 KiB together."""

    pieces: tuple[str, ...] = Field(description="Pieces in order; their list becomes a source.")


class CheckpointRequest(Contract):
    """Keep the text that a recipe makes, for good, under an id."""

    checkpoint: str
    text: Recipe


class CheckpointOutcome(Contract):
    """How many pages the kept text has, or what is missing to keep it."""

    pages: int = 0
    missing: Missing | None = None


class CheckpointPage(Contract):
    """One page of a kept text in its packed form, numbered from 0."""

    checkpoint: str
    page: int
