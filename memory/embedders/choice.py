"""Which embedder a setting names. Each is imported only where it is used."""

from __future__ import annotations

from contracts.errors import ConfigurationError
from contracts.recall_ports import Embedder

KNOWN = "wordllama, minilm, openai:MODEL, fastembed:MODEL or sentence-transformers:MODEL"


def chosen(setting: str, *, url: str | None = None, key: str | None = None) -> Embedder:
    """Return the embedder that a setting names; nothing is loaded or asked before its first text.

    Args:
        setting: "wordllama", "minilm", "openai:MODEL", "fastembed:MODEL" or "sentence-transformers:MODEL"; a model may
            be followed by "@" and how long its vectors are, which Qdrant must know beforehand.
        url: of an OpenAI-compatible server, such as "http://127.0.0.1:8000/v1"; None is OpenAI's own.
        key: its key, if it has one.

    Raises:
        ConfigurationError: there is no such embedder, or what it needs is not installed.
    """
    kind, _, rest = setting.partition(":")
    model, length = _measured(rest)
    if kind in _WITHOUT_MODEL and not model:
        return _WITHOUT_MODEL[kind]()
    if kind == "openai" and model:
        return _openai(model, length, url=url, key=key)
    if kind in _WITH_MODEL and model:
        return _WITH_MODEL[kind](model, length)
    raise ConfigurationError(f"the embedder {setting!r} is not known: PERDURE_EMBEDDER must be {KNOWN}")


def _wordllama() -> Embedder:
    from memory.embedders.wordllama import WordLlamaEmbedder

    return WordLlamaEmbedder()


def _minilm() -> Embedder:
    from memory.embedders.minilm import MiniLmEmbedder

    return MiniLmEmbedder()


def _openai(model: str, length: int, *, url: str | None, key: str | None) -> Embedder:
    from memory.embedders.openai import OpenAiEmbedder

    return OpenAiEmbedder(model, url=url, key=key, dimensions=length)


def _fastembed(model: str, length: int) -> Embedder:
    from memory.embedders.fastembed import FastembedEmbedder

    return FastembedEmbedder(model, dimensions=length)


def _sentence_transformers(model: str, length: int) -> Embedder:
    from memory.embedders.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(model, dimensions=length)


def _measured(model: str) -> tuple[str, int]:
    """Return the name of a model, and how long its vectors are; 0 where that is not said."""
    name, _, length = model.rpartition("@")
    return (name, int(length)) if name and length.isascii() and length.isdigit() else (model, 0)


_WITHOUT_MODEL = {"wordllama": _wordllama, "minilm": _minilm}
_WITH_MODEL = {"fastembed": _fastembed, "sentence-transformers": _sentence_transformers}
