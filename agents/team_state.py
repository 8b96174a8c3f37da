"""A paused team as plain data: what AutoGen saves, and what it forgets.

AutoGen does not save the counters of termination conditions, the turn counter that its stop resets, the activation
groups of a graph, what a society of mind has heard, nor agents that stand inside another one as a tool or behind a
filter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from autogen_agentchat.agents import AssistantAgent, BaseChatAgent, MessageFilterAgent
from autogen_agentchat.teams import BaseGroupChat, GraphFlow, RoundRobinGroupChat, SelectorGroupChat, Swarm
from autogen_agentchat.tools import AgentTool, TeamTool
from autogen_core import AgentId
from autogen_core.model_context import ChatCompletionContext
from autogen_core.tools import StaticWorkbench
from pydantic_core import to_jsonable_python

from agents import condition_state
from agents.runtime import WorkflowAgentRuntime
from agents.termination import PausableTermination

_STEPPED = (RoundRobinGroupChat, SelectorGroupChat, Swarm, GraphFlow)

Parts = Mapping[str, Any]


def can_pause(team: Any) -> bool:
    """Whether a team can stop between two turns and go on from there. MagenticOne and single agents cannot."""
    return isinstance(team, _STEPPED)


async def next_turn(team: BaseGroupChat, runtime: WorkflowAgentRuntime) -> int | None:
    """The turn count after the turn that is ending, None where the team must not pause: at its last turn."""
    turn: int = (await manager(team, runtime))._current_turn + 1
    return None if team._max_turns is not None and turn >= team._max_turns else turn


async def save(team: BaseGroupChat, runtime: WorkflowAgentRuntime, *, parts: Parts, turn: int) -> dict[str, Any]:
    """Return the state of a paused team as JSON values.

    Args:
        team: the team.
        runtime: where its agents are.
        parts: every team and agent of the run, those inside others too, by path.
        turn: turns of the team when it paused.
    """
    await runtime.settled()
    state = {
        "team": await team.save_state(),
        "condition": condition_state.saved(_own_condition(team)),
        "turn": turn,
        "hidden": {path: await part.save_state() for path, part in _hidden(parts)},
        "contexts": {path: await context.save_state() for path, context in _contexts(parts)},
        "triggered": {path: await _triggered(part, runtime) for path, part in _graphs(parts)},
    }
    return dict(to_jsonable_python(state))


async def load(team: BaseGroupChat, runtime: WorkflowAgentRuntime, state: dict[str, Any], *, parts: Parts) -> None:
    """Give a new team the state that `save` returned."""
    await team.load_state(state["team"])
    (await manager(team, runtime))._current_turn = state["turn"]
    condition_state.restored(_own_condition(team), state["condition"])
    for path, part in _hidden(parts):
        await part.load_state(state["hidden"][path])
    for path, context in _contexts(parts):
        await context.load_state(state["contexts"][path])
    for path, part in _graphs(parts):
        groups = {name: set(found) for name, found in state["triggered"][path].items()}
        (await manager(part, runtime))._triggered_activation_groups = groups


async def manager(team: BaseGroupChat, runtime: WorkflowAgentRuntime) -> Any:
    """The agent that says who is next."""
    id_ = AgentId(type=team._group_chat_manager_topic_type, key=team._team_id)
    return await runtime.try_get_underlying_agent_instance(id_)


def _own_condition(team: BaseGroupChat) -> Any:
    """The condition that the team's author gave it. Those of inner teams were reset when these had spoken."""
    condition = team._termination_condition
    return condition.inner if isinstance(condition, PausableTermination) else condition


async def _triggered(graph: GraphFlow, runtime: WorkflowAgentRuntime) -> dict[str, list[str]]:
    groups = (await manager(graph, runtime))._triggered_activation_groups
    return {name: sorted(found) for name, found in groups.items()}


def _graphs(parts: Parts) -> Iterator[tuple[str, GraphFlow]]:
    return ((path, part) for path, part in parts.items() if isinstance(part, GraphFlow))


def _hidden(parts: Parts) -> Iterator[tuple[str, Any]]:
    """The parts whose state their owners do not save."""
    inside = {id(part) for owner in parts.values() for part in _inside(owner)}
    return ((path, part) for path, part in parts.items() if id(part) in inside)


def _contexts(parts: Parts) -> Iterator[tuple[str, ChatCompletionContext]]:
    """What agents that do not save it themselves have heard."""
    for path, part in parts.items():
        context = getattr(part, "_model_context", None)
        if isinstance(part, BaseChatAgent) and not isinstance(part, AssistantAgent) and context is not None:
            yield path, context


def _inside(owner: Any) -> Iterator[Any]:
    if isinstance(owner, MessageFilterAgent):
        yield owner._wrapped_agent
    workbenches = getattr(owner, "_workbench", ())
    for workbench in workbenches if isinstance(workbenches, list) else ():
        if isinstance(workbench, StaticWorkbench):
            yield from (tool._task_runner for tool in workbench._tools if isinstance(tool, AgentTool | TeamTool))
