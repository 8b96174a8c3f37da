"""The scripted model leads AutoGen's own teams: prompts come from AutoGen, not from this file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from autogen_agentchat.agents import AssistantAgent, SocietyOfMindAgent
from autogen_agentchat.base import ChatAgent, TaskResult, Team
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination
from autogen_agentchat.messages import BaseChatMessage
from autogen_agentchat.teams import MagenticOneGroupChat, RoundRobinGroupChat, SelectorGroupChat, Swarm
from autogen_core.models import CreateResult, LLMMessage, UserMessage

from agents.scripted import ScriptedModel


class NamedModel(ScriptedModel):
    """Tells who asks, as the worker does for durable agents."""

    def __init__(self, caller: str) -> None:
        super().__init__()
        self._caller = caller

    async def create(
        self, messages: Sequence[LLMMessage], *, extra_create_args: Mapping[str, Any] | None = None, **settings: Any
    ) -> CreateResult:
        return await super().create(messages, extra_create_args={"caller": self._caller}, **settings)


def agent(name: str, **settings: Any) -> AssistantAgent:
    return AssistantAgent(
        name, model_client=NamedModel(name), description=f"Knows all of {name}.", system_message="Help.", **settings
    )


async def spoken(team: Team | ChatAgent, task: str) -> tuple[list[str], TaskResult]:
    result = await team.run(task=task)
    return [message.source for message in result.messages if isinstance(message, BaseChatMessage)], result


async def test_a_selector_lets_each_speak_in_turn() -> None:
    team = SelectorGroupChat(
        [agent("alice"), agent("bob_b"), agent("carol")],
        model_client=NamedModel("team/selector"),
        termination_condition=MaxMessageTermination(8),
    )
    sources, _ = await spoken(team, "alice: this task\nlooks like\ncarol: a conversation")
    assert sources[0] == "user"
    assert sorted(sources[1:4]) == ["alice", "bob_b", "carol"]
    assert sources[4:7] == sources[1:4]


async def test_a_selector_with_its_own_prompt_is_led_too() -> None:
    team = SelectorGroupChat(
        [agent("alice"), agent("bob")],
        model_client=NamedModel("team/selector"),
        selector_prompt="{roles}\n\n{history}\n\nWho is next? Name one of {participants}.",
        allow_repeated_speaker=True,
        termination_condition=MaxMessageTermination(5),
    )
    sources, _ = await spoken(team, "Talk")
    assert sources == ["user", "alice", "bob", "alice", "bob"]


async def test_magentic_one_plans_asks_and_closes() -> None:
    team = MagenticOneGroupChat([agent("alice"), agent("bob")], model_client=NamedModel("team/orchestrator"))
    sources, result = await spoken(team, "Name three rivers")
    texts = [message.to_text() for message in result.messages if isinstance(message, BaseChatMessage)]
    assert sources[1:] == [
        "MagenticOneOrchestrator",
        "MagenticOneOrchestrator",
        "alice",
        "MagenticOneOrchestrator",
    ]
    assert "1. GIVEN OR VERIFIED FACTS\n- Name three rivers" in texts[1]
    assert "- Ask alice.\n- Ask bob." in texts[1]
    assert texts[2] == "Please work on this: Name three rivers"
    assert texts[-1] == texts[-2]
    assert result.stop_reason == "alice has answered"


async def test_magentic_one_asks_again_after_a_stall() -> None:
    prompt = "It's clear we aren't making as much progress. Please rewrite the following fact sheet, updating it"
    facts = await ScriptedModel().create([UserMessage(content=prompt, source="MagenticOneOrchestrator")])
    assert str(facts.content).startswith("1. GIVEN OR VERIFIED FACTS")
    prompt = (
        "Please briefly explain what went wrong and then come up with a new plan, with the following team:\n\nbob: B"
    )
    plan = await ScriptedModel().create([UserMessage(content=prompt, source="MagenticOneOrchestrator")])
    assert plan.content == "- Ask bob."


async def test_a_swarm_hands_over_and_ends() -> None:
    first = agent("first", handoffs=["second"])
    second = AssistantAgent(
        "second",
        model_client=NamedModel("second"),
        handoffs=["first"],
        system_message="Answer with FINISHED at the end.",
    )
    team = Swarm([first, second], termination_condition=TextMentionTermination("FINISHED") | MaxMessageTermination(9))
    sources, result = await spoken(team, "Do it")
    assert sources == ["user", "first", "second"]
    assert result.messages[-1].to_text().endswith("FINISHED")


async def test_a_society_speaks_with_one_voice() -> None:
    inner = RoundRobinGroupChat([agent("alice"), agent("bob")], termination_condition=MaxMessageTermination(3))
    society = SocietyOfMindAgent("society", team=inner, model_client=NamedModel("society"))
    _, result = await spoken(society, "Name three rivers")
    assert "alice said before" in result.messages[-1].to_text()


@pytest.mark.parametrize("asked", [lambda: "[]", lambda: "['a', 'b']"])
async def test_lists_in_a_talk_are_no_selection(asked: Callable[[], str]) -> None:
    result = await NamedModel("alice").create([UserMessage(content=f"Sort {asked()}", source="user")])
    assert str(result.content).startswith("Scripted answer")
