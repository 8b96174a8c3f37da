"""Asks one of a worker's models in plain words, for what is no turn of a conversation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.calls import ModelRequest
from contracts.conversation import Recipe
from contracts.conversation_ports import ChatModels
from contracts.errors import ModelRefused

# Who asks, where models are told.
_PATH = "memory"


class ChatCompletion:
    """See `Completion`.

    Args:
        models: the worker's models.
        model: name of the one that is asked.
    """

    def __init__(self, models: ChatModels, model: str) -> None:
        self._models = models
        self._model = model

    async def __call__(self, messages: Sequence[Mapping[str, str]], *, json: bool) -> str:
        """See `Completion.__call__`."""
        # The prompt goes with the call, so there is nothing to put together.
        request = ModelRequest(
            path=_PATH, turn=0, model=self._model, prompt=Recipe(), tool_choice="none", json_output=json or None
        )
        reply = await self._models.complete(request, [[], *map(_message, messages)])
        if not isinstance(reply.content, str):
            raise ModelRefused(f"model {self._model!r} called a tool where an answer was asked for")
        return reply.content


def _message(message: Mapping[str, str]) -> dict[str, str]:
    role, content = message["role"], message["content"]
    if role == "system":
        return {"type": "SystemMessage", "content": content}
    return {"type": "UserMessage", "source": role, "content": content}
