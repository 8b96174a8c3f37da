"""What a team's factory is handed: durable parts, by name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Literal

from autogen_agentchat.base import ChatAgent
from autogen_core.memory import Memory
from autogen_core.models import ChatCompletionClient
from autogen_core.tools import Workbench

from agents.event_agent import EventAgent
from agents.event_source import EventSource
from agents.memory import DurableMemory
from agents.model_client import DurableModelClient
from agents.run import Run
from agents.workbench import DurableWorkbench
from contracts.bridge import EventPattern, Inbound, Outbound
from contracts.remembering import MemoryPolicy


class TeamContext:
    """The durable parts that a team is built of, and what the run was asked.

    Example:
        ```python
        @team("support", version="1")
        def support(ctx: TeamContext) -> Team:
            triage = AssistantAgent("triage", model_client=ctx.model("fast"), workbench=ctx.tools("lookup_invoice"))
            writer = AssistantAgent("writer", model_client=ctx.model())
            return RoundRobinGroupChat([triage, writer], termination_condition=MaxMessageTermination(6))
        ```
    """

    def __init__(self, run: Run) -> None:
        self._run = run

    @property
    def task(self) -> str:
        """What the team is asked to do."""
        return self._run.request.task

    @property
    def user(self) -> str | None:
        """The person that the run serves."""
        return self._run.request.scope.user

    def model(self, name: str | None = None) -> ChatCompletionClient:
        """A model whose calls are activities; without a name the run's default one.

        Raises:
            UnknownName: no such model is registered; the message offers the nearest names.
            ConfigurationError: the model cannot be used on this worker.
        """
        return DurableModelClient(self._run, name)

    def tools(self, *names: str) -> Workbench:
        """A workbench of registered tools whose calls are activities.

        Raises:
            UnknownName: a tool is not registered; the message offers the nearest names.
        """
        return DurableWorkbench(self._run, names)

    def memory(
        self,
        *,
        tokens: int | None = None,
        limit: int | None = None,
        scopes: Sequence[Literal["user", "agent", "team", "session", "shared"]] | None = None,
    ) -> Memory:
        """What is remembered, as a memory that the agent asks in each of its turns, in an activity.

        Give it to an `AssistantAgent` as `memory=[ctx.memory()]`: in each turn it is told what fits the last message
        and was not told before, and nothing is put into its system message. In runs without memory it is empty.

        Args:
            tokens: at most so many in each turn; by default as team and run say.
            limit: at most so many memories in each turn.
            scopes: only memories of these ("user", "agent", "team", "session", "shared").
        """
        said: dict[str, Any] = {"tokens": tokens, "limit": limit, "scopes": scopes and tuple(scopes)}
        policy = self._run.memory.policy or MemoryPolicy()
        values = {name: value for name, value in said.items() if value is not None}
        return DurableMemory(self._run, MemoryPolicy.model_validate({**policy.model_dump(), **values}))

    def events(
        self,
        type: str,
        *,
        name: str,
        source: str | None = None,
        when: str | None = None,
        timeout: timedelta | None = None,
    ) -> ChatAgent:
        """An agent whose turn is to wait for the next event; its message is the event's data as JSON.

        Events count from the moment on when a worker began the run, and so do those that a trigger has handed to it.
        Without `when`, every event of the type will do, whatever it is about.

        Args:
            type: event type; "*" at the end matches any rest ("invoice.*").
            name: name of the agent.
            source: the same for the event's source; None is any.
            when: CEL over `event` (id, source, type, subject, data, time); None is always.
            timeout: how long one turn waits; the agent then says that nothing came. None is for ever.
        """
        return EventAgent(
            name, EventSource(self._run, EventPattern(type=type, source=source), when=when), timeout=timeout
        )

    def bridge(self, *, inbound: Sequence[Inbound] = (), outbound: Sequence[Outbound] = ()) -> None:
        """Let events into the conversation, and messages out of it, by rule.

        An inbound rule takes events that a trigger hands to this run (`SignalRun`), and that no waiting agent of the
        run takes; the first rule that fits counts. An outbound rule emits an event for each message that fits.

        Raises:
            BadRequest: a template holds more than paths, or names what is not there.
        """
        self._run.bridge.add(inbound=inbound, outbound=outbound)
