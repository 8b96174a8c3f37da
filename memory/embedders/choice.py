"""Which embedder a setting names. Each is imported only where it is used."""

from __future__ import annotations

from contracts.errors import ConfigurationError
from contracts.memory_ports import Embedder

KNOWN = "wordllama, minilm, openai:MODEL[@DIMENSIONS], fastembed:MODEL or sentence-transformers:MODEL"


def chosen(setting: str, *, url: str | None = None, key: str | None = None) -> Embedder:
    """Return the embedder that a setting names; nothing is loaded or asked before its first text.

    Args:
        setting: "wordllama", "minilm", "openai:MODEL" (with "@768" where vectors are to have that length),
            "fastembed:MODEL" or "sentence-transformers:MODEL".
        url: of an OpenAI-compatible server, such as "http://127.0.0.1:8000/v1"; None is OpenAI's own.
        key: its key, if it has one.

    Raises:
        ConfigurationError: there is no such embedder, or what it needs is not installed.
    """
    kind, _, model = setting.partition(":")
    if kind in _WITHOUT_MODEL and not model:
        return _WITHOUT_MODEL[kind]()
    if kind == "openai" and model:
        return _openai(model, url=url, key=key)
    if kind in _WITH_MODEL and model:
        return _WITH_MODEL[kind](model)
    raise ConfigurationError(f"the embedder {setting!r} is not known: PERDURE_EMBEDDER must be {KNOWN}")


def _wordllama() -> Embedder:
    from memory.embedders.wordllama import WordLlamaEmbedder

    return WordLlamaEmbedder()


def _minilm() -> Embedder:
    from memory.embedders.minilm import MiniLmEmbedder

    return MiniLmEmbedder()


def _openai(model: str, *, url: str | None, key: str | None) -> Embedder:
    from memory.embedders.openai import OpenAiEmbedder

    name, _, length = model.rpartition("@")
    if name and length.isascii() and length.isdigit():
        return OpenAiEmbedder(name, url=url, key=key, dimensions=int(length))
    return OpenAiEmbedder(model, url=url, key=key)


def _fastembed(model: str) -> Embedder:
    from memory.embedders.fastembed import FastembedEmbedder

    return FastembedEmbedder(model)


def _sentence_transformers(model: str) -> Embedder:
    from memory.embedders.sentence_transformers import SentenceTransformersEmbedder

    return SentenceTransformersEmbedder(model)


_WITHOUT_MODEL = {"wordllama": _wordllama, "minilm": _minilm}
_WITH_MODEL = {"fastembed": _fastembed, "sentence-transformers": _sentence_transformers}
