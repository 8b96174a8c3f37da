"""Definitions of flows that a command is given: files, standard input, or names of registered ones."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from contracts.flows import MAX_FLOW_BYTES, Flow
from flows.checking import check
from flows.loading import read
from flows.registry import FLOWS
from perdure.settings import Settings

_SUFFIXES = (".yaml", ".yml", ".json")


def definition(named: str, settings: Settings) -> Flow:
    """Return a definition, checked as far as it can be told alone.

    Raises:
        InvalidFlow: it has faults, each with its place.
        UnknownName: no flow of that name is registered.
        ConfigurationError: an app module cannot be imported.
    """
    if _is_text(named):
        flow, source = read(_path_or_text(named))
        check(flow, source=source)
        return flow
    load(settings)
    return FLOWS.get(named)


def check_together(named: Sequence[str], settings: Settings) -> list[Flow]:
    """Return definitions, checked with all that they name.

    What the app registers is known where it is set. Otherwise flows that are given together know each other, and teams
    and tools are not looked for.

    Raises:
        InvalidFlow: one has faults, each with its place.
    """
    from agents.registry import REGISTRY
    from tools.registry import TOOLS

    if settings.app:
        load(settings)
    given = [read(_path_or_text(name)) if _is_text(name) else (definition(name, settings), None) for name in named]
    others = {**FLOWS.all(), **{flow.name: flow for flow, _ in given}}
    known = {"teams": REGISTRY.team_names(), "tools": TOOLS.names()} if settings.app else {}
    for flow, source in given:
        check(flow, source=source, others=others if known or len(given) > 1 else None, **known)
    return [flow for flow, _ in given]


def load(settings: Settings) -> None:
    """Import the app, which registers its flows.

    Raises:
        ConfigurationError: a module cannot be imported.
    """
    from agents.registry import load_app

    load_app(settings.app)


def _is_text(named: str) -> bool:
    return named == "-" or named.endswith(_SUFFIXES) or "/" in named or Path(named).is_file()


def _path_or_text(named: str) -> str | Path:
    if named != "-":
        return Path(named)
    text = sys.stdin.buffer.read(MAX_FLOW_BYTES + 1).decode(errors="replace")
    # One line could be taken for the name of a file.
    return text if "\n" in text else f"{text}\n"
