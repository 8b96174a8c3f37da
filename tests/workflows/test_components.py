"""AutoGen's component JSON, as AutoGen itself dumps it, runs durably; what cannot is refused by name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from autogen_agentchat.agents import AssistantAgent, CodeExecutorAgent, UserProxyAgent
from autogen_agentchat.base import ChatAgent, Handoff, Team
from autogen_agentchat.conditions import MaxMessageTermination, TextMentionTermination, TimeoutTermination
from autogen_agentchat.teams import RoundRobinGroupChat, SelectorGroupChat, Swarm
from autogen_core.tools import FunctionTool
from autogen_ext.code_executors.local import LocalCommandLineCodeExecutor
from autogen_ext.models.openai import OpenAIChatCompletionClient

from contracts.errors import RunFailed
from tests.conftest import NewRunner
from tests.support.model_server import ModelServer
from tests.support.running import APP, TASK, Runner, turns
from tests.support.scripts import teams
from tests.support.stock import openai_client
from tests.support.teams import Turn
from tests.support.toolbox import add, lookup_invoice


@pytest.fixture
async def odd(new_runner: NewRunner) -> AsyncIterator[Runner]:
    async with new_runner(app=(APP, "tests.support.odd_teams")) as running:
        yield running


class Stock:
    """Stock parts for a stock team, whose models talk to a server; over `http` if the team is to run."""

    def __init__(self, url: str, http: httpx.AsyncClient | None = None) -> None:
        self._url = url
        self._http = http

    def client(self) -> OpenAIChatCompletionClient:
        """A model client of its own."""
        return openai_client(self._url, http_client=self._http)

    def agent(self, name: str, **options: Any) -> AssistantAgent:
        """An agent that is told its name."""
        return AssistantAgent(
            name,
            model_client=self.client(),
            description=f"Plays {name}.",
            system_message=f"You are {name}.",
            **options,
        )


def round_robin(stock: Stock) -> Team:
    condition = MaxMessageTermination(5) | TextMentionTermination("NEVER")
    return RoundRobinGroupChat([stock.agent("alice"), stock.agent("bob")], termination_condition=condition)


def selector(stock: Stock) -> Team:
    members: list[ChatAgent | Team] = [stock.agent(name) for name in ("planner", "builder", "checker")]
    return SelectorGroupChat(members, model_client=stock.client(), max_turns=6)


def swarm(stock: Stock) -> Team:
    triage = stock.agent("triage", handoffs=[Handoff(target="billing", message="Over to billing.")])
    billing = stock.agent(
        "billing",
        handoffs=["triage"],
        tools=[FunctionTool(lookup_invoice, description="Look an invoice up by its number.")],
    )
    return Swarm([triage, billing], termination_condition=TextMentionTermination("DONE") | MaxMessageTermination(20))


def tools(stock: Stock) -> Team:
    adder = stock.agent("adder", tools=[FunctionTool(add, description="Add two whole numbers.")])
    return RoundRobinGroupChat([adder, stock.agent("bob")], max_turns=2)


def nested(stock: Stock) -> Team:
    inner = RoundRobinGroupChat([stock.agent("alice"), stock.agent("bob")], name="inner", max_turns=2)
    return RoundRobinGroupChat([inner, stock.agent("carol")], max_turns=3)


KINDS = (round_robin, selector, swarm, tools, nested)


@pytest.mark.parametrize("build", KINDS, ids=lambda build: build.__name__)
@pytest.mark.parametrize("max_cached_runs", [1_000, 0], ids=["cached", "replayed"])
async def test_dumped_team_runs_durably(
    build: Any, max_cached_runs: int, *, model_server: ModelServer, new_runner: NewRunner
) -> None:
    component = build(Stock(model_server.url)).dump_component().model_dump()
    async with httpx.AsyncClient() as http:
        stock = await build(Stock(model_server.url, http)).run(task=TASK)
    model_server.reset(teams)
    async with new_runner(max_cached_runs=max_cached_runs) as running:
        run = await running.start("mine", component=component)
        result = await run.result(timeout=30)
        said = turns(await run.transcript())
    assert said == tuple(Turn(message.source, message.to_text()) for message in stock.messages if _is_said(message))
    assert (result.team, result.detail) == ("mine", stock.stop_reason)


def _is_said(message: Any) -> bool:
    return hasattr(message, "to_model_message")


async def test_model_of_a_registered_name_is_that_one(model_server: ModelServer, odd: Runner) -> None:
    component = Stock(model_server.url).agent("solo").dump_component().model_dump()
    component["config"]["model_client"]["config"]["model"] = "house"
    result = await (await odd.start("mine", component=component)).result(timeout=20)
    assert (result.real_model, model_server.count()) == (False, 0)


async def test_keys_in_a_component_are_not_used(model_server: ModelServer, running: Runner) -> None:
    component = Stock(model_server.url).agent("solo").dump_component().model_dump()
    component["config"]["model_client"]["config"] |= {"api_key": "sk-leaked", "base_url": "http://127.0.0.1:1/v1"}
    await (await running.start("mine", component=component)).result(timeout=20)
    assert model_server.requests[0].request.key == "sk-test"


def _with_tool(name: str) -> dict[str, Any]:
    def sub(a: int, b: int) -> int:
        return a - b

    agent = Stock("http://127.0.0.1:1/v1").agent("solo", tools=[FunctionTool(add, name=name, description="Some.")])
    return agent.dump_component().model_dump()


def _code_executor() -> dict[str, Any]:
    executor = LocalCommandLineCodeExecutor(work_dir=Path("somewhere"))
    agent = CodeExecutorAgent("coder", code_executor=executor, approval_func=None)
    return RoundRobinGroupChat([agent]).dump_component().model_dump()


def _user_proxy() -> dict[str, Any]:
    team = RoundRobinGroupChat([Stock("http://127.0.0.1:1/v1").agent("ann"), UserProxyAgent("person")])
    return team.dump_component().model_dump()


def _mcp() -> dict[str, Any]:
    component = Stock("http://127.0.0.1:1/v1").agent("solo").dump_component().model_dump()
    workbench = {
        "provider": "autogen_ext.tools.mcp.McpWorkbench",
        "component_type": "workbench",
        "config": {"server_params": {"type": "StdioServerParams", "command": "sh"}},
    }
    component["config"]["workbench"] = [workbench]
    return component


def _foreign(provider: str) -> dict[str, Any]:
    return {"provider": provider, "component_type": "team", "config": {}}


REFUSED: dict[str, tuple[Any, str, str]] = {
    "unknown_tool": (lambda: _with_tool("lookup_invoise"), "UnknownName", "unknown tool 'lookup_invoise'"),
    "user_proxy": (_user_proxy, "NotDurable", "'person' is a UserProxyAgent"),
    "code_executor": (_code_executor, "NotDurable", "LocalCommandLineCodeExecutor"),
    "mcp": (_mcp, "NotDurable", "'autogen_ext.tools.mcp.McpWorkbench'"),
    "foreign": (lambda: _foreign("os.system"), "NotDurable", "'os.system'"),
    "foreign_lookalike": (lambda: _foreign("autogen_agentchat_evil.Team"), "NotDurable", "autogen_agentchat_evil"),
    "no_such_class": (lambda: _foreign("autogen_agentchat.teams.NoSuchTeam"), "BadRequest", "NoSuchTeam"),
    "no_such_module": (lambda: _foreign("autogen_agentchat.nowhere.Team"), "BadRequest", "nowhere"),
    "no_component_class": (lambda: _foreign("autogen_agentchat.teams"), "BadRequest", "AutoGen cannot build"),
    "empty": (dict, "BadRequest", "no 'provider'"),
    "no_participants": (
        lambda: _foreign("autogen_agentchat.teams.RoundRobinGroupChat"),
        "BadRequest",
        "RoundRobinGroupChat",
    ),
    "provider_is_a_number": (lambda: {"provider": 7}, "BadRequest", "no 'provider'"),
    "config_is_a_list": (
        lambda: {"provider": "autogen_agentchat.teams.RoundRobinGroupChat", "component_type": "team", "config": [1]},
        "BadRequest",
        "",
    ),
    "a_tool_alone": (
        lambda: {"provider": "autogen_agentchat.conditions.MaxMessageTermination", "config": {"max_messages": 3}},
        "NotDurable",
        "return an AutoGen team or agent",
    ),
}


@pytest.mark.filterwarnings("ignore:No approval function set")
@pytest.mark.filterwarnings("ignore:.*LocalCommandLineCodeExecutor")
@pytest.mark.parametrize("name", REFUSED)
async def test_component_is_refused_by_name(name: str, odd: Runner, model_server: ModelServer) -> None:
    make, kind, said = REFUSED[name]
    run = await odd.start("mine", component=make())
    with pytest.raises(RunFailed) as caught:
        await run.result(timeout=10)
    assert (caught.value.kind, said in str(caught.value)) == (kind, True), str(caught.value)
    assert "\n" not in str(caught.value)
    assert model_server.count() == 0


async def test_timeout_of_a_component_runs_on_the_workflows_clock(model_server: ModelServer, running: Runner) -> None:
    team = RoundRobinGroupChat(
        [Stock(model_server.url).agent("ann")], termination_condition=TimeoutTermination(0.5), max_turns=500
    )
    run = await running.start("mine", component=team.dump_component().model_dump())
    assert (await run.result(timeout=20)).detail == "Timeout of 0.5 seconds reached"
