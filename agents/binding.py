"""A team made durable: each agent gets parts of its own, and what cannot be kept by a workflow is refused by name.

Authors may share one model between agents. Here each agent and manager is handed its own copy under its own path, so
that activity ids say who called. The walk goes over the attributes of teams, agents, contexts and tools.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from autogen_agentchat.agents import AssistantAgent, BaseChatAgent, CodeExecutorAgent, UserProxyAgent
from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.conditions import TimeoutTermination
from autogen_agentchat.teams import BaseGroupChat, MagenticOneGroupChat
from autogen_agentchat.tools import AgentTool, TeamTool
from autogen_core import AgentRuntime, CancellationToken
from autogen_core.code_executor import CodeExecutor
from autogen_core.memory import ListMemory, Memory
from autogen_core.model_context import ChatCompletionContext
from autogen_core.models import ChatCompletionClient
from autogen_core.tools import BaseTool, FunctionTool, StaticWorkbench, Workbench
from pydantic import BaseModel

from agents.components import NamedTool
from agents.event_source import EventSource
from agents.memory import DurableMemory
from agents.model_client import DurableModelClient
from agents.run import Run
from agents.termination import WorkflowTimeoutTermination
from agents.workbench import DurableWorkbench
from contracts.errors import NotDurable
from tools.registry import TOOLS

# Most attributes are such, and asking Protocols whether they fit takes longer.
_PLAIN = (str, int, float, bytes, type(None))
_FOREIGN = ("autogen_ext.", "openai", "httpx")


class HandoffTool(BaseTool[BaseModel, Any]):
    """A hand-off that runs on the workflow's own loop; the stock one asks for a thread and waits for ever."""

    component_config_schema = BaseModel

    def __init__(self, stock: FunctionTool) -> None:
        super().__init__(args_type=stock.args_type(), return_type=str, name=stock.name, description=stock.description)
        self._stock = stock
        self._message: Callable[[], str] = stock._func

    @property
    def schema(self) -> Any:
        """The stock tool's schema."""
        return self._stock.schema

    async def run_json(
        self,
        args: Mapping[str, Any],  # noqa: ARG002 - AutoGen's
        cancellation_token: CancellationToken,  # noqa: ARG002 - AutoGen's
        call_id: str | None = None,  # noqa: ARG002 - AutoGen's
    ) -> Any:
        """Return the hand-off's message, whatever the model sent as arguments: there are none to check."""
        return self._message()

    async def run(self, args: BaseModel, cancellation_token: CancellationToken) -> str:  # noqa: ARG002 - AutoGen's
        """Return the hand-off's message."""
        return self._message()


class Binding:
    """Hands out durable parts to one team, and refuses what is not durable.

    Args:
        run: the run that the team works for.
        runtime: what its teams exchange messages on.

    Attributes:
        parts: every team and agent that was bound, by path.
    """

    def __init__(self, run: Run, runtime: AgentRuntime) -> None:
        self._run = run
        self._runtime = runtime
        self.parts: dict[str, Any] = {}
        self._seen: dict[int, str] = {}

    def bind(self, root: Any, *, name: str) -> None:
        """Make a team or agent durable, in place.

        Args:
            root: what the factory returned.
            name: the team's registered name, for the path of its manager.

        Raises:
            NotDurable: a part cannot be kept by a workflow; the message names it, the reason and the remedy.
        """
        if isinstance(root, BaseGroupChat):
            self._team(root, prefix="", manager=name)
        elif isinstance(root, BaseChatAgent):
            self._agent(root, prefix="")
        else:
            raise NotDurable(f"the factory returned a {_kind(root)}: return an AutoGen team or agent")

    def core_agent(self, agent: Any, path: str) -> None:
        """Make an agent durable that hears topics, in place.

        Raises:
            NotDurable: a part cannot be kept by a workflow.
        """
        self._claim(agent, path)
        _refuse_agent(agent, path)
        self._attributes(agent, path, skip=("_runtime",))

    def _team(self, team: BaseGroupChat, *, prefix: str, manager: str) -> None:
        role = "orchestrator" if isinstance(team, MagenticOneGroupChat) else "selector"
        path = f"{manager}/{role}"
        self._claim(team, path)
        team._runtime = self._runtime
        team._embedded_runtime = False
        for participant in team._participants:
            if isinstance(participant, BaseGroupChat):
                inner = f"{prefix}{participant.name}"
                self._team(participant, prefix=f"{inner}/", manager=inner)
            else:
                self._agent(participant, prefix=prefix)
        self._attributes(team, path, skip=("_participants", "_runtime"))

    def _agent(self, agent: Any, *, prefix: str) -> None:
        path = f"{prefix}{agent.name}"
        self._claim(agent, path)
        _refuse_agent(agent, path)
        self._attributes(agent, path)
        if isinstance(agent, AssistantAgent):
            self._remind(agent, path)

    def _remind(self, agent: AssistantAgent, path: str) -> None:
        """Let an agent know what is remembered, in the way that it says itself, or that its team or run says."""
        own = [memory for memory in agent._memory or () if isinstance(memory, DurableMemory)]
        for memory in own or self._reminders(agent, path):
            memory.as_system = bool(agent._model_client.model_info.get("multiple_system_messages"))

    def _reminders(self, agent: AssistantAgent, path: str) -> list[DurableMemory]:
        """Have an agent reminded that has no memory of its own; return the memory that it is given, if it is."""
        policy = self._run.memory.policy
        if policy is None:
            return []
        if policy.inject == "system":
            self._run.memory.listen(path, agent)
        if policy.inject != "memory":
            return []
        given = DurableMemory(self._run, policy, path=path)
        agent._memory = [*(agent._memory or ()), given]
        return [given]

    def _claim(self, owner: Any, path: str) -> None:
        if id(owner) in self._seen:
            raise NotDurable(
                f"{path!r} stands in two places, here and as {self._seen[id(owner)]!r}: make one object for each"
            )
        if path in self.parts:
            raise NotDurable(f"two parts of the team are called {path!r}: rename one of them")
        self._seen[id(owner)] = path
        self.parts[path] = owner

    def _attributes(self, owner: Any, path: str, *, skip: tuple[str, ...] = ()) -> None:
        for name, value in list(vars(owner).items()):
            if name in skip:
                continue
            bound = self._value(value, path)
            if bound is not value:
                setattr(owner, name, bound)

    def _value(self, value: Any, path: str) -> Any:
        if isinstance(value, _PLAIN):
            return value
        for kind, bind in _BINDERS:
            if isinstance(value, kind):
                return bind(self, value, path)
        if type(value).__module__.startswith(_FOREIGN):
            raise NotDurable(f"{path!r} holds a {_kind(value)}, which reaches outside: use ctx.model() or a @tool")
        return value

    def _list(self, values: list[Any], path: str) -> list[Any]:
        bound: list[Any] = []
        for value in values:
            made = self._value(value, path)
            bound += made if isinstance(made, list) and not isinstance(value, list) else [made]
        same = len(bound) == len(values) and all(new is old for new, old in zip(bound, values, strict=True))
        return values if same else bound

    def _dict(self, values: dict[Any, Any], path: str) -> dict[Any, Any]:
        for key, value in list(values.items()):
            values[key] = self._value(value, path)
        return values

    def _model(self, client: ChatCompletionClient, path: str) -> ChatCompletionClient:
        if isinstance(client, DurableModelClient):
            return client.bound(path)
        raise NotDurable(
            f"{path!r} holds a {_kind(client)}, whose calls would be lost with the worker: register it with @model and"
            " use ctx.model(name)"
        )

    def _events(self, source: EventSource, path: str) -> EventSource:
        return source.bound(path)

    def _workbench(self, workbench: Workbench, path: str) -> Any:
        if isinstance(workbench, DurableWorkbench):
            return workbench.bound(path)
        if isinstance(workbench, StaticWorkbench):
            return self._static(workbench, path)
        raise NotDurable(f"{path!r} holds a {_kind(workbench)}, which keeps a session open: wrap its tools with @tool")

    def _static(self, workbench: StaticWorkbench, path: str) -> list[Workbench]:
        inside: list[BaseTool[Any, Any]] = [tool for tool in workbench._tools if isinstance(tool, AgentTool | TeamTool)]
        names = [self._registered(tool, path) for tool in workbench._tools if tool not in inside]
        for tool in inside:
            self._value(tool, path)
        workbench._tools = inside
        durable = [DurableWorkbench(self._run, names, path=path)] if names else []
        return [*durable, *([workbench] if inside or not durable else [])]

    def _registered(self, tool: BaseTool[Any, Any], path: str) -> str:
        if isinstance(tool, NamedTool):
            return tool.name
        entry = TOOLS.find(tool._func) if isinstance(tool, FunctionTool) else None
        if entry is None:
            raise NotDurable(f"{path!r} has the tool {tool.name!r}, which is not registered: decorate it with @tool")
        return entry.name

    def _tool(self, tool: BaseTool[Any, Any], path: str) -> BaseTool[Any, Any]:
        if isinstance(tool, AgentTool | TeamTool):
            if self._seen.get(id(tool)) != path:  # an agent holds its tools twice, as they are and in a workbench
                self._seen[id(tool)] = path
                self._runner(tool, path)
            return tool
        if isinstance(tool, FunctionTool) and tool._func.__qualname__.startswith("Handoff.handoff_tool."):
            return HandoffTool(tool)
        if isinstance(tool, HandoffTool):
            return tool
        raise NotDurable(f"{path!r} holds the tool {tool.name!r}: decorate its function with @tool and use ctx.tools()")

    def _runner(self, tool: AgentTool | TeamTool, path: str) -> None:
        runner = tool._task_runner
        if isinstance(runner, BaseGroupChat):
            inner = f"{path}/{tool.name}"
            self._team(runner, prefix=f"{inner}/", manager=inner)
        else:
            self._agent(runner, prefix=f"{path}/")

    def _inner_team(self, team: BaseGroupChat, path: str) -> BaseGroupChat:
        if id(team) not in self._seen:
            self._team(team, prefix=f"{path}/", manager=path)
        return team

    def _inner_agent(self, agent: BaseChatAgent, path: str) -> BaseChatAgent:
        if id(agent) not in self._seen:
            self._agent(agent, prefix=f"{path}/")
        return agent

    def _memory(self, memory: Memory, path: str) -> Memory:
        if isinstance(memory, DurableMemory):
            return memory.bound(path)
        if isinstance(memory, ListMemory):
            return memory
        raise NotDurable(
            f"{path!r} holds a {_kind(memory)}, which reads a store: use ctx.memory(), or a ListMemory for fixed texts"
        )

    def _executor(self, executor: CodeExecutor, path: str) -> CodeExecutor:
        raise NotDurable(f"{path!r} holds a {_kind(executor)}, which runs code in the worker: run it in a @tool")

    def _context(self, context: ChatCompletionContext, path: str) -> ChatCompletionContext:
        self._attributes(context, path)
        return context

    def _condition(self, condition: TerminationCondition, path: str) -> TerminationCondition:
        if isinstance(condition, TimeoutTermination):
            return WorkflowTimeoutTermination(condition._timeout_seconds)
        self._attributes(condition, path)
        return condition


_BINDERS: tuple[tuple[type[Any], Callable[[Binding, Any, str], Any]], ...] = (
    (ChatCompletionClient, Binding._model),
    (EventSource, Binding._events),
    (Workbench, Binding._workbench),
    (BaseTool, Binding._tool),
    (Memory, Binding._memory),
    (CodeExecutor, Binding._executor),
    (TerminationCondition, Binding._condition),
    (ChatCompletionContext, Binding._context),
    (BaseGroupChat, Binding._inner_team),
    (BaseChatAgent, Binding._inner_agent),
    (list, Binding._list),
    (dict, Binding._dict),
)


def _refuse_agent(agent: Any, path: str) -> None:
    if isinstance(agent, UserProxyAgent):
        raise NotDurable(
            f"{path!r} is a UserProxyAgent, which waits at the worker's terminal: end the run with a hand-off to the"
            " person (HandoffTermination) and start the next run with the answer"
        )
    if isinstance(agent, CodeExecutorAgent):
        raise NotDurable(f"{path!r} is a CodeExecutorAgent, which runs code in the worker: run the code in a @tool")
    if type(agent).__module__.startswith(_FOREIGN):
        raise NotDurable(f"{path!r} is a {_kind(agent)}, which reaches outside: use an AssistantAgent with ctx.tools()")


def _kind(value: Any) -> str:
    return type(value).__name__
