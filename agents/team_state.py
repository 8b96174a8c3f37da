"""A paused team as plain data: what AutoGen saves, and what it forgets.

AutoGen does not save the counters of termination conditions, the turn counter that its stop resets, nor the activation
groups of a graph.
"""

from __future__ import annotations

from typing import Any

from autogen_agentchat.base import TerminationCondition
from autogen_agentchat.messages import StopMessage
from autogen_agentchat.teams import BaseGroupChat, GraphFlow, RoundRobinGroupChat, SelectorGroupChat, Swarm
from autogen_core import AgentId

from agents.runtime import WorkflowAgentRuntime
from agents.termination import PausableTermination

_STEPPED = (RoundRobinGroupChat, SelectorGroupChat, Swarm, GraphFlow)


def can_pause(team: Any) -> bool:
    """Whether a team can stop between two turns and go on from there. MagenticOne and single agents cannot."""
    return isinstance(team, _STEPPED)


async def next_turn(team: BaseGroupChat, runtime: WorkflowAgentRuntime) -> int | None:
    """The count of turns with the one that is ending; None where the team must not pause (no turn yet, or the last)."""
    manager = await _manager(team, runtime)
    if manager._active_speakers or not manager._message_thread:
        return None
    turn: int = manager._current_turn + 1
    return None if team._max_turns is not None and turn >= team._max_turns else turn


async def save(
    team: BaseGroupChat, runtime: WorkflowAgentRuntime, pausable: PausableTermination | None
) -> dict[str, Any]:
    """Return the state of a paused team as JSON values."""
    manager = await _manager(team, runtime)
    return {
        "team": dict(await team.save_state()),
        "condition": _condition_state(pausable.inner if pausable else None),
        "turn": pausable.turn if pausable else 0,
        "triggered": {
            name: sorted(groups) for name, groups in getattr(manager, "_triggered_activation_groups", {}).items()
        },
    }


async def load(team: BaseGroupChat, runtime: WorkflowAgentRuntime, state: dict[str, Any]) -> None:
    """Give a new team the state that `save` returned."""
    await team.load_state(state["team"])
    manager = await _manager(team, runtime)
    manager._current_turn = state["turn"]
    if state["triggered"]:
        manager._triggered_activation_groups = {name: set(groups) for name, groups in state["triggered"].items()}
    pausable = team._termination_condition
    if isinstance(pausable, PausableTermination) and pausable.inner is not None:
        _restore(pausable.inner, state["condition"])


async def _manager(team: BaseGroupChat, runtime: WorkflowAgentRuntime) -> Any:
    id_ = AgentId(type=team._group_chat_manager_topic_type, key=team._team_id)
    return await runtime.try_get_underlying_agent_instance(id_)


def _condition_state(value: Any) -> Any:
    if isinstance(value, TerminationCondition):
        return {name: _condition_state(field) for name, field in vars(value).items()}
    if isinstance(value, StopMessage):
        return {"$stop": [value.content, value.source]}
    if isinstance(value, list):
        return [_condition_state(part) for part in value]
    return value if isinstance(value, bool | int | float | str | None) else None


def _restore(condition: TerminationCondition, state: dict[str, Any]) -> None:
    for name, saved in state.items():
        held = getattr(condition, name)
        if isinstance(held, TerminationCondition):
            _restore(held, saved)
        elif isinstance(held, list):
            setattr(condition, name, _restored_list(held, saved))
        elif isinstance(held, bool | int | float | str | None):
            setattr(condition, name, saved)


def _restored_list(held: list[Any], saved: list[Any]) -> list[Any]:
    if not any(isinstance(part, TerminationCondition) for part in held):
        return [_restored_part(part) for part in saved]
    for part, part_state in zip(held, saved, strict=True):
        _restore(part, part_state)
    return held


def _restored_part(saved: Any) -> Any:
    if isinstance(saved, dict) and "$stop" in saved:
        content, source = saved["$stop"]
        return StopMessage(content=content, source=source)
    return saved
