"""What is remembered, as AutoGen's `Memory`: asked by an agent in each of its turns, in an activity."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from autogen_core import CancellationToken
from autogen_core.memory import Memory, MemoryContent, MemoryMimeType, MemoryQueryResult, UpdateContextResult
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import LLMMessage, SystemMessage, UserMessage
from pydantic import BaseModel

from agents import memory_calls
from agents.memory_calls import MemoryCaller
from agents.run import Run
from contracts.conversation import Recipe
from contracts.errors import BadRequest, NotDurable
from contracts.memories import MAX_TEXT_BYTES
from contracts.memory_calls import AdditionRequest, RecallRequest
from contracts.recalled_text import items_of
from contracts.remembering import MemoryContext, MemoryPolicy

_SOURCE = "memory"
_ADVICE = "`perdure memory forget` forgets single memories"


class DurableMemory(Memory):
    """Stands for the run's memory inside a workflow. Where the run has none, it is empty and nothing is asked.

    Args:
        run: the run that it works for.
        policy: how much the agent is told, and of what.
        path: who asks; empty until the team is bound.

    Attributes:
        as_system: whether the agent's model takes system messages in the midst of a conversation.
    """

    component_config_schema = BaseModel

    def __init__(self, run: Run, policy: MemoryPolicy, *, path: str = "") -> None:
        self._run = run
        self._policy = policy
        self._path = path
        self.as_system = True

    def bound(self, path: str) -> DurableMemory:
        """The same memory, asked by that path."""
        return DurableMemory(self._run, self._policy, path=path)

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add what fits the last message, but nothing that this agent has been told before."""
        asked = _last_text(await model_context.get_messages())
        context = await self._recalled(asked, already=self._run.memory.told(self._path))
        if context.text:
            await model_context.add_message(self._message(context.text))
        return UpdateContextResult(memories=_result(context))

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,  # noqa: ARG002 - AutoGen's
    ) -> MemoryQueryResult:
        """Return what fits a text, told before or not."""
        asked = query if isinstance(query, str) else _text(query)
        return _result(await self._recalled(asked, token=cancellation_token))

    async def add(self, content: MemoryContent, cancellation_token: CancellationToken | None = None) -> None:
        """Remember a text for good, with what is learned from the run; a repeat in a retry changes nothing.

        Raises:
            BadRequest: the content is no text and no JSON, or longer than a memory may be.
        """
        run, text = self._run, _text(content)
        into = run.memory.lessons(self._policy, agent=self._name)
        if not run.memory.is_on or into is None:
            return
        request = AdditionRequest(**run.memory.caller(self._name), into=into, text=Recipe())
        caller = self._caller(f"{self._name} remembers", cancellation_token)
        outcome = await memory_calls.add(caller, request, run.prompts.text(text))
        run.memory.note = outcome.note or run.memory.note

    async def clear(self) -> None:
        """Refuse: what is remembered belongs to people, not to one agent."""
        raise NotDurable(f"{self._path!r} cannot clear what is remembered: {_ADVICE}")

    async def close(self) -> None:
        """Do nothing: the store belongs to the worker."""

    @property
    def _name(self) -> str:
        return self._path.rpartition("/")[2]

    async def _recalled(
        self, asked: str, *, already: tuple[str, ...] = (), token: CancellationToken | None = None
    ) -> MemoryContext:
        run = self._run
        if not run.memory.is_on or not asked.strip():
            return MemoryContext()
        run.check_going()
        common = run.memory.caller(self._name)
        request = RecallRequest(**common, policy=self._policy, agent=self._name, already=already, text=Recipe())
        caller = self._caller(f"{self._name} asks; it knows {len(already)} memories", token)
        context = (await memory_calls.recall(caller, request, run.prompts.text(asked))).context
        run.memory.tell(self._path, context)
        return context

    def _caller(self, summary: str, token: CancellationToken | None) -> MemoryCaller:
        run, counter = self._run, f"{self._path}:memory"
        return MemoryCaller(
            book=run.prompts,
            path=counter,
            activity_id=f"{self._path}:{run.next_call(counter)}:memory",
            summary=summary,
            wait=lambda call: run.outcome(call, token),
        )

    def _message(self, text: str) -> LLMMessage:
        return SystemMessage(content=text) if self.as_system else UserMessage(content=text, source=_SOURCE)


def _result(context: MemoryContext) -> MemoryQueryResult:
    found = zip(context.injected, items_of(context.text), strict=False)
    return MemoryQueryResult(
        results=[
            MemoryContent(
                content=line,
                mime_type=MemoryMimeType.TEXT,
                metadata={"id": one.id, "version": one.version, "score": one.score, "why": one.why},
            )
            for one, line in found
        ]
    )


def _last_text(messages: Sequence[LLMMessage]) -> str:
    """What was said last to the agent, or by it."""
    said = (_said(message) for message in reversed(messages) if not isinstance(message, SystemMessage))
    return next((text for text in said if text.strip()), "")


def _said(message: LLMMessage) -> str:
    content = message.content
    if isinstance(content, str):
        return content
    return "\n".join(part if isinstance(part, str) else getattr(part, "content", "") for part in content)


def _text(content: MemoryContent) -> str:
    value = content.content
    text = json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value
    if not isinstance(text, str):
        raise BadRequest(f"a {type(value).__name__} cannot be remembered: give a text or JSON")
    if (size := len(text.encode())) > MAX_TEXT_BYTES:
        raise BadRequest(f"the text is {size:,} bytes, at most {MAX_TEXT_BYTES:,} can be remembered: cut it")
    return text
