"""The model client that teams get: each call is an activity with an id that says who asks."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any, Literal

from autogen_core import CancellationToken, FunctionCall
from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage, ModelInfo, RequestUsage
from autogen_core.tools import Tool, ToolSchema
from pydantic import BaseModel
from temporalio import workflow
from temporalio.exceptions import ActivityError

from agents.budget import estimated_tokens
from agents.dispatch import HEARTBEAT_TIMEOUT, MODEL_TIMEOUT, RETRIES, deliver
from agents.prompts import Pieces
from agents.run import Reply, Run
from contracts.calls import FunctionCallData, ModelOutcome, ModelReply, ModelRequest
from contracts.conversation import Recipe
from contracts.payloads import guard

JsonOutput = bool | type[BaseModel] | None
ToolChoice = Tool | Literal["auto", "required", "none"]
_DEFAULT_WINDOW = 128_000


class DurableModelClient(ChatCompletionClient):
    """Stands for a registered model inside a workflow.

    Args:
        run: the run that it works for.
        model: the model's registered name; None is the run's default.
        path: who asks; empty until the team is bound.
    """

    component_type = "model"
    component_config_schema = BaseModel

    def __init__(self, run: Run, model: str | None = None, *, path: str = "") -> None:
        self._run = run
        self._card = run.card(model)
        self._path = path
        self._usage = RequestUsage(0, 0)

    def bound(self, path: str) -> DurableModelClient:
        """The same model, asked by that path."""
        return DurableModelClient(self._run, self._card.name, path=path)

    async def create(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> CreateResult:
        """Ask the model in an activity. See AutoGen's `ChatCompletionClient.create`."""
        request = self._request(tool_choice, json_output, extra_create_args)
        return await self._ask(request, self._prompt(messages, tools), cancellation_token)

    async def create_stream(
        self,
        messages: Sequence[LLMMessage],
        *,
        tools: Sequence[Tool | ToolSchema] = (),
        tool_choice: ToolChoice = "auto",
        json_output: JsonOutput = None,
        extra_create_args: Mapping[str, Any] = {},
        cancellation_token: CancellationToken | None = None,
    ) -> AsyncGenerator[str | CreateResult, None]:
        """Ask the model, which streams to the activity; the workflow is handed the whole answer only."""
        request = self._request(tool_choice, json_output, extra_create_args).model_copy(update={"stream": True})
        yield await self._ask(request, self._prompt(messages, tools), cancellation_token)

    async def close(self) -> None:
        """Do nothing: the real client belongs to the worker."""

    def actual_usage(self) -> RequestUsage:
        """Tokens that this path has used."""
        return self._usage

    def total_usage(self) -> RequestUsage:
        """Tokens that this path has used."""
        return self._usage

    def count_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimate the tokens of a prompt, by four characters a token: no tokenizer runs in a workflow."""
        return estimated_tokens(self._prompt(messages, tools).chars)

    def remaining_tokens(self, messages: Sequence[LLMMessage], *, tools: Sequence[Tool | ToolSchema] = ()) -> int:
        """Estimate what is left of a window of 128,000 tokens."""
        return _DEFAULT_WINDOW - self.count_tokens(messages, tools=tools)

    @property
    def capabilities(self) -> ModelInfo:
        """What the model can do (AutoGen's old name for `model_info`)."""
        return self.model_info

    @property
    def model_info(self) -> ModelInfo:
        """What the model can do, as its card in the run's history says."""
        card = self._card
        return ModelInfo(
            vision=card.vision,
            function_calling=card.function_calling,
            json_output=card.json_output,
            family=card.family,
            structured_output=card.structured_output,
            multiple_system_messages=card.multiple_system_messages,
        )

    def _prompt(self, messages: Sequence[LLMMessage], tools: Sequence[Tool | ToolSchema]) -> Pieces:
        book = self._run.prompts
        prompt = Pieces()
        prompt.extend(book.document([_schema(tool) for tool in tools]))
        for message in messages:
            prompt.extend(book.message(message))
        return prompt

    def _request(self, choice: ToolChoice, json_output: JsonOutput, extra: Mapping[str, Any]) -> ModelRequest:
        return ModelRequest(
            path=self._path,
            turn=self._run.turn().number,
            model=self._card.name,
            prompt=Recipe(),
            tool_choice=choice if isinstance(choice, str) else f"tool:{choice.name}",
            json_output=json_output if isinstance(json_output, bool | None) else json_output.model_json_schema(),
            extra=dict(extra),
        )

    async def _ask(self, request: ModelRequest, prompt: Pieces, token: CancellationToken | None) -> CreateResult:
        run = self._run
        run.check_going()
        held = await run.within_budget(
            lambda: run.account.reserve_model_call(self._card, chars=prompt.chars, now=workflow.time())
        )
        activity_id = f"{self._path}:{run.next_call(self._path)}"
        reply: ModelReply | None = None
        try:
            reply = await self._deliver(request, prompt, activity_id=activity_id, token=token)
        except ActivityError as error:
            run.stop(error)
            raise
        finally:
            run.account.settle(held, reply)
        run.real_model = run.real_model and reply.real
        run.learn_sequence(reply.sequence)
        run.prompts.commit(self._path, prompt)
        _learn(run, reply)
        return self._result(reply, activity_id)

    async def _deliver(
        self, request: ModelRequest, prompt: Pieces, *, activity_id: str, token: CancellationToken | None
    ) -> ModelReply:
        summary = f"{self._path} asks {self._card.label} (turn {request.turn})"

        async def call(recipe: Recipe, activity_id: str) -> ModelOutcome:
            self._run.check_going()
            whole = request.model_copy(update={"prompt": recipe})
            guard("a model call", whole, advice="shorten its JSON schema, extra arguments or repetitive prompt")
            handle = workflow.start_activity(
                "call_model",
                whole,
                result_type=ModelOutcome,
                activity_id=activity_id,
                start_to_close_timeout=MODEL_TIMEOUT,
                heartbeat_timeout=HEARTBEAT_TIMEOUT,
                retry_policy=RETRIES,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                summary=summary,
            )
            return await self._run.outcome(handle, token)

        outcome = await deliver(self._run.prompts, prompt, caller=self._path, activity_id=activity_id, call=call)
        if outcome.reply is None:
            raise RuntimeError(f"activity {activity_id!r} returned neither a reply nor what it lacks")
        return outcome.reply

    def _result(self, reply: ModelReply, activity_id: str) -> CreateResult:
        self._usage = RequestUsage(
            self._usage.prompt_tokens + reply.prompt_tokens, self._usage.completion_tokens + reply.completion_tokens
        )
        calls = None if isinstance(reply.content, str) else _distinct(reply.content, prefix=activity_id)
        self._run.replies[self._path] = Reply(activity_id, calls or [])
        return CreateResult(
            finish_reason=reply.finish_reason,
            content=reply.content if isinstance(reply.content, str) else calls or [],
            usage=RequestUsage(reply.prompt_tokens, reply.completion_tokens),
            cached=False,
            thought=reply.thought,
        )


def _schema(tool: Tool | ToolSchema) -> Any:
    return json.loads(json.dumps(tool.schema if isinstance(tool, Tool) else tool))


def _learn(run: Run, reply: ModelReply) -> None:
    texts = [reply.content] if isinstance(reply.content, str) else [call.arguments for call in reply.content]
    for text in (*texts, reply.thought or ""):
        run.prompts.learn(text)


def _distinct(calls: Sequence[FunctionCallData], *, prefix: str) -> list[FunctionCall]:
    """Give each call of a reply an id of its own: some providers send empty or equal ones."""
    seen: set[str] = set()
    distinct: list[FunctionCall] = []
    for position, call in enumerate(calls):
        id_ = call.id if call.id and call.id not in seen else f"{prefix}.{position}"
        seen.add(id_)
        distinct.append(FunctionCall(id=id_, name=call.name, arguments=call.arguments))
    return distinct
