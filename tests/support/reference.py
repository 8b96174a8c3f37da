"""What each team says on AutoGen's own runtime: run once for all tests that compare with it."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from tests.support.model_server import ModelServer, Record
from tests.support.running import TASK
from tests.support.scripts import teams
from tests.support.stock import run_stock
from tests.support.teams import TEAMS, Turn


@dataclass(frozen=True)
class Reference:
    """A stock run.

    Attributes:
        turns: what was said, the task included.
        stop_reason: why the team stopped.
        prompts: the texts of each model call, sorted.
        prompt_tokens: of all calls.
        completion_tokens: of all calls.
    """

    turns: tuple[Turn, ...]
    stop_reason: str | None
    prompts: list[tuple[str, ...]]
    prompt_tokens: int
    completion_tokens: int


class References:
    """Stock runs of the test teams on a model server of their own."""

    def __init__(self, server: ModelServer) -> None:
        self._server = server
        self._known: dict[str, Reference] = {}

    async def of(self, name: str) -> Reference:
        """The stock run of a team."""
        if name not in self._known:
            self._server.reset(teams)
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", message="Pydantic serializer warnings")
                result = await run_stock(TEAMS[name], TASK, url=self._server.url)
            records = self._server.requests
            self._known[name] = Reference(
                turns=result.turns,
                stop_reason=result.stop_reason,
                prompts=prompts(records),
                prompt_tokens=sum(record.prompt_tokens for record in records),
                completion_tokens=sum(record.completion_tokens for record in records),
            )
        return self._known[name]


def prompts(records: Sequence[Record]) -> list[tuple[str, ...]]:
    """The texts of each model call, sorted."""
    return sorted(record.request.texts for record in records)
