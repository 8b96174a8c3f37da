"""`perdure run` shows what was remembered before and what was learned after."""

from __future__ import annotations

import pytest

from tests.integration.conftest import Shared

SAID = "I prefer short answers by mail. Say it."


async def test_the_second_run_shows_what_the_first_one_learned(shared: Shared) -> None:
    first = await shared.command_line.run("run", "round_robin", SAID, "--user", "mia", "--json")
    learned = [one["text"] for one in first.json["memory"]["learned"]["learned"]]
    assert learned == ["Mia prefers short answers by mail."]
    second = await shared.command_line.run("run", "round_robin", "How?", "--user", "mia", "--id", "reminded-mia")
    shown = second.out.splitlines()
    assert "Remembered (1 memory)" in shown
    line = shown[shown.index("Remembered (1 memory)") + 1]
    assert line.endswith("Mia prefers short answers by mail.")
    again = await shared.command_line.run("show", "reminded-mia")
    assert line in again.out.splitlines()


async def test_without_memory_nothing_of_it_is_shown(shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", SAID, "--user", "mia", "--memory", "off", "--json")
    assert run.json["memory"] is None


@pytest.mark.parametrize("user", ["*", "a\tb"])
async def test_nobody_is_remembered_by_a_pattern(user: str, shared: Shared) -> None:
    run = await shared.command_line.run("run", "round_robin", SAID, "--user", user, "--json")
    assert run.code == 2
    assert "user: the id" in run.err + run.out
