"""The OpenAI-compatible model client, made for an engine that retries by itself and must hear refusals."""

from __future__ import annotations

import json
import warnings
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
from autogen_core.models import ChatCompletionClient, ModelInfo
from autogen_ext.models.openai import OpenAIChatCompletionClient

from contracts.errors import ModelRefused

# A server that needs no key (Ollama, vLLM, LM Studio) still gets one, since the client insists.
NO_KEY = "none"
_CONNECT_SECONDS = 10
_READ_SECONDS = 600


def openai_model(model: str, *, api_key: str | None, base_url: str | None) -> ChatCompletionClient:
    """A client for a server that speaks OpenAI's chat completions.

    Args:
        model: the server's name for the model.
        api_key: the server's key; None for a server that needs none.
        base_url: where the server is; None is OpenAI itself.
    """
    client = httpx.AsyncClient(
        event_hooks={"response": [_raise_refusal]},
        timeout=httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS),
        limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
    )
    options: dict[str, Any] = {"model": model, "api_key": api_key or NO_KEY, "max_retries": 0, "http_client": client}
    if base_url is not None:
        options["base_url"] = base_url
    if not _is_known(model):
        options["model_info"] = _GUESSED
    return OpenAIChatCompletionClient(**options)


# The client fills the field of a parsed answer with an object of a class that Pydantic does not expect there.
warnings.filterwarnings("ignore", message="Pydantic serializer warnings", category=UserWarning)

_GUESSED = ModelInfo(
    vision=False,
    function_calling=True,
    json_output=True,
    family="unknown",
    structured_output=True,
    multiple_system_messages=True,
)


def _is_known(model: str) -> bool:
    from autogen_ext.models.openai._model_info import get_info

    try:
        get_info(model)
    except ValueError:
        return False
    return True


async def _raise_refusal(response: httpx.Response) -> None:
    """AutoGen's client drops `message.refusal`, so a refusal would look like an empty answer."""
    kind = response.headers.get("content-type", "")
    if response.status_code == httpx.codes.OK and "event-stream" in kind:
        response.stream = _HeardStream(cast(httpx.AsyncByteStream, response.stream))
        return
    if response.status_code != httpx.codes.OK or "json" not in kind:
        return
    refusal = _refusal(await response.aread())
    if refusal:
        raise _refused(refusal)


class _HeardStream(httpx.AsyncByteStream):
    """Server-sent events, ended by `ModelRefused` once a refusal that came in pieces is whole."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self._line = b""
        self._refusal = ""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._stream:
            *lines, self._line = (self._line + data).split(b"\n")
            if any(self._ends(line) for line in lines) and self._refusal:
                raise _refused(self._refusal)
            yield data

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._stream.aclose()

    def _ends(self, line: bytes) -> bool:
        """Note what an event holds of a refusal, and say whether it is the last one of the answer."""
        if not line.startswith(b"data: {"):
            return line.startswith(b"data: [DONE]")
        if not self._refusal and b'"refusal"' not in line:
            return False
        choice: dict[str, Any] = next(iter(json.loads(line[6:]).get("choices") or ()), {})
        self._refusal += (choice.get("delta") or {}).get("refusal") or ""
        return choice.get("finish_reason") is not None


def _refused(refusal: str) -> ModelRefused:
    return ModelRefused(f"the model refused to answer: {refusal}")


def _refusal(body: bytes) -> str | None:
    if b'"refusal"' not in body:
        return None
    try:
        message = json.loads(body)["choices"][0]["message"]
    except (ValueError, LookupError, TypeError):
        return None  # not a completion: the client says what is wrong with it
    return message.get("refusal") if isinstance(message, dict) else None
