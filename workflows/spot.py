"""Where in a flow something is done: what its ids, retries and times come from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta

from contracts.flows import Retry


@dataclass(frozen=True, kw_only=True)
class Spot:
    """One execution of a step, or one item of it.

    Attributes:
        step: name of the step.
        visit: number of this execution of it, from 1.
        part: what tells items apart: ".3", ".left" or "~undo".
        retry: how often it is tried.
        timeout: of one attempt.
        slots: how many teams may run at once here.
    """

    step: str
    visit: int
    part: str = ""
    retry: Retry = field(default_factory=Retry)
    timeout: timedelta | None = None
    slots: int = 1

    @property
    def id(self) -> str:
        """How its activity is called."""
        return f"{self.step}:{self.visit}{self.part}"

    def item(self, name: str | int, *, slots: int) -> Spot:
        """A part of it; a timeout is of the whole step."""
        return replace(self, part=f".{name}", timeout=None, slots=slots)
