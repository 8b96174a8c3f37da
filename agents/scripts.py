"""Scripts: how an agent of a certain name answers where no real model is configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from agents.situation import Reply, Situation

Rule = Callable[[Situation], Reply | None]
_Rule = TypeVar("_Rule", bound=Rule)


@dataclass(frozen=True, kw_only=True)
class Script:
    """A rule, and the agents that it is meant for: those of this name that have these tools."""

    agent: str
    tools: tuple[str, ...]
    rule: Rule

    def is_meant_for(self, situation: Situation) -> bool:
        """Whether the agent that asks has the name and the tools."""
        return situation.name == self.agent and situation.may_use(*self.tools)


_SCRIPTS: list[Script] = []


def script(agent: str, *, tools: tuple[str, ...] = ()) -> Callable[[_Rule], _Rule]:
    """Register the decorated rule for agents of that name.

    The rule returns a text, a list of tools to call with their arguments, or None where it does not know better than
    the default rules.

    Args:
        agent: the agent's own name, without those of its teams.
        tools: the rule is used only for an agent that has all of these.
    """

    def register(rule: _Rule) -> _Rule:
        _SCRIPTS.append(Script(agent=agent, tools=tools, rule=rule))
        return rule

    return register


def scripted(situation: Situation) -> Reply | None:
    """The reply of the first script that is meant for this agent and has one."""
    replies = (one.rule(situation) for one in _SCRIPTS if one.is_meant_for(situation))
    return next((reply for reply in replies if reply is not None), None)
