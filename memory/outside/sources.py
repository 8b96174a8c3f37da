"""The outside sources that a setting names: folders, and URLs of HTTP endpoints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from contracts.errors import ConfigurationError
from contracts.recall_ports import Embedder, OutsideSource
from memory.outside.folder import FolderSource
from memory.outside.http import HttpSource

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]+)://", re.IGNORECASE)


def named(settings: Sequence[str], *, embedder: Embedder | None = None) -> tuple[OutsideSource, ...]:
    """Return the sources that are named; nothing is read or asked before their first search.

    Args:
        settings: folders, and URLs with http or https.
        embedder: finds passages of folders by meaning, too; its owner closes it.

    Raises:
        ConfigurationError: a URL cannot be used.
    """
    return tuple(_source(setting, embedder=embedder) for setting in settings)


def _source(setting: str, *, embedder: Embedder | None) -> OutsideSource:
    scheme = _SCHEME.match(setting)
    if scheme is None:
        return FolderSource(Path(setting), embedder=embedder)
    if scheme[1].lower() not in ("http", "https"):
        raise ConfigurationError(
            f"the source with the scheme {scheme[1]!r} cannot be used: name a folder, or a URL with http or https, in"
            " PERDURE_MEMORY_SOURCES"
        )
    return HttpSource(setting)
