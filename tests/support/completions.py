"""OpenAI's wire form of an answer: one JSON body, or server-sent events."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic_core import to_json

from tests.support.answers import Call, Fault, Refusal, Text, Tools
from tests.support.chat import ChatRequest, words

# OpenAI answers with the dated name of a model; AutoGen warns where that differs from what it expects.
_DATED = {"gpt-4o-mini": "gpt-4o-mini-2024-07-18", "gpt-4o": "gpt-4o-2024-08-06"}
_CREATED = 1_700_000_000
_WORD = re.compile(r"\s*\S+|\s+$")

Reply = Text | Tools | Refusal


def completion(request: ChatRequest, reply: Reply) -> bytes:
    """The body of an answer that comes in one piece."""
    choice = {"index": 0, "message": _message(request, reply), "finish_reason": _finish(reply), "logprobs": None}
    return to_json({**_envelope(request, "chat.completion"), "choices": [choice], "usage": usage(request, reply)})


def events(request: ChatRequest, reply: Reply) -> Iterator[bytes]:
    """The answer as server-sent events; usage in an own chunk if it was asked for."""
    deltas: Iterable[dict[str, Any]] = [{"role": "assistant"}, *_deltas(request, reply)]
    for delta in deltas:
        yield _event(request, choices=[{"index": 0, "delta": delta, "finish_reason": None}])
    yield _event(request, choices=[{"index": 0, "delta": {}, "finish_reason": _finish(reply)}])
    if (request.body.get("stream_options") or {}).get("include_usage"):
        yield _event(request, choices=[], usage=usage(request, reply))
    yield b"data: [DONE]\n\n"


def error_body(fault: Fault) -> bytes:
    """The body of an error."""
    error = {"message": fault.message, "type": fault.type, "param": fault.param, "code": fault.code}
    return to_json({"error": error})


def usage(request: ChatRequest, reply: Reply) -> dict[str, int]:
    """Tokens as words: the same request and reply always count the same."""
    prompt = sum(words(text) for text in request.texts)
    answer = words(reply.text or "")
    if isinstance(reply, Tools):
        answer += sum(1 + words(_arguments(call)) for call in reply.calls)
    return {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer}


def _envelope(request: ChatRequest, kind: str) -> dict[str, Any]:
    model = _DATED.get(request.model, request.model)
    return {"id": f"chatcmpl-{request.digest}", "object": kind, "created": _CREATED, "model": model}


def _message(request: ChatRequest, reply: Reply) -> dict[str, Any]:
    match reply:
        case Text():
            message: dict[str, Any] = {"role": "assistant", "content": reply.text, "refusal": None}
            return message if reply.thought is None else {**message, "reasoning_content": reply.thought}
        case Refusal():
            return {"role": "assistant", "content": None, "refusal": reply.text}
        case Tools():
            return {"role": "assistant", "content": reply.text, "refusal": None, "tool_calls": _calls(request, reply)}


def _deltas(request: ChatRequest, reply: Reply) -> Iterator[dict[str, Any]]:
    if isinstance(reply, Refusal):
        yield {"refusal": reply.text}
        return
    if isinstance(reply, Text) and reply.thought is not None:
        yield {"reasoning_content": reply.thought}
    for word in _WORD.findall(reply.text or ""):
        yield {"content": word}
    for index, call in enumerate(_calls(request, reply) if isinstance(reply, Tools) else []):
        yield {"tool_calls": [{"index": index, **call}]}


def _calls(request: ChatRequest, reply: Tools) -> list[dict[str, Any]]:
    return [
        {
            "id": f"call_{request.prompt}_{position}" if call.id is None else call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": _arguments(call)},
        }
        for position, call in enumerate(reply.calls)
    ]


def _arguments(call: Call) -> str:
    return call.arguments if isinstance(call.arguments, str) else json.dumps(dict(call.arguments))


def _finish(reply: Reply) -> str:
    match reply:
        case Text():
            return reply.finish
        case Refusal():
            return "stop"
        case Tools():
            return "tool_calls"


def _event(request: ChatRequest, **fields: Any) -> bytes:
    chunk: Mapping[str, Any] = {**_envelope(request, "chat.completion.chunk"), "usage": None, **fields}
    return b"data: " + to_json(chunk) + b"\n\n"
