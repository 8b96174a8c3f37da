"""The stand-in model server: the real OpenAI client talks to each kind of answer."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import openai
import pytest
from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import CreateResult, LLMMessage, SystemMessage, UserMessage
from autogen_core.tools import FunctionTool
from autogen_ext.models.openai import OpenAIChatCompletionClient

from tests.support import answers
from tests.support.answers import Answer, Call, Cut, Fault, Malformed, Refusal, Rule, Slow, Text, Tools
from tests.support.chat import ChatRequest
from tests.support.model_process import model_process
from tests.support.model_server import ModelServer
from tests.support.stock import openai_client
from tests.support.teams import Verdict
from tests.support.toolbox import add
from tests.support.waiting import until

PROMPT: list[LLMMessage] = [SystemMessage(content="You are ada."), UserMessage(content="How many?", source="user")]


def always(answer: Answer) -> Rule:
    return lambda _: answer


def at_first(answer: Answer) -> Rule:
    return lambda request: answer if request.attempt == 1 else Text("well then")


@asynccontextmanager
async def talking_to(
    rule: Rule, *, key: str | None = None, max_retries: int = 0
) -> AsyncIterator[tuple[ModelServer, OpenAIChatCompletionClient]]:
    with ModelServer(rule, key=key, models=frozenset({"gpt-4o-mini"})) as server:
        client = openai_client(server.url, max_retries=max_retries)
        try:
            yield server, client
        finally:
            await client.close()


async def streamed(client: OpenAIChatCompletionClient) -> tuple[list[str], CreateResult]:
    *parts, result = [part async for part in client.create_stream(PROMPT)]
    assert isinstance(result, CreateResult)
    return [str(part) for part in parts], result


async def test_plain_text_has_usage_by_words() -> None:
    async with talking_to(always(Text("just three words"))) as (_, client):
        result = await client.create(PROMPT)
    assert (result.content, result.finish_reason) == ("just three words", "stop")
    assert (result.usage.prompt_tokens, result.usage.completion_tokens) == (5, 3)


async def test_thought_comes_as_reasoning() -> None:
    async with talking_to(always(Text("four", thought="two and two"))) as (_, client):
        result = await client.create(PROMPT)
    assert (result.thought, result.content) == ("two and two", "four")


async def test_tool_calls_in_one_reply_keep_their_order_and_get_ids_from_the_request() -> None:
    reply = Tools((Call("add", {"a": 1, "b": 2}), Call("add", {"a": 3, "b": 4})))
    tool = FunctionTool(add, description="Add.")
    async with talking_to(always(reply)) as (server, client):
        first = await client.create(PROMPT, tools=[tool])
        second = await client.create(PROMPT, tools=[tool])
    assert isinstance(first.content, list)
    assert [call.arguments for call in first.content] == ['{"a": 1, "b": 2}', '{"a": 3, "b": 4}']
    assert len({call.id for call in first.content}) == 2
    assert first.content == second.content
    assert server.requests[0].request.tools == ("add",)


@pytest.mark.parametrize("call_id", ["", "same"])
async def test_ids_of_tool_calls_can_be_empty_or_equal(call_id: str) -> None:
    reply = Tools((Call("add", "{}", id=call_id), Call("add", "{}", id=call_id)), text="thinking")
    async with talking_to(always(reply)) as (_, client):
        result = await client.create(PROMPT)
    assert result.content == [FunctionCall(id=call_id, arguments="{}", name="add")] * 2
    assert result.thought == "thinking"


async def test_streamed_text_comes_in_words_with_usage_at_the_end() -> None:
    async with talking_to(always(Text("one two\nthree "))) as (server, client):
        parts, result = await streamed(client)
    assert parts == ["one", " two", "\nthree", " "]
    assert (result.content, result.usage.completion_tokens) == ("one two\nthree ", 3)
    assert server.requests[0].request.streamed


async def test_streamed_tool_calls() -> None:
    async with talking_to(always(Tools((Call("add", {"a": 1}), Call("add", {"a": 2}))))) as (_, client):
        _, result = await streamed(client)
    assert isinstance(result.content, list)
    assert [call.arguments for call in result.content] == ['{"a": 1}', '{"a": 2}']


async def test_structured_output() -> None:
    reply = Text('{"verdict": "good", "score": 7, "reason": "fine"}')
    async with talking_to(always(reply)) as (server, client):
        with pytest.warns(UserWarning, match="Pydantic serializer warnings"):
            result = await client.create(PROMPT, json_output=Verdict)
    assert Verdict.model_validate_json(str(result.content)).score == 7
    asked = server.requests[0].request.response_format
    assert asked is not None
    assert asked["type"] == "json_schema"


FAULTS: list[tuple[Fault, type[openai.APIStatusError], str | None]] = [
    (answers.rate_limited(2.5), openai.RateLimitError, "rate_limit_exceeded"),
    (answers.quota_spent(), openai.RateLimitError, "insufficient_quota"),
    (answers.server_error(500), openai.InternalServerError, None),
    (answers.server_error(503), openai.InternalServerError, None),
    (answers.request_timeout(), openai.APIStatusError, None),
    (answers.lock_conflict(), openai.ConflictError, None),
    (answers.wrong_key(), openai.AuthenticationError, "invalid_api_key"),
    (answers.forbidden(), openai.PermissionDeniedError, "unsupported_country"),
    (answers.unknown_model("gpt-9"), openai.NotFoundError, "model_not_found"),
    (answers.context_too_long(limit=8, used=9), openai.BadRequestError, "context_length_exceeded"),
]


@pytest.mark.parametrize(("fault", "kind", "code"), FAULTS, ids=lambda value: getattr(value, "__name__", None))
async def test_fault_arrives_as_the_clients_own_error(
    fault: Fault, kind: type[openai.APIStatusError], code: str | None
) -> None:
    async with talking_to(always(fault)) as (server, client):
        with pytest.raises(kind) as caught:
            await client.create(PROMPT)
    assert (caught.value.status_code, caught.value.code) == (fault.status, code)
    assert fault.message in str(caught.value)
    assert [record.status for record in server.requests] == [fault.status]


async def test_retry_after_is_a_header_in_seconds() -> None:
    async with talking_to(always(answers.rate_limited(2.5))) as (_, client):
        with pytest.raises(openai.RateLimitError) as caught:
            await client.create(PROMPT)
    assert caught.value.response.headers["retry-after"] == "2.5"


async def test_client_that_retries_comes_back_after_the_time_named() -> None:
    async with talking_to(at_first(answers.rate_limited(0.3)), max_retries=1) as (server, client):
        result = await client.create(PROMPT)
    first, second = server.requests
    assert result.content == "well then"
    assert second.started - first.started >= 0.3
    assert (first.request.attempt, second.request.attempt) == (1, 2)
    assert first.request.digest == second.request.digest


async def test_key_and_model_are_checked() -> None:
    async with talking_to(always(Text("hello")), key="another") as (_, client):
        with pytest.raises(openai.AuthenticationError):
            await client.create(PROMPT)
    async with talking_to(always(Text("hello"))) as (_, client):
        with pytest.raises(openai.NotFoundError, match="gpt-9"):
            await client.create(PROMPT, extra_create_args={"model": "gpt-9"})


async def test_refusal_has_no_content() -> None:
    async with talking_to(always(Refusal("I will not."))) as (server, client):
        result = await client.create(PROMPT)
        answer = await http_post(server, {"model": "gpt-4o-mini", "messages": []})
    assert result.content == ""
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": None, "refusal": "I will not."}


async def http_post(server: ModelServer, body: dict[str, object]) -> dict[str, list[dict[str, object]]]:
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{server.url}/chat/completions", json=body)
    parsed: dict[str, list[dict[str, object]]] = answer.json()
    return parsed


async def test_malformed_answer() -> None:
    async with talking_to(always(Malformed())) as (_, client):
        with pytest.raises(json.JSONDecodeError):
            await client.create(PROMPT)


@pytest.mark.parametrize("begun", [True, False])
async def test_cut_connection(*, begun: bool) -> None:
    async with talking_to(always(Cut(begun=begun))) as (_, client):
        with pytest.raises(openai.APIConnectionError):
            await client.create(PROMPT)


async def test_cut_stream() -> None:
    async with talking_to(always(Cut())) as (_, client):
        with pytest.raises(openai.APIConnectionError):
            await streamed(client)


async def test_client_that_gives_up_waiting_is_noted() -> None:
    token = CancellationToken()
    async with talking_to(always(answers.hang())) as (server, client):
        call = asyncio.ensure_future(client.create(PROMPT, cancellation_token=token))
        await until(lambda: server.count() == 1)
        token.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        await until(lambda: server.count(lambda record: record.outcome == "disconnected") == 1)


async def test_slow_answer_comes_late() -> None:
    async with talking_to(always(Slow(0.2, Text("at last")))) as (server, client):
        result = await client.create(PROMPT)
    (record,) = server.requests
    assert (result.content, record.outcome) == ("at last", "finished")
    assert record.seconds is not None
    assert record.seconds >= 0.2


async def test_request_offers_what_rules_ask_for() -> None:
    seen: list[ChatRequest] = []

    def rule(request: ChatRequest) -> Answer:
        seen.append(request)
        return Text("yes")

    async with talking_to(rule) as (_, client):
        await client.create([*PROMPT, UserMessage(content=["a part"], source="bob")])
    (request,) = seen
    assert (request.speaker, request.last_text, request.last_role, request.key) == ("ada", "a part", "user", "sk-test")
    assert request.texts == ("You are ada.", "How many?", "a part")
    assert request.number == 1


async def test_server_as_a_process_counts_and_forgets() -> None:
    async with model_process("chat") as server:
        client = openai_client(server.url)
        result = await client.create(PROMPT)
        (record,) = await server.requests()
        await server.reset()
        left = await server.requests()
        await client.close()
    assert str(result.content).startswith("ada turn 1 saw ")
    assert (record["speaker"], record["outcome"], record["last_text"], left) == ("ada", "finished", "How many?", [])


def test_port_in_use_is_said_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        ModelServer(always(Text("x")), port=taken.getsockname()[1]).__enter__()
