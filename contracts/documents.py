"""JSON documents as pieces of text: a head line, then the long texts that the head only counts.

A long text stands outside its document's head, so it keeps its pieces wherever it appears again: as a model's answer,
in another agent's prompt, in a saved state.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

LONG = 64
_TEXT = "$text"


def take_apart(document: Any) -> tuple[str, list[str]]:
    """Split a JSON value into its head line and its texts of more than 64 characters, in order."""
    texts: list[str] = []
    head = json.dumps(_without_texts(document, texts.append), ensure_ascii=False, separators=(",", ":"))
    return head + "\n", texts


def _without_texts(value: Any, keep: Callable[[str], None]) -> Any:
    if isinstance(value, str) and len(value) > LONG:
        keep(value)
        return {_TEXT: len(value)}
    if isinstance(value, dict):
        return {key: _without_texts(item, keep) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_without_texts(item, keep) for item in value]
    return value


def put_together(text: str) -> Iterator[Any]:
    """Read documents, one after another, from the text that their heads and texts make."""
    position = 0
    while position < len(text):
        end = text.index("\n", position) + 1
        reader = _Texts(text, end)
        yield _with_texts(json.loads(text[position:end]), reader.take)
        position = reader.position


class _Texts:
    def __init__(self, text: str, position: int) -> None:
        self._text = text
        self.position = position

    def take(self, count: int) -> str:
        begin, self.position = self.position, self.position + count
        return self._text[begin : self.position]


def _with_texts(value: Any, take: Callable[[int], str]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {_TEXT} and isinstance(value[_TEXT], int):
            return take(value[_TEXT])
        return {key: _with_texts(item, take) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item, take) for item in value]
    return value
