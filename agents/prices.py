"""What models cost: a table that ships with the package, and the settings' own entries before it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Price:
    """US dollars for a million tokens."""

    prompt: float
    completion: float

    def cost(self, prompt_tokens: int, completion_tokens: int) -> float:
        """US dollars for so many tokens."""
        return (prompt_tokens * self.prompt + completion_tokens * self.completion) / MILLION


class PriceTable:
    """Prices by model name.

    Args:
        overrides: entries that go before those of the package.
    """

    def __init__(self, overrides: Mapping[str, Price] | None = None) -> None:
        table = tomllib.loads(files("agents").joinpath("prices.toml").read_text(encoding="utf-8"))
        self._prices = {name: Price(**price) for name, price in table.items()} | dict(overrides or {})

    def find(self, model: str) -> Price | None:
        """The price of a model; a dated name (`gpt-4o-2024-08-06`) has that of the longest name it begins with."""
        names = [name for name in self._prices if model == name or model.startswith(f"{name}-20")]
        return self._prices[max(names, key=len)] if names else None
