"""What a scripted agent knows when it is asked: the conversation so far, taken apart for rules to read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from autogen_core import FunctionCall
from autogen_core.models import (
    AssistantMessage,
    FunctionExecutionResultMessage,
    LLMMessage,
    SystemMessage,
    UserMessage,
)

ToolCalls = list[tuple[str, dict[str, Any]]]
Reply = str | ToolCalls


@dataclass(frozen=True, kw_only=True)
class Heard:
    """What a user or another agent said."""

    source: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ToolAnswer:
    """What a tool returned to this agent."""

    tool: str
    text: str
    failed: bool


@dataclass(frozen=True, kw_only=True)
class Situation:
    """One prompt, as a rule reads it.

    Attributes:
        caller: nesting of team and agent names: who asks.
        messages: the whole prompt.
        tools: the schemas of the tools that may be called now, by name.
        must_call: a tool has to be called.
        json_schema: what the answer must fit; {} for any JSON, None for text.
    """

    caller: str
    messages: Sequence[LLMMessage]
    tools: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    must_call: bool = False
    json_schema: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """The agent's own name, without those of its teams."""
        return self.caller.rpartition("/")[2]

    @property
    def asks_json(self) -> bool:
        """Whether the answer must be JSON."""
        return self.json_schema is not None

    @property
    def system(self) -> str:
        """All system messages."""
        return "\n".join(message.content for message in self.messages if isinstance(message, SystemMessage))

    @property
    def heard(self) -> list[Heard]:
        """What users and other agents said, in order."""
        return [
            Heard(source=message.source, text=_text(message.content))
            for message in self.messages
            if isinstance(message, UserMessage)
        ]

    @property
    def said(self) -> list[str]:
        """What this agent itself said, in order."""
        return [
            message.content
            for message in self.messages
            if isinstance(message, AssistantMessage) and isinstance(message.content, str)
        ]

    @property
    def task(self) -> str:
        """What the user asked last; without a user, what was heard last."""
        heard = self.heard
        asked = [one for one in heard if one.source == "user"] or heard
        return asked[-1].text if asked else ""

    @property
    def called(self) -> list[FunctionCall]:
        """The tools that this agent has called, in order."""
        return [
            call
            for message in self.messages
            if isinstance(message, AssistantMessage) and not isinstance(message.content, str)
            for call in message.content
        ]

    @property
    def answers(self) -> list[ToolAnswer]:
        """What tools returned to this agent, in order."""
        return [
            ToolAnswer(tool=result.name, text=result.content, failed=bool(result.is_error))
            for message in self.messages
            if isinstance(message, FunctionExecutionResultMessage)
            for result in message.content
        ]

    def answers_of(self, tool: str) -> list[str]:
        """What one tool returned without failing, in order."""
        return [answer.text for answer in self.answers if answer.tool == tool and not answer.failed]

    def may_use(self, *tools: str) -> bool:
        """Whether each of these tools is offered, or was called before."""
        used = {call.name for call in self.called}
        return all(tool in self.tools or tool in used for tool in tools)

    def parameters(self, tool: str) -> Mapping[str, Any]:
        """The JSON schemas of a tool's parameters, by name."""
        properties: Mapping[str, Any] = self.tools[tool].get("parameters", {}).get("properties", {})
        return properties

    def required(self, tool: str) -> list[str]:
        """The parameters that a call of the tool must give."""
        return list(self.tools[tool].get("parameters", {}).get("required", []))


def first_line(text: str, *, limit: int = 200) -> str:
    """The first line that says something, cut to so many characters."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def quoted(text: str) -> list[str]:
    """What stands in quotation marks or backticks, in order."""
    found = re.findall(r"\"([^\"\n]+)\"|“([^”\n]+)”|`([^`\n]+)`|(?<!\w)'([^'\n]+)'(?!\w)", text)
    return ["".join(groups) for groups in found]


def numbers(text: str) -> list[float]:
    """The numbers in a text, in order."""
    return [float(found) for found in re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w]|\.\d)", text)]


def _text(content: str | Sequence[Any]) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(part for part in content if isinstance(part, str))
