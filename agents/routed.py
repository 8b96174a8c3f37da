"""AutoGen's core agents as a team: they talk by topics, on the run's own runtime."""

from __future__ import annotations

import dataclasses
import json
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from typing import Any

from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import TextMessage
from autogen_core import (
    Agent,
    AgentId,
    AgentInstantiationContext,
    CancellationToken,
    TopicId,
    TypeSubscription,
)
from pydantic import BaseModel
from temporalio import workflow

from agents.binding import Binding
from agents.bridge import Bridge, as_json, origin, told
from agents.runtime import WorkflowAgentRuntime
from contracts.bridge import Inbound
from contracts.events import Event

_KEY = "default"
_TASK_AUTHOR = "user"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Subscriber:
    """One type of agent of a routed team.

    Args:
        type: agent type, by which its model calls and tool calls are named too.
        factory: makes an agent; called once for each key of the type.
        topics: types of the topics that it hears.
        at_once: handle a published message while another one is being handled, as AutoGen's own runtime does; by
            default one waits for the other, so that order is kept.
    """

    type: str
    factory: Callable[[], Agent | Awaitable[Agent]]
    topics: Sequence[str]
    at_once: bool = False


@dataclasses.dataclass(frozen=True, kw_only=True)
class RoutedTeam:
    """Core agents (`RoutedAgent`) that publish messages to topics and hear those of others.

    Example:
        ```python
        @team("claims")
        def claims(ctx: TeamContext) -> RoutedTeam:
            ctx.bridge(inbound=[Inbound(type="claim.filed", topic="claims", message=Claim)])
            clerk = Subscriber(type="clerk", factory=lambda: Clerk(ctx.model()), topics=["claims"])
            return RoutedTeam(subscribers=[clerk], topic="claims", start=Claim, done="decisions")
        ```

    Args:
        subscribers: who takes part.
        topic: type of the topic that the task is published to.
        start: makes the first message of the task's text; a dataclass or Pydantic class with one field will do. Without
            it nothing is published at the start, and an event must set it going.
        done: type of the topic whose first message ends the run and is its answer. Without it the run ends when nobody
            has anything left to do, and no event can be let in.
    """

    subscribers: Sequence[Subscriber]
    topic: str
    start: Callable[[str], Any] | None = None
    done: str | None = None


class RoutedChat:
    """A routed team that converses, behind the same method as AutoGen's teams.

    Args:
        team: what the author wrote.
        name: registered name of the team.
        runtime: what its messages go over.
        binding: makes its agents durable.
        bridge: which events are published to its topics.
    """

    def __init__(
        self, team: RoutedTeam, *, name: str, runtime: WorkflowAgentRuntime, binding: Binding, bridge: Bridge
    ) -> None:
        self.name = name
        self.types = frozenset(subscriber.type for subscriber in team.subscribers)
        self._team = team
        self._runtime = runtime
        self._binding = binding
        self._bridge = bridge
        self._said: deque[TextMessage] = deque()
        self._is_done = False

    async def run_stream(
        self, *, task: str, cancellation_token: CancellationToken
    ) -> AsyncGenerator[TextMessage | TaskResult, None]:
        """Let the agents talk until one is done, or nobody has anything left to do; yield what is published."""
        await self._open()
        self._said.append(TextMessage(content=task, source=_TASK_AUTHOR, metadata={"topic": self._team.topic}))
        if self._team.start is not None:
            await self._publish(self._team.start(task), self._team.topic, cancellation_token)
        while not self._is_over():
            await workflow.wait_condition(lambda: bool(self._said) or self._bridge.is_due() or self._is_over())
            while self._said:
                yield self._said.popleft()
            for rule, event in self._bridge.due() if not self._is_done else ():
                await self._let_in(rule, event, cancellation_token)
        yield TaskResult(messages=[], stop_reason=self._why())

    async def _open(self) -> None:
        self._runtime.on_publish = self._published
        for subscriber in self._team.subscribers:
            await self._runtime.register_factory(
                subscriber.type, self._factory(subscriber), in_order=not subscriber.at_once
            )
            for topic in subscriber.topics:
                await self._runtime.add_subscription(TypeSubscription(topic_type=topic, agent_type=subscriber.type))

    def _factory(self, subscriber: Subscriber) -> Callable[[], Awaitable[Agent]]:
        async def made() -> Agent:
            product = subscriber.factory()
            agent = await product if isinstance(product, Awaitable) else product
            self._binding.core_agent(agent, _path(AgentInstantiationContext.current_agent_id()))
            return agent

        return made

    async def _publish(self, message: Any, topic: str, token: CancellationToken) -> None:
        await self._runtime.publish_message(message, TopicId(topic, source=_KEY), cancellation_token=token)

    async def _let_in(self, rule: Inbound, event: Event, token: CancellationToken) -> None:
        metadata = {**origin(event), "topic": rule.topic or self._team.topic}
        try:
            message = event if rule.message is None else rule.message(**event.data)
        except (TypeError, ValueError) as error:
            said = (
                f"An event {event.type!r} is not what its rule makes of it ({error}); its data: {as_json(event.data)}"
            )
            self._said.append(TextMessage(content=said, source=rule.author, metadata=metadata))
            return
        self._said.append(TextMessage(content=told(rule, event), source=rule.author, metadata=metadata))
        await self._publish(message, metadata["topic"], token)

    def _published(self, message: Any, topic: TopicId, sender: AgentId | None) -> None:
        if sender is None or sender.type not in self.types or self._is_done:
            return
        self._said.append(TextMessage(content=_text(message), source=sender.type, metadata={"topic": topic.type}))
        self._is_done = topic.type == self._team.done

    def _is_over(self) -> bool:
        left = self._said or not (self._is_done or (self._runtime.is_idle and not self._bridge.publishes))
        return not left

    def _why(self) -> str:
        if self._is_done:
            return f"A message was published to {self._team.done!r}."
        return "Nobody has anything left to do."


def _path(id_: AgentId) -> str:
    return id_.type if id_.key == _KEY else f"{id_.type}/{id_.key}"


def _text(message: Any) -> str:
    if isinstance(message, str):
        return message
    if isinstance(message, BaseModel):
        return as_json(message.model_dump(mode="json"))
    if dataclasses.is_dataclass(message) and not isinstance(message, type):
        return json.dumps(dataclasses.asdict(message), ensure_ascii=False, default=str)
    return str(message)
