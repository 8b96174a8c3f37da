"""One flow for each kind of step, small enough to be read in its history, and what has to happen beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from contracts.flows import Flow
from contracts.state import Commit, Emitted
from perdure.flow_run import FlowRunHandle
from perdure.stores import Stores
from tests.support.flow_runs import call, flow, put

Beside = Callable[[FlowRunHandle, Stores], Awaitable[None]]
DOCUMENTS = {"ticket": {"namespace": "tickets", "key": "${input.id}"}}
INPUT = {"id": "t-1", "items": [1, 2, 3]}
_COUNT = {"document": "ticket", "patch": {"n": "${has(ticket.n) ? ticket.n + 1 : 1}"}}
_DOUBLE = {"call": {"tool": "double", "arguments": {"number": "${item}"}}}


@dataclass(frozen=True)
class Kind:
    """A flow and what happens beside it. `ends` is how it ends: "done", "failed" or "cancelled"."""

    flow: Flow
    beside: Beside | None = None
    children: tuple[Flow, ...] = ()
    ends: str = "done"
    input: Mapping[str, Any] = field(default_factory=lambda: INPUT)


async def _reached(run: FlowRunHandle, step: str) -> None:
    async with asyncio.timeout(20):
        while (await run.view()).position != step:
            await asyncio.sleep(0.05)


async def _answer(run: FlowRunHandle, stores: Stores) -> None:
    await _reached(run, "may")
    await run.answer("may", "yes", by="ada")


async def _change(run: FlowRunHandle, stores: Stores) -> None:
    await _reached(run, "open")
    await asyncio.sleep(0.2)
    await stores.state.commit(put("tickets", "waited", {"open": False}))
    await asyncio.sleep(0.2)
    await stores.state.commit(put("tickets", "waited", {"open": True}))


async def _pay(run: FlowRunHandle, stores: Stores) -> None:
    await _reached(run, "paid")
    paid = Emitted(id=run.id, source="/tests", type="paid", data={"n": 1})
    await stores.state.commit(Commit(events=(paid,)))


async def _cancel(run: FlowRunHandle, stores: Stores) -> None:
    await _reached(run, "slow")
    await run.cancel()


def _undone(last: dict[str, Any]) -> dict[str, Any]:
    undo = {"call": {"tool": "note", "arguments": {"book": "kinds", "text": "no ${steps.one.output}"}}}
    return {"one": call("note", book="kinds", text="one", next="slow", step={"compensate": undo}), "slow": last}


KINDS: Mapping[str, Kind] = {
    "call": Kind(flow({"a": call("double", number=1, next="b"), "b": call("double", number="${steps.a.output * 2}")})),
    "set": Kind(flow({"a": {"set": {"write": [_COUNT], "why": "it counts"}, "next": "end"}}, documents=DOCUMENTS)),
    "branch": Kind(
        flow(
            {
                "which": {"branch": {"cases": [{"when": "has(ticket.n)", "to": "yes"}], "else": "end"}},
                "yes": call("double", number=1),
            },
            documents=DOCUMENTS,
        )
    ),
    "emit": Kind(flow({"a": {"emit": {"type": "told", "subject": "${input.id}"}, "next": "end"}})),
    "team": Kind(flow({"a": {"team": {"name": "single", "task": "Do ${input.id}."}, "next": "end"}})),
    "map": Kind(
        flow(
            {"a": {"map": {"over": "${input.items}", "do": _DOUBLE, "at_once": 2}, "next": "end"}},
            output="${steps.a.output.results}",
        )
    ),
    "parallel": Kind(
        flow(
            {
                "a": {
                    "parallel": {
                        "do": {
                            "x": {"call": {"tool": "double", "arguments": {"number": 1}}},
                            "y": {"emit": {"type": "y"}},
                        }
                    },
                    "next": "end",
                }
            }
        )
    ),
    "flow": Kind(
        flow({"a": {"flow": {"name": "child", "input": {"n": 2}}, "next": "end"}}, output="${steps.a.output}"),
        children=(flow({"b": call("double", number="${input.n}")}, name="child", output="${steps.b.output}"),),
    ),
    "wait_state": Kind(
        flow({"open": {"wait": {"until": "has(ticket.open) && ticket.open"}, "next": "end"}}, documents=DOCUMENTS),
        beside=_change,
        input={"id": "waited"},
    ),
    "wait_event": Kind(
        flow({"paid": {"wait": {"event": {"type": "paid", "when": "event.data.n == 1"}}, "next": "end"}}), beside=_pay
    ),
    "wait_time": Kind(
        flow(
            {
                "a": {"wait": {"duration": "20ms"}, "next": "b"},
                "b": {"wait": {"until": "has(ticket.never)", "timeout": "20ms", "on_timeout": "end"}, "next": "end"},
            },
            documents=DOCUMENTS,
        )
    ),
    "ask": Kind(flow({"may": {"ask": {"question": "May it?", "deadline": "1d"}, "next": "end"}}), beside=_answer),
    "error": Kind(
        flow(
            {
                "a": call("refuse", book="kinds", step={"on_error": "b"}),
                "b": call("note", book="kinds", text="${steps.a.error}"),
            }
        )
    ),
    "compensation": Kind(flow(_undone(call("refuse", book="kinds"))), ends="failed"),
    "cancelled": Kind(flow(_undone(call("hang"))), beside=_cancel, ends="cancelled"),
    "onward": Kind(
        flow(
            {
                "add": {"set": {"write": [_COUNT]}, "next": "look", "most_visits": 40, "beyond": "end"},
                "look": {"branch": {"cases": [{"when": "ticket.n < 25", "to": "add"}], "else": "end"}},
            },
            documents=DOCUMENTS,
        ),
        input={"id": "onward"},
    ),
}
