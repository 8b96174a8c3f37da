"""What the workflow knows of stored texts, and how it asks for a prompt by naming them.

The book remembers, for each caller, the piece lists of its last prompts, and the pieces of every answer. A new prompt
becomes ranges of those lists and the few pieces that are new.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from contracts.conversation import (
    Missing,
    Range,
    Recipe,
    SegmentBatch,
    cut,
    manifest_key,
    piece_digests,
)
from contracts.documents import LONG, take_apart

KEPT_PROMPTS = 4
INLINE_BYTES = 128 * 1024
BATCH_BYTES = 192 * 1024
_MEMO_CHARS = 64 * 1024
_STRIDE = 1024
_LONG_HEAD = 8 * 1024


class Pieces:
    """A list of pieces with their digests, in step."""

    __slots__ = ("digests", "texts")

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.digests: list[bytes] = []

    def extend(self, other: Pieces) -> None:
        """Append another list."""
        self.texts += other.texts
        self.digests += other.digests

    @classmethod
    def of(cls, texts: Sequence[str]) -> Pieces:
        """Take pieces that are cut already."""
        pieces = cls()
        pieces.texts = list(texts)
        pieces.digests = list(piece_digests(texts))
        return pieces

    @property
    def chars(self) -> int:
        """Characters in all pieces together."""
        return sum(map(len, self.texts))


class Manifest:
    """A list of digests that the store has, with the place of each."""

    def __init__(self, digests: Sequence[bytes]) -> None:
        self.digests = tuple(digests)
        self.key = manifest_key(self.digests)
        self._places: dict[bytes, int] | None = None

    def place(self, wanted: bytes) -> int | None:
        """The first position of a digest, None if it is not in the list."""
        if self._places is None:
            # From the last to the first, so that the first position of a digest stays.
            self._places = dict(zip(reversed(self.digests), reversed(range(len(self.digests))), strict=True))
        return self._places.get(wanted)


@dataclass(frozen=True)
class Plan:
    """A recipe, what must be stored before it can work, and the lists that it copies from."""

    recipe: Recipe
    batches: tuple[SegmentBatch, ...] = ()
    sources: tuple[Manifest, ...] = ()


@dataclass
class _Draft:
    sources: dict[str, Manifest] = field(default_factory=dict)
    parts: list[Range | str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)

    def copy(self, source: Manifest, first: int, count: int) -> None:
        self.sources.setdefault(source.key, source)
        self.parts.append((list(self.sources).index(source.key), first, count))

    def add(self, piece: str) -> None:
        self.parts.append(piece)
        self.new.append(piece)


class PromptBook:
    """The texts of one run that are stored already, and the prompts made of them."""

    def __init__(self) -> None:
        self._prompts: dict[str, list[Manifest]] = {}
        self._answers: dict[bytes, tuple[Manifest, int]] = {}
        self._cuts: dict[str, Pieces] = {}
        self._messages: dict[Any, tuple[Any, Any, Pieces]] = {}

    def learn(self, text: str) -> None:
        """Note an answer: its activity has stored its pieces and their list."""
        if len(text) <= LONG:
            return
        manifest = Manifest(self._cut(text).digests)
        for position, digest in enumerate(manifest.digests):
            self._answers.setdefault(digest, (manifest, position))

    def text(self, text: str) -> Pieces:
        """The pieces of one text, kept for as long as the run lives if it is not very long."""
        return self._cut(text)

    def document(self, value: Any) -> Pieces:
        """The pieces of one JSON value."""
        head, texts = take_apart(value)
        # A head that many short values make long is cut as texts are: no command could carry it whole.
        pieces = Pieces.of(cut(head) if len(head) > _LONG_HEAD else [head])
        for text in texts:
            pieces.extend(self._cut(text))
        return pieces

    def message(self, message: Any) -> Pieces:
        """The pieces of one message (a Pydantic model with `content`), kept for as long as the run lives here.

        Plain messages are known by their values, as some teams make new objects of the same ones for each call.
        """
        plain = isinstance(message.content, str)
        key = (type(message), *vars(message).values()) if plain else id(message)
        held = None if plain else message
        known = self._messages.get(key)
        if known is not None and known[0] is held and (plain or known[1] is message.content):
            return known[2]
        pieces = self.document(message.model_dump(mode="json"))
        if pieces.chars <= _MEMO_CHARS:
            self._messages[key] = (held, message.content, pieces)
        return pieces

    def plan(self, caller: str, prompt: Pieces) -> Plan:
        """Say how to make this prompt from what is stored."""
        own = self._prompts.get(caller, [])
        others = [prompts[0] for name, prompts in self._prompts.items() if name != caller]
        return self._plan(prompt, [*own, *others], expired=self._expired(caller, prompt))

    def repair(self, prompt: Pieces, plan: Plan, missing: Missing) -> Plan:
        """Say it again after the store has lost some of what the plan copies."""
        lost = {plan.sources[position].key for position in missing.sources}
        self._forget(lost)
        wanted = set(self._pieces_from(prompt, plan, lost)) | {bytes.fromhex(digest) for digest in missing.digests}
        texts = [text for text, digest in zip(prompt.texts, prompt.digests, strict=True) if digest in wanted]
        batches = tuple(_batches(texts))
        stored = [Manifest(piece_digests(batch.pieces)) for batch in batches]
        kept = [source for source in plan.sources if source.key not in lost]
        again = self._plan(prompt, [*kept, *stored], expired=None)
        return Plan(recipe=again.recipe, batches=(*batches, *again.batches), sources=again.sources)

    def commit(self, caller: str, prompt: Pieces) -> None:
        """Note that a prompt was answered: its activity has stored its list."""
        prompts = self._prompts.setdefault(caller, [])
        manifest = Manifest(prompt.digests)
        prompts[:] = [manifest, *(known for known in prompts if known.key != manifest.key)][: KEPT_PROMPTS + 1]

    def _cut(self, text: str) -> Pieces:
        if text in self._cuts:
            return self._cuts[text]
        pieces = Pieces.of(cut(text))
        if len(text) <= _MEMO_CHARS:
            self._cuts[text] = pieces
        return pieces

    def _expired(self, caller: str, prompt: Pieces) -> str | None:
        prompts = self._prompts.get(caller, [])
        if len(prompts) <= KEPT_PROMPTS:
            return None
        oldest = prompts.pop()
        live = {manifest.key for known in self._prompts.values() for manifest in known}
        return None if oldest.key in live | {manifest_key(prompt.digests)} else oldest.key

    def _plan(self, prompt: Pieces, lists: Sequence[Manifest], *, expired: str | None) -> Plan:
        draft = self._draft(prompt, lists)
        batches: tuple[SegmentBatch, ...] = ()
        if sum(len(piece.encode()) for piece in draft.new) > INLINE_BYTES:
            batches = tuple(_batches(draft.new))
            draft = self._draft(prompt, [*lists, *(Manifest(piece_digests(batch.pieces)) for batch in batches)])
        recipe = Recipe(sources=tuple(draft.sources), parts=tuple(draft.parts), expired=expired)
        return Plan(recipe=recipe, batches=batches, sources=tuple(draft.sources.values()))

    def _draft(self, prompt: Pieces, lists: Sequence[Manifest]) -> _Draft:
        draft = _Draft()
        digests = tuple(prompt.digests)
        position = 0
        while position < len(digests):
            found = self._find(digests[position], lists)
            if found is None:
                draft.add(prompt.texts[position])
                position += 1
                continue
            source, first = found
            count = _shared(digests, position, source.digests, first)
            draft.copy(source, first, count)
            position += count
        return draft

    def _find(self, digest: bytes, lists: Sequence[Manifest]) -> tuple[Manifest, int] | None:
        for manifest in lists:
            place = manifest.place(digest)
            if place is not None:
                return manifest, place
        return self._answers.get(digest)

    def _forget(self, lost: set[str]) -> None:
        for prompts in self._prompts.values():
            prompts[:] = [manifest for manifest in prompts if manifest.key not in lost]
        self._prompts = {caller: prompts for caller, prompts in self._prompts.items() if prompts}
        gone = [digest for digest, (manifest, _) in self._answers.items() if manifest.key in lost]
        for digest in gone:
            del self._answers[digest]

    def _pieces_from(self, prompt: Pieces, plan: Plan, lost: set[str]) -> Iterator[bytes]:
        position = 0
        for part in plan.recipe.parts:
            count = 1 if isinstance(part, str) else part[2]
            if not isinstance(part, str) and plan.sources[part[0]].key in lost:
                yield from prompt.digests[position : position + count]
            position += count


def _shared(left: Sequence[bytes], at: int, right: Sequence[bytes], other: int) -> int:
    limit = min(len(left) - at, len(right) - other)
    count, step = 0, _STRIDE
    while step:
        end = min(count + step, limit)
        if left[at + count : at + end] == right[other + count : other + end]:
            count = end
        else:
            step //= 2
        if count == limit:
            break
    return count


def _batches(pieces: Iterable[str]) -> Iterator[SegmentBatch]:
    batch: list[str] = []
    size = 0
    for piece in dict.fromkeys(pieces):
        length = len(json.dumps(piece, ensure_ascii=False).encode())
        if batch and size + length > BATCH_BYTES:
            yield SegmentBatch(pieces=tuple(batch))
            batch, size = [], 0
        batch.append(piece)
        size += length
    if batch:
        yield SegmentBatch(pieces=tuple(batch))
