"""A model that answers at once: what is measured is the engine, not a provider."""

from __future__ import annotations

import ast
import json
import random
import re
from collections.abc import Sequence
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import CreateResult, FunctionExecutionResultMessage, LLMMessage, RequestUsage

from agents.scripted import ScriptedModel
from contracts.errors import ModelUnavailable

LONG_ANSWER_CHARS = 2048
# How many tools each agent of the team `tools` asks for in one turn: with six model calls that makes five.
CALLS = {"ann": 2, "ben": 3}
_AWAY_SECONDS = 3600.0
_CANDIDATES = re.compile(r"select the next role from (\[.*?\]) to play")
_PROSE = (
    "The run of a team is kept, and goes on when its worker has died, because each call was noted before it ended. "
    "So nothing is asked twice. No answer is lost while many agents speak in turn about what they found in their files."
)
_WORDS = _PROSE.split()


class IdleModel(ScriptedModel):
    """Answers by the name of who asks: tools first where there are some, a speaker for a selector, else a text.

    Args:
        chars: length of a text.
        turns: after so many turns the provider is away for an hour; None for never.
    """

    def __init__(self, *, chars: int, turns: int | None = None) -> None:
        super().__init__()
        self._chars = chars
        self._turns = turns

    async def create(self, messages: Sequence[LLMMessage], **arguments: Any) -> CreateResult:
        """Answer at once."""
        # The system message and the task are no turns.
        if self._turns is not None and len(messages) - 2 >= self._turns:
            raise ModelUnavailable("the provider is away", retry_after=_AWAY_SECONDS)
        caller = arguments["extra_create_args"]["caller"].rpartition("/")[2]
        content = _tool_call(messages, caller) if arguments["tools"] else None
        if content is not None:
            return _result(content, "function_calls")
        return _result(_speaker(messages) if caller == "selector" else self._text(messages), "stop")

    def _text(self, messages: Sequence[LLMMessage]) -> str:
        words = random.Random(f"{len(messages)} {messages[-1].content}")
        text = " ".join(words.choices(_WORDS, k=self._chars // 4 + 1))
        return text[: self._chars]


def _tool_call(messages: Sequence[LLMMessage], caller: str) -> list[FunctionCall] | None:
    done = sum(isinstance(message, FunctionExecutionResultMessage) for message in messages)
    if done >= CALLS[caller]:
        return None
    return [FunctionCall(id=f"call_{done}", name="weigh", arguments=json.dumps({"what": caller, "times": done}))]


def _speaker(messages: Sequence[LLMMessage]) -> str:
    text = str(messages[0].content)
    found = _CANDIDATES.search(text)
    names: list[str] = ast.literal_eval(found.group(1)) if found else ["nobody"]
    return names[len(text) % len(names)]


def _result(content: str | list[FunctionCall], reason: Any) -> CreateResult:
    return CreateResult(finish_reason=reason, content=content, usage=RequestUsage(10, 10), cached=False)
