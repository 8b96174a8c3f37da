"""What a stand-in model can answer: plain values that a rule returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.support.chat import ChatRequest


@dataclass(frozen=True)
class Text:
    """A plain reply. `thought` is sent as `reasoning_content`."""

    text: str
    thought: str | None = None
    finish: Literal["stop", "length", "content_filter"] = "stop"


@dataclass(frozen=True)
class Call:
    """One tool call; `arguments` that are a string are sent as they are. Without an id, the request makes one."""

    name: str
    arguments: Mapping[str, Any] | str = field(default_factory=dict)
    id: str | None = None


@dataclass(frozen=True)
class Tools:
    """A reply that asks for tools, several at once if there are several; `text` goes with it."""

    calls: tuple[Call, ...]
    text: str | None = None


@dataclass(frozen=True)
class Refusal:
    """A reply whose `refusal` field is set and whose content is null."""

    text: str


@dataclass(frozen=True)
class Fault:
    """An error with OpenAI's error body. `retry_after` is in seconds."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    retry_after: float | None = None


@dataclass(frozen=True)
class Malformed:
    """Status 200 with a body that is not a chat completion."""

    body: str = '{"id": "chatcmpl-1", "choices": [{"index": 0, "mess'


@dataclass(frozen=True)
class Cut:
    """Half of an answer, then the connection is cut; with nothing at all where `begun` is False."""

    begun: bool = True
    text: str = "These words never come to their end."


@dataclass(frozen=True)
class Slow:
    """Wait some seconds, then answer; a client that goes away meanwhile is noted as disconnected."""

    seconds: float
    then: Answer


Answer = Text | Tools | Refusal | Fault | Malformed | Cut | Slow
Rule = Callable[[ChatRequest], Answer]


def hang() -> Slow:
    """Do not answer within the life of any test."""
    return Slow(3600.0, Text("too late"))


def rate_limited(retry_after: float) -> Fault:
    """Too many requests; come back in `retry_after` seconds."""
    return Fault(
        429,
        "Rate limit reached for gpt-4o-mini on requests per min (RPM): Limit 3, Used 3, Requested 1.",
        type="requests",
        code="rate_limit_exceeded",
        retry_after=retry_after,
    )


def quota_spent() -> Fault:
    """Also 429, but no waiting helps."""
    return Fault(
        429,
        "You exceeded your current quota, please check your plan and billing details.",
        type="insufficient_quota",
        code="insufficient_quota",
    )


def server_error(status: int = 500) -> Fault:
    """The provider's own trouble: 500, 502, 503."""
    return Fault(
        status, "The server had an error while processing your request. Sorry about that!", type="server_error"
    )


def request_timeout() -> Fault:
    """408: the provider gave up waiting."""
    return Fault(408, "Request timed out.", type="timeout")


def lock_conflict() -> Fault:
    """409: somebody else holds what the request needs."""
    return Fault(409, "The request conflicted with another one, please try again.", type="conflict")


def wrong_key() -> Fault:
    """401."""
    return Fault(401, "Incorrect API key provided: sk-test.", code="invalid_api_key")


def forbidden() -> Fault:
    """403."""
    return Fault(
        403, "Country, region, or territory not supported", type="request_forbidden", code="unsupported_country"
    )


def unknown_model(name: str) -> Fault:
    """404."""
    return Fault(404, f"The model `{name}` does not exist or you do not have access to it.", code="model_not_found")


def context_too_long(*, limit: int, used: int) -> Fault:
    """400, as it comes for a prompt that is longer than the model's context."""
    return Fault(
        400,
        f"This model's maximum context length is {limit} tokens. However, your messages resulted in {used} tokens. "
        "Please reduce the length of the messages.",
        code="context_length_exceeded",
        param="messages",
    )
