"""`perdure flow`: check, draw, simulate and start flows."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.flows import FlowRequest, FlowResult, VisitedStep
from flows.drawing import mermaid
from flows.registry import FLOWS
from flows.schema import json_schema
from perdure import flow_requests, run_requests
from perdure.cli import attendance, definitions, interrupts, values
from perdure.cli.documents import pretty
from perdure.cli.interrupts import Interrupts
from perdure.cli.output import Output
from perdure.cli.steps import StepPrinter, print_result, result_object, steps_object
from perdure.client import Perdure
from perdure.flow_run import FlowRunHandle
from perdure.place import Place
from perdure.settings import Settings
from perdure.stack import attach


def check(named: list[str], *, as_json: bool) -> int:
    """Say whether flows can run."""
    output = Output(as_json=as_json)
    flows = definitions.check_together(named, Settings.load())
    for flow in flows:
        output.text(f"{flow.name} {flow.version}: {len(flow.steps)} steps, nothing is wrong", style="green")
    output.json([{"name": flow.name, "version": flow.version, "steps": len(flow.steps)} for flow in flows])
    return 0


def draw(named: str, *, as_json: bool) -> int:
    """Draw a flow."""
    output = Output(as_json=as_json)
    picture = mermaid(definitions.definition(named, Settings.load()))
    output.text(picture.rstrip())
    output.json({"mermaid": picture})
    return 0


def schema(*, as_json: bool) -> int:
    """Print the JSON Schema of definitions."""
    output = Output(as_json=as_json)
    output.text(pretty(json_schema()))
    output.json(json_schema())
    return 0


def list_flows(*, as_json: bool) -> int:
    """List the flows that the app registers."""
    output = Output(as_json=as_json)
    definitions.load(Settings.load())
    flows = [FLOWS.get(name) for name in FLOWS.names()]
    rows = [(flow.name, flow.version, flow.description) for flow in flows]
    output.table(["flow", "version", "what it does"], rows)
    output.json([dict(zip(("name", "version", "description"), row, strict=True)) for row in rows])
    return 0


@dataclass(frozen=True, kw_only=True)
class Order:
    """What `perdure flow start` was asked to do."""

    flow: str
    input: str = "{}"
    run_id: str | None = None
    branch: str = "main"
    user: str | None = None
    session: str | None = None
    files: str | None = None
    detach: bool = False

    def request(self, settings: Settings) -> FlowRequest:
        """Return what the flow is asked.

        Raises:
            InvalidFlow: the definition has faults.
            BadRequest: a field is wrong.
        """
        return flow_requests.made(
            definitions.definition(self.flow, settings),
            input=values.json_object(self.input, what="--input"),
            run_id=self.run_id,
            branch=self.branch,
            user=self.user,
            session=self.session,
            files=self.files,
            app=settings.app,
            memory=run_requests.flow_memory_policy(None, enabled=settings.memory.enabled),
        )


def start(order: Order, *, as_json: bool) -> int:
    """Start a flow and show its steps until it has ended."""
    settings = Settings.load()
    request, output = order.request(settings), Output(as_json=as_json)
    return interrupts.run(lambda heard: _start(request, settings, output, heard=heard, detach=order.detach))


async def _start(request: FlowRequest, settings: Settings, output: Output, *, heard: Interrupts, detach: bool) -> int:
    with output.spinner("starting"):
        async with attach(settings, worker="never" if detach else "always", say=output.say) as place:
            if detach:
                attendance.must_stay(place)
            flow = await (await Perdure.using(place.client, settings=place.settings)).submit_flow(request)
            if detach:
                await attendance.tell_detached(flow.id, place, output)
                return 0
            output.text(" · ".join(filter(None, (f"flow {flow.id}", place.run_url(flow.id)))), style="dim")
            attendance.cancel_first(flow.cancel, heard, output)
            try:
                result, steps = await _followed(flow, place, output)
            finally:
                heard.first(None)
            print_result(result, output)
            attendance.print_page(flow.id, place, output)
            output.progress("stopping")
            output.json(result_object(result) | {"journey": steps_object(steps)})
    return 0


async def _followed(flow: FlowRunHandle, place: Place, output: Output) -> tuple[FlowResult, list[VisitedStep]]:
    printer = StepPrinter(output)
    await attendance.attended(printer.follow(flow), flow.id, place, output)
    return await flow.result(), printer.steps
