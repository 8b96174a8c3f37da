"""AutoGen's runtime for a workflow: plain tasks, in order, nothing swallowed.

Stock AutoGen keeps a queue, catches `BaseException`, draws random ids and logs every message. Here a message is a task:
direct ones are awaited by their sender, published ones become one task a subscriber, in the order of subscription.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from autogen_core import (
    Agent,
    AgentId,
    AgentInstantiationContext,
    AgentMetadata,
    AgentRuntime,
    AgentType,
    CancellationToken,
    MessageContext,
    MessageSerializer,
    Subscription,
    TopicId,
)
from autogen_core._message_handler_context import MessageHandlerContext
from autogen_core._runtime_impl_helpers import SubscriptionManager, get_impl
from temporalio import workflow

_Agent = TypeVar("_Agent", bound=Agent)
AgentFactory = Callable[[], Agent | Awaitable[Agent]]
Delivery = Callable[[Agent, Any], None]
Publication = Callable[[Any, TopicId, AgentId | None], None]


class WorkflowAgentRuntime(AgentRuntime):
    """Delivers messages between the agents of one run, inside its workflow.

    Args:
        on_error: told the first error of each published message's handler; without it AutoGen would wait for ever.
        on_delivery: told of each message before its agent handles it; what it raises goes the same way.

    Attributes:
        on_publish: told of each message that is published, with its topic and who published it.
    """

    def __init__(self, *, on_error: Callable[[BaseException], None], on_delivery: Delivery) -> None:
        self._on_error = on_error
        self._on_delivery = on_delivery
        self._factories: dict[str, AgentFactory] = {}
        self._agents: dict[AgentId, Agent] = {}
        self._subscriptions = SubscriptionManager()
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._in_order: set[str] = set()
        self._locks: dict[AgentId, asyncio.Lock] = {}
        self.on_publish: Publication | None = None

    @property
    def is_idle(self) -> bool:
        """Whether no delivery is under way."""
        return not self._tasks

    async def send_message(
        self,
        message: Any,
        recipient: AgentId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> Any:
        """Hand a message to one agent and return its answer."""
        token = cancellation_token or CancellationToken()
        context = _context(token, message_id, sender=sender, is_rpc=True)
        task = self._start(self._deliver(message, recipient, context))
        token.link_future(task)
        return await task

    async def publish_message(
        self,
        message: Any,
        topic_id: TopicId,
        *,
        sender: AgentId | None = None,
        cancellation_token: CancellationToken | None = None,
        message_id: str | None = None,
    ) -> None:
        """Hand a message to every subscriber but its sender, in the order of their subscriptions."""
        token = cancellation_token or CancellationToken()
        context = _context(token, message_id, sender=sender, topic_id=topic_id)
        if self.on_publish is not None:
            self.on_publish(message, topic_id, sender)
        for recipient in await self._subscriptions.get_subscribed_recipients(topic_id):
            if recipient != sender:
                self._start(self._deliver(message, recipient, context)).add_done_callback(self._note_error)

    async def register_factory(
        self,
        type: str | AgentType,
        agent_factory: Callable[[], _Agent | Awaitable[_Agent]],
        *,
        expected_class: type[_Agent] | None = None,  # noqa: ARG002 - the signature is AutoGen's
        in_order: bool = False,
    ) -> AgentType:
        """Register how agents of a type are made.

        Args:
            type: the type.
            agent_factory: makes one.
            expected_class: not looked at.
            in_order: each handles one published message after another. Answers to direct messages do not wait, so
                agents that ask each other cannot wait for themselves.
        """
        agent_type = AgentType(type) if isinstance(type, str) else type
        if agent_type.type in self._factories:
            raise ValueError(f"agent type {agent_type.type!r} is registered already")
        self._factories[agent_type.type] = cast(AgentFactory, agent_factory)
        if in_order:
            self._in_order.add(agent_type.type)
        return agent_type

    async def register_agent_instance(self, agent_instance: Agent, agent_id: AgentId) -> AgentId:
        """Register an agent that is there already."""
        if agent_id in self._agents:
            raise ValueError(f"agent {agent_id} is registered already")
        await agent_instance.bind_id_and_runtime(id=agent_id, runtime=self)
        self._agents[agent_id] = agent_instance
        return agent_id

    async def try_get_underlying_agent_instance(
        self,
        id: AgentId,
        type: type[_Agent] = Agent,  # type: ignore[assignment]
    ) -> _Agent:
        """Return the agent itself."""
        agent = await self._agent(id)
        if not isinstance(agent, type):
            raise TypeError(f"agent {id} is a {agent.__class__.__name__}, not a {type.__name__}")
        return agent

    async def get(
        self,
        id_or_type: AgentId | AgentType | str,
        /,
        key: str = "default",
        *,
        lazy: bool = True,
    ) -> AgentId:
        """Return an agent's id, making the agent unless `lazy`."""
        return await get_impl(id_or_type=id_or_type, key=key, lazy=lazy, instance_getter=self._agent)

    async def save_state(self) -> Mapping[str, Any]:
        """Return the state of every agent, by id."""
        return {str(id_): await agent.save_state() for id_, agent in self._agents.items()}

    async def load_state(self, state: Mapping[str, Any]) -> None:
        """Give every agent its state back."""
        for id_, agent_state in state.items():
            await (await self._agent(AgentId.from_str(id_))).load_state(agent_state)

    async def agent_metadata(self, agent: AgentId) -> AgentMetadata:
        """Return an agent's metadata."""
        return (await self._agent(agent)).metadata

    async def agent_save_state(self, agent: AgentId) -> Mapping[str, Any]:
        """Return one agent's state."""
        return await (await self._agent(agent)).save_state()

    async def agent_load_state(self, agent: AgentId, state: Mapping[str, Any]) -> None:
        """Give one agent its state back."""
        await (await self._agent(agent)).load_state(state)

    async def add_subscription(self, subscription: Subscription) -> None:
        """Subscribe."""
        await self._subscriptions.add_subscription(subscription)

    async def remove_subscription(self, id: str) -> None:
        """Unsubscribe."""
        await self._subscriptions.remove_subscription(id)

    def add_message_serializer(self, serializer: MessageSerializer[Any] | Sequence[MessageSerializer[Any]]) -> None:
        """Do nothing: messages stay objects here."""

    async def settled(self) -> None:
        """Wait until no delivery is under way, those that deliveries bring about included."""
        while self._tasks:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Cancel every delivery that is under way and wait until it has ended."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, delivery: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.create_task(delivery)
        self._tasks[task] = None
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: asyncio.Task[Any]) -> None:
        self._tasks.pop(task, None)

    def _note_error(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._on_error(error)

    async def _deliver(self, message: Any, recipient: AgentId, context: MessageContext) -> Any:
        agent = await self._agent(recipient)
        if context.is_rpc or recipient.type not in self._in_order:
            return await self._handled(message, agent, context)
        async with self._locks.setdefault(recipient, asyncio.Lock()):
            return await self._handled(message, agent, context)

    async def _handled(self, message: Any, agent: Agent, context: MessageContext) -> Any:
        self._on_delivery(agent, message)
        # Each delivery is a task with a context of its own. Setting the variable back would fail where the worker
        # forgets the run, as that happens in another context.
        MessageHandlerContext._MESSAGE_HANDLER_CONTEXT.set(agent.id)
        return await agent.on_message(message, ctx=context)

    async def _agent(self, id_: AgentId) -> Agent:
        if id_ not in self._agents:
            self._agents[id_] = await self._make(id_)
        return self._agents[id_]

    async def _make(self, id_: AgentId) -> Agent:
        if id_.type not in self._factories:
            raise LookupError(f"no agent of type {id_.type!r} is registered")
        with AgentInstantiationContext.populate_context((self, id_)):
            made = self._factories[id_.type]()
            agent = await made if isinstance(made, Awaitable) else made
            await agent.bind_id_and_runtime(id=id_, runtime=self)
        return agent


def _context(
    token: CancellationToken,
    message_id: str | None,
    *,
    sender: AgentId | None,
    is_rpc: bool = False,
    topic_id: TopicId | None = None,
) -> MessageContext:
    return MessageContext(
        sender=sender,
        topic_id=topic_id,
        is_rpc=is_rpc,
        cancellation_token=token,
        message_id=message_id or str(workflow.uuid4()),
    )
