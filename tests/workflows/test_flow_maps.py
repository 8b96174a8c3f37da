"""One thing for each item: at most so many at once, and what becomes of those that fail."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from contracts.errors import RunFailed
from contracts.flows import Flow
from tests.support import flow_tools
from tests.support.flow_runs import Flows, flow


def mapped(book: str, *, over: Any = "${input.items}", bad: int | None = None, **how: Any) -> Flow:
    """Calls a tool with each item."""
    arguments = {"book": book, "item": "${item}", "bad": bad}
    do = {"call": {"tool": "together", "arguments": arguments}}
    step = {"map": {"over": over, "do": do, **how}, "next": "end", "retry": {"attempts": 1}}
    return flow({"all": step}, output="${steps.all.output}")


@pytest.mark.long
async def test_a_thousand_items_twenty_at_once(flows: Flows) -> None:
    book = secrets.token_hex(4)
    result = await flows.run(mapped(book, at_once=20), input={"items": list(range(1000))})
    assert result.output == {"results": list(range(1000)), "failed": []}
    assert sorted(flow_tools.done[book]) == list(range(1000))
    assert max(flow_tools.at_once[book]) <= 20


async def test_a_failed_item_fails_the_step(flows: Flows) -> None:
    book = secrets.token_hex(4)
    with pytest.raises(RunFailed, match="step 'all' failed: BadRequest: 3: item 3 is bad"):
        await flows.run(mapped(book, bad=3, at_once=2), input={"items": list(range(50))})
    assert len(flow_tools.done[book]) < 10


async def test_a_failed_item_is_skipped(flows: Flows) -> None:
    result = await flows.run(mapped(secrets.token_hex(4), bad=1, on_failure="skip"), input={"items": [0, 1, 2]})
    assert result.output == {"results": [0, None, 2], "failed": []}


async def test_failed_items_are_collected(flows: Flows) -> None:
    result = await flows.run(mapped(secrets.token_hex(4), bad=1, on_failure="collect"), input={"items": [0, 1, 2]})
    assert result.output == {"results": [0, None, 2], "failed": [{"index": 1, "error": "BadRequest: item 1 is bad"}]}


async def test_items_come_from_an_expression(flows: Flows) -> None:
    over = "${input.items.filter(n, n > 1).map(n, n * 10)}"
    result = await flows.run(mapped(secrets.token_hex(4), over=over), input={"items": [1, 2, 3]})
    assert result.output["results"] == [20, 30]


async def test_what_is_no_list_is_refused(flows: Flows) -> None:
    with pytest.raises(RunFailed, match=r"maps over a list, and .* is a int"):
        await flows.run(mapped("x"), input={"items": 3})


async def test_nothing_is_done_for_no_items(flows: Flows) -> None:
    assert (await flows.run(mapped("x"), input={"items": []})).output == {"results": [], "failed": []}
