"""The reference: a team on AutoGen's own runtime, without Temporal, with the real OpenAI client."""

from __future__ import annotations

from dataclasses import dataclass
from types import TracebackType
from typing import Self

import httpx
from autogen_agentchat.messages import BaseChatMessage
from autogen_core.models import ChatCompletionClient
from autogen_core.tools import FunctionTool, StaticWorkbench, Workbench
from autogen_ext.models.openai import OpenAIChatCompletionClient

from tests.support.teams import Factory, Turn
from tests.support.toolbox import TOOLBOX

MODEL = "gpt-4o-mini"
KEY = "sk-test"


def openai_client(
    url: str, *, key: str = KEY, model: str = MODEL, max_retries: int = 0, http_client: httpx.AsyncClient | None = None
) -> OpenAIChatCompletionClient:
    """The real client, talking to `url`; it retries nothing unless told to."""
    return OpenAIChatCompletionClient(
        model=model,
        base_url=url,
        api_key=key,
        max_retries=max_retries,
        include_name_in_message=True,
        stream_options={"include_usage": True},
        http_client=http_client,  # type: ignore[call-arg]  # handed on to the client of OpenAI
    )


class StockContext:
    """Hands a factory the ordinary AutoGen parts."""

    def __init__(self, url: str) -> None:
        self._url = url
        # One for all: each would read the machine's certificates.
        self._http = httpx.AsyncClient(verify=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    def model(self, name: str | None = None) -> ChatCompletionClient:
        """A client of its own for each agent."""
        return openai_client(self._url, model=name or MODEL, http_client=self._http)

    def tools(self, *names: str) -> Workbench:
        """AutoGen's own workbench over the same functions."""
        return StaticWorkbench([FunctionTool(TOOLBOX[name], description=TOOLBOX[name].__doc__ or "") for name in names])


@dataclass(frozen=True)
class StockResult:
    """What the stock run said, the task's own message included, and why it stopped."""

    turns: tuple[Turn, ...]
    stop_reason: str | None


async def run_stock(factory: Factory, task: str, *, url: str) -> StockResult:
    """Run a team outside of Temporal to its end."""
    async with StockContext(url) as ctx:
        result = await factory(ctx).run(task=task)
    turns = tuple(Turn(m.source, m.to_text()) for m in result.messages if isinstance(m, BaseChatMessage))
    return StockResult(turns=turns, stop_reason=result.stop_reason)
