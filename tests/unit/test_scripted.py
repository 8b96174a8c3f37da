from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import jsonschema
import pytest
from autogen_agentchat.base import Handoff
from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    CreateResult,
    FunctionExecutionResult,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
    validate_model_info,
)
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel, Field

from agents.scripted import ScriptedModel
from agents.scripts import script
from agents.situation import Reply, Situation, numbers, quoted
from tools.registry import described

WITHOUT_KEY = "Scripted answer, no model key is set. The task is: "


def lookup_invoice(number: int) -> str:
    """Look an invoice up."""
    return f"Invoice {number}"


def send(text: str, urgent: bool, kind: Literal["mail", "post"]) -> None:
    """Send a text."""


def fetch(url: str) -> None:
    """Fetch a page."""


def total(amounts: list[float], label: str = "sum") -> None:
    """Add up."""


def now() -> str:
    """Say what time it is."""
    return "noon"


def schema(function: Any) -> ToolSchema:
    entry = described(function).schema
    return ToolSchema(
        name=entry["name"], description=entry["description"], parameters=entry["parameters"], strict=entry["strict"]
    )


def user(text: str, source: str = "user") -> UserMessage:
    return UserMessage(content=text, source=source)


def called(name: str, result: str, arguments: str = "{}", *, failed: bool = False) -> list[LLMMessage]:
    return [
        AssistantMessage(content=[FunctionCall(id="call_1", name=name, arguments=arguments)], source="alice"),
        FunctionExecutionResultMessage(
            content=[FunctionExecutionResult(content=result, name=name, call_id="call_1", is_error=failed)]
        ),
    ]


async def ask(
    messages: Sequence[LLMMessage], *tools: ToolSchema | Tool, caller: str = "alice", **settings: Any
) -> CreateResult:
    return await ScriptedModel().create(messages, tools=tools, extra_create_args={"caller": caller}, **settings)


async def calls(messages: Sequence[LLMMessage], *tools: ToolSchema | Tool, **settings: Any) -> list[tuple[str, Any]]:
    content = (await ask(messages, *tools, **settings)).content
    assert not isinstance(content, str), content
    return [(call.name, json.loads(call.arguments)) for call in content]


async def test_it_says_that_it_is_no_real_model() -> None:
    model = ScriptedModel()
    assert model.real is False
    validate_model_info(model.model_info)
    assert (model.model_info["function_calling"], model.model_info["family"]) == (True, "unknown")
    result = await model.create([user("Hello there\nand more")])
    assert result.content == f"{WITHOUT_KEY}Hello there"
    assert (result.finish_reason, result.thought, result.cached) == ("stop", None, False)


async def test_the_same_prompt_has_the_same_answer() -> None:
    prompt = [user('Send "hello" about invoice 7')]
    assert await ask(prompt, schema(send), schema(lookup_invoice)) == await ask(
        prompt, schema(send), schema(lookup_invoice)
    )


async def test_what_another_agent_said_is_mentioned() -> None:
    result = await ask([user("Hello"), user("I looked.\nDetails", "bob")])
    assert result.content == f"{WITHOUT_KEY}Hello bob said before: I looked."


@pytest.mark.parametrize(
    ("task", "function", "arguments"),
    [
        ("What of invoice 17?", lookup_invoice, {"number": 17}),
        ("Send 'see you' by post", send, {"text": "see you", "urgent": True, "kind": "post"}),
        ("Tell them that I am late", send, {"text": "Tell them that I am late", "urgent": True, "kind": "mail"}),
        ("Look at https://example.com/a?b=1.", fetch, {"url": "https://example.com/a?b=1"}),
        ("Add 1.5, 2 and -3", total, {"amounts": [1.5, 2, -3]}),
        ("What time is it?", now, {}),
    ],
)
async def test_a_tool_is_called_with_what_the_task_names(task: str, function: Any, arguments: Any) -> None:
    result = await ask([user(task)], schema(function))
    assert result.finish_reason == "function_calls"
    assert await calls([user(task)], schema(function)) == [(function.__name__, arguments)]
    jsonschema.validate(arguments, described(function).schema["parameters"])


@pytest.mark.parametrize(("task", "function"), [("No figure here", lookup_invoice), ("No address", fetch)])
async def test_a_tool_that_cannot_be_filled_is_not_called(task: str, function: Any) -> None:
    assert (await ask([user(task)], schema(function))).content == f"{WITHOUT_KEY}{task}"


async def test_tools_are_called_one_after_another_then_summed_up() -> None:
    tools = [schema(lookup_invoice), schema(now)]
    prompt: list[LLMMessage] = [SystemMessage(content="Be kind."), user("Invoice 7?")]
    assert await calls(prompt, *tools) == [("lookup_invoice", {"number": 7})]
    prompt += called("lookup_invoice", "Invoice 7: open", '{"number": 7}')
    assert await calls(prompt, *tools) == [("now", {})]
    prompt += called("now", "no clock", failed=True)
    assert (await ask(prompt, *tools)).content == "lookup_invoice says: Invoice 7: open\nnow failed: no clock"


async def test_a_new_task_uses_the_tools_again() -> None:
    prompt = [user("Invoice 7?"), *called("lookup_invoice", "open"), user("Invoice 8?")]
    assert await calls(prompt, schema(lookup_invoice)) == [("lookup_invoice", {"number": 8})]


async def test_tool_choice_is_followed() -> None:
    prompt, tool = [user("No figure here")], schema(lookup_invoice)
    assert (await ask([user("Invoice 7?")], tool, tool_choice="none")).content == f"{WITHOUT_KEY}Invoice 7?"
    assert await calls(prompt, tool, schema(now), tool_choice="required") == [("now", {})]
    assert await calls(prompt, tool, tool_choice="required") == [("lookup_invoice", {"number": 0})]
    handoff = Handoff(target="bob").handoff_tool
    assert await calls([user("Invoice 7?")], tool, handoff, tool_choice=handoff) == [("transfer_to_bob", {})]


async def test_a_hand_off_comes_after_the_other_tools_and_once() -> None:
    tools = (Handoff(target="Bob").handoff_tool, schema(now))
    prompt: list[LLMMessage] = [user("What time is it?")]
    assert await calls(prompt, *tools) == [("now", {})]
    prompt += called("now", "noon")
    assert await calls(prompt, *tools) == [("transfer_to_bob", {})]
    assert (await ask([*prompt, user("I am here", "Bob")], *tools)).content == "now says: noon"
    assert (await ask([*prompt, *called("transfer_to_bob", "ok")], *tools)).finish_reason == "stop"


async def test_call_ids_differ_within_a_conversation() -> None:
    prompt: list[LLMMessage] = [user("What time is it?"), *called("now", "noon")]
    first = (await ask(prompt[:1], schema(now))).content
    second = (await ask(prompt, Handoff(target="bob").handoff_tool)).content
    assert [call.id for content in (first, second) for call in content if isinstance(call, FunctionCall)] == [
        "call_1",
        "call_2",
    ]


@pytest.mark.parametrize(
    ("system", "word"),
    [
        ("Solve tasks. Reply with TERMINATE when the task has been completed.", "TERMINATE"),
        ("Respond with 'APPROVE' when your feedbacks are addressed.", "APPROVE"),
        ("You judge. Say EXIT to leave.", "EXIT"),
    ],
)
async def test_the_word_that_ends_a_conversation_is_said(system: str, word: str) -> None:
    result = await ask([SystemMessage(content=system), user("Hello")])
    assert result.content == f"{WITHOUT_KEY}Hello\n{word}"


@pytest.mark.parametrize("system", ["Answer with JSON only.", "ALWAYS be kind.", "Write SQL.", "Reply with a poem."])
async def test_other_capitals_end_nothing(system: str) -> None:
    assert (await ask([SystemMessage(content=system), user("Hello")])).content == f"{WITHOUT_KEY}Hello"


class Address(BaseModel):
    street: str = Field(min_length=40)
    kind: Literal["home", "work"]


class Person(BaseModel):
    name: str = Field(max_length=5)
    age: int = Field(ge=18, lt=100)
    height: float = Field(gt=0, le=3)
    addresses: list[Address] = Field(min_length=2)
    pair: tuple[int, str]
    friend: Person | None
    born: str = Field(json_schema_extra={"format": "date"})
    nothing: None
    extra: dict[str, int]
    nickname: str = "none"


@pytest.mark.parametrize("as_response_format", [False, True])
async def test_json_fits_the_schema(as_response_format: bool) -> None:
    wanted = Person.model_json_schema()
    extra = (
        {"response_format": {"type": "json_schema", "json_schema": {"schema": wanted}}} if as_response_format else {}
    )
    result = await ScriptedModel().create(
        [user("A person of 44 years")],
        json_output=None if as_response_format else Person,
        extra_create_args={"caller": "alice", **extra},
    )
    assert isinstance(result.content, str)
    jsonschema.validate(json.loads(result.content), wanted)
    assert Person.model_validate_json(result.content).age == 44


async def test_any_json_is_an_object() -> None:
    result = await ask([user("Hello")], json_output=True)
    assert json.loads(str(result.content)) == {"answer": f"{WITHOUT_KEY}Hello"}


async def test_a_stream_gives_the_same_in_parts() -> None:
    prompt = [user("Say something long enough")]
    parts = [part async for part in ScriptedModel().create_stream(prompt)]
    assert parts[-1] == await ask(prompt, caller="")
    assert "".join(part for part in parts if isinstance(part, str)) == (await ask(prompt)).content
    assert 2 < len(parts) < 7


async def test_tokens_are_estimated() -> None:
    model = ScriptedModel()
    prompt: list[LLMMessage] = [SystemMessage(content="x" * 400), user("y" * 41)]
    assert model.count_tokens(prompt) == 111
    assert model.count_tokens(prompt, tools=[schema(now)]) > 111
    assert model.remaining_tokens(prompt) == 128_000 - 111
    result = await model.create(prompt)
    assert result.usage.prompt_tokens == 111
    assert result.usage.completion_tokens == -(-len(str(result.content)) // 4)
    await model.create(prompt)
    assert model.total_usage().prompt_tokens == model.actual_usage().prompt_tokens == 222


@script("test_scripted_clerk", tools=("lookup_invoice",))
def _clerk(situation: Situation) -> Reply | None:
    if "secret" in situation.task:
        return None
    return [("lookup_invoice", {"number": 1})] if not situation.answers else f"Said: {situation.answers[-1].text}"


async def test_a_script_goes_before_the_rules() -> None:
    caller = "office/test_scripted_clerk"
    prompt: list[LLMMessage] = [user("Invoice 7?")]
    assert await calls(prompt, schema(lookup_invoice), caller=caller) == [("lookup_invoice", {"number": 1})]
    # Without tools, as when an agent reflects on what they returned, the script still holds.
    assert (await ask([*prompt, *called("lookup_invoice", "open")], caller=caller)).content == "Said: open"


async def test_a_script_is_for_agents_with_its_tools_only() -> None:
    caller = "office/test_scripted_clerk"
    assert (await ask([user("Invoice 7?")], caller=caller)).content == f"{WITHOUT_KEY}Invoice 7?"
    secret = [user("Invoice 7 is secret")]
    assert await calls(secret, schema(lookup_invoice), caller=caller) == [("lookup_invoice", {"number": 7})]


def test_quoted_and_numbers() -> None:
    assert quoted("Say \"a b\" and 'c', don't say `d` or \u201ce\u201d") == ["a b", "c", "d", "e"]
    assert numbers("1, -2.5 and v3 or 4.5.6 or 7th; 8.") == [1, -2.5, 8]
