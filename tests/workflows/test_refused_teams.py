"""Teams that cannot be: each ends its run at once, with the type, the name of the part and the remedy."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from contracts.errors import RunFailed
from tests.conftest import NewRunner
from tests.support.model_server import ModelServer
from tests.support.running import APP, Runner

CASES: dict[str, tuple[str, str]] = {
    "round_robbin": ("UnknownName", "unknown team 'round_robbin': did you mean 'round_robin'"),
    "unknown_model": ("UnknownName", "unknown model 'opemai': did you mean 'openai'"),
    "unknown_tool": ("UnknownName", "unknown tool 'lookup_invoise': did you mean 'lookup_invoice'"),
    "wrong_value": (
        "TeamBuildFailed",
        "could not be built: ValueError: no staff for 'Do the work.'",
    ),
    "missing_import": ("TeamBuildFailed", "ModuleNotFoundError: No module named 'no_such_package'"),
    "bad_syntax": ("TeamBuildFailed", "SyntaxError: "),
    "exits": ("TeamBuildFailed", "SystemExit: bye"),
    "recursive": ("TeamBuildFailed", "RecursionError: "),
    "duplicates": ("TeamBuildFailed", "ValueError: "),
    "no_team": ("NotDurable", "the factory returned a NoneType: return an AutoGen team or agent"),
    "user_proxy": ("NotDurable", "'person' is a UserProxyAgent, which waits at the worker's terminal"),
    "code_executor": ("NotDurable", "'coder' is a CodeExecutorAgent, which runs code in the worker"),
    "foreign_model": ("NotDurable", "'solo' holds a OpenAIChatCompletionClient, .* register it with @model"),
    "session_workbench": ("NotDurable", "'solo' holds a SessionWorkbench, which keeps a session open"),
    "plain_tool": ("NotDurable", "'solo' holds the tool 'plain': decorate its function with @tool"),
    "plain_workbench": ("NotDurable", "'solo' has the tool 'plain', which is not registered"),
    "foreign_memory": ("NotDurable", "'solo' holds a StoredMemory, which reads a store"),
    "twins": ("NotDurable", "two parts of the team are called 'twins/selector': rename one of them"),
    "shared_tool_agent": ("NotDurable", "'two/expert' stands in two places, here and as 'one/expert'"),
    "shared_agent": ("NotDurable", "'two/expert' stands in two places, here and as 'one/expert'"),
}


@pytest.fixture
async def odd(new_runner: NewRunner) -> AsyncIterator[Runner]:
    async with new_runner(app=(APP, "tests.support.odd_teams")) as running:
        yield running


@pytest.mark.parametrize("team", CASES)
async def test_team_is_refused_by_name(team: str, odd: Runner, model_server: ModelServer) -> None:
    kind, said = CASES[team]
    run = await odd.start(team)
    with pytest.raises(RunFailed, match=said) as caught:
        await run.result(timeout=10)
    assert caught.value.kind == kind
    assert "\n" not in str(caught.value)
    assert model_server.count() == 0


async def test_unknown_model_of_a_run_offers_the_nearest(odd: Runner) -> None:
    run = await odd.start("single", model="scriptd")
    with pytest.raises(RunFailed, match="unknown model 'scriptd': did you mean 'scripted'") as caught:
        await run.result(timeout=10)
    assert caught.value.kind == "UnknownName"


async def test_worker_goes_on_after_each_of_them(odd: Runner) -> None:
    for team in CASES:
        run = await odd.start(team)
        with pytest.raises(RunFailed):
            await run.result(timeout=10)
    run = await odd.start("single")
    assert (await run.result(timeout=10)).answer.startswith("solo turn 1")
