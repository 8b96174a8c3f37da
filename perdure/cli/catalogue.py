"""`perdure teams`, `tools` and `models`: what the app registers."""

from __future__ import annotations

from agents.registry import REGISTRY, load_app
from contracts.calls import ModelCard
from perdure.cli.output import Output
from perdure.settings import Settings
from tools.registry import TOOLS


def teams(*, as_json: bool) -> int:
    """List teams."""
    load_app(Settings.load().app)
    output = Output(as_json=as_json)
    entries = [REGISTRY.team(name) for name in REGISTRY.team_names()]
    rows = [(entry.name, entry.version, entry.description) for entry in entries]
    output.table(["team", "version", "what it does"], rows)
    output.json([dict(zip(("name", "version", "description"), row, strict=True)) for row in rows])
    return 0


def tools(*, as_json: bool) -> int:
    """List tools."""
    load_app(Settings.load().app)
    output = Output(as_json=as_json)
    entries = [TOOLS.get(name) for name in TOOLS.names()]
    rows = [(entry.name, "quick" if entry.quick else "", entry.description.partition("\n")[0]) for entry in entries]
    output.table(["tool", "", "what it does"], rows)
    output.json([{**entry.schema, "quick": entry.quick} for entry in entries])
    return 0


def models(*, as_json: bool) -> int:
    """List models."""
    from worker import chat_models

    settings = Settings.load()
    load_app(settings.app)
    found = chat_models(settings).prepare()
    output = Output(as_json=as_json)
    marks = {found.default_model: "default"}
    rows = [(card.name, card.label, _price(card), card.problem or marks.get(card.name, "")) for card in found.models]
    output.table(["model", "its own name", "USD for a million tokens", ""], rows)
    output.json([{**card.model_dump(), "default": card.name in marks} for card in found.models])
    return 0


def _price(card: ModelCard) -> str:
    if card.prompt_price is None or card.completion_price is None:
        return "unknown"
    return f"{card.prompt_price:g} in, {card.completion_price:g} out"
