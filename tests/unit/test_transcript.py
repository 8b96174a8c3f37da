from __future__ import annotations

import pytest
from autogen_agentchat.messages import TextMessage, ToolCallExecutionEvent, ToolCallRequestEvent
from autogen_core import FunctionCall
from autogen_core.models import FunctionExecutionResult

from agents.transcript import Transcript


def new_transcript() -> Transcript:
    return Transcript(first=0, turn_of=lambda _: 1)


def returned(content: str, *, failed: bool = False) -> str:
    transcript = new_transcript()
    result = FunctionExecutionResult(content=content, name="look", call_id="1", is_error=failed)
    transcript.note(ToolCallExecutionEvent(source="scout", content=[result]))
    return transcript.markdown()


def called(arguments: str) -> str:
    transcript = new_transcript()
    call = FunctionCall(id="1", name="look", arguments=arguments)
    transcript.note(ToolCallRequestEvent(source="scout", content=[call]))
    return transcript.markdown()


def test_messages_are_markdown() -> None:
    transcript = new_transcript()
    transcript.note(TextMessage(source="user", content="Look."))
    transcript.note(TextMessage(source="scout", content="# Seen\n\n**all**"))
    assert transcript.markdown() == "**user** (task)\n\nLook.\n\n**scout** (turn 1)\n\n# Seen\n\n**all**"


def test_what_a_tool_returned_is_code() -> None:
    assert returned("a/__init__.py\nb") == "> `look` returned:\n\n```text\na/__init__.py\nb\n```"
    assert returned("no", failed=True) == "> `look` failed:\n\n```text\nno\n```"


@pytest.mark.parametrize("inner", ["```", "````python\n````"])
def test_code_in_what_a_tool_returned_does_not_end_the_block(inner: str) -> None:
    fence = returned(inner).splitlines()[-1]
    assert len(fence) > inner.count("`", 0, inner.find("\n"))
    assert fence not in inner


def test_a_long_result_is_cut() -> None:
    assert returned("x" * 600).count("x") - "text".count("x") == 600
    assert returned("x" * 601).splitlines()[-2] == f"{'x' * 600} …"


def test_arguments_are_code_and_are_cut() -> None:
    assert called('{"name": "__init__"}') == '> **scout** calls `look` with `{"name": "__init__"}`'
    assert called('{"name": "`a`"}') == '> **scout** calls `look` with ``{"name": "`a`"}``'
    assert called("y" * 301).endswith(f"`{'y' * 300} …`")
