"""`perdure runs`, `show` and `cancel`: look after runs that were started before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from contracts.errors import BackendUnavailable, PerdureError
from contracts.flows import FlowView
from contracts.runs import RunResult, TranscriptEntry
from perdure import connection
from perdure.cli import interrupts
from perdure.cli.documents import compact
from perdure.cli.output import Output
from perdure.cli.remembered import memory_object, print_before, print_learned
from perdure.cli.steps import StepPrinter, print_question, print_result
from perdure.cli.turns import TurnPrinter, transcript_object, usage_line, usage_object
from perdure.client import Perdure
from perdure.descriptions import FlowDescription, RunDescription, RunSummary
from perdure.flow_run import FlowRunHandle
from perdure.place import Place
from perdure.run import Run
from perdure.settings import Settings
from perdure.stack import WorkerWish, attach

_CANCEL_SECONDS = 10


def runs(
    *, limit: int, team: str | None, flow: str | None, user: str | None, session: str | None, as_json: bool
) -> int:
    """List runs."""
    output = Output(as_json=as_json)

    async def list_runs(perdure: Perdure, _: Place) -> int:
        found = [summary async for summary in perdure.runs(limit, team=team, flow=flow, user=user, session=session)]
        output.table(["run", "team or flow", "status", "started", "took"], [_row(summary) for summary in found])
        output.json([summary.model_dump(mode="json") for summary in found])
        return 0

    return with_perdure(list_runs, output)


def show(run_id: str, *, as_json: bool) -> int:
    """Show one run."""
    output = Output(as_json=as_json)

    async def show_run(perdure: Perdure, place: Place) -> int:
        run = await perdure.find(run_id)
        if isinstance(run, FlowRunHandle):
            return await _show_flow(run, place, output)
        seen = await run.describe()
        entries = await _conversation(run, place)
        _print_head(seen, output)
        output.text(f"task     {seen.task}\n")
        if entries is None:
            output.text("The conversation is shown while a worker is there: `perdure up` starts one.\n", style="dim")
        printer = TurnPrinter(output)
        for entry in entries or ():
            printer.print(entry)
        _print_pending(seen, output)
        if seen.result:
            _print_answer(seen.result, output)
        if url := place.run_url(run_id):
            output.text(url, style="dim")
        output.json(_object(seen, entries))
        return 0

    return with_perdure(show_run, output, worker="if_idle")


def cancel(run_id: str, *, as_json: bool) -> int:
    """Cancel one run."""
    output = Output(as_json=as_json)

    async def cancel_run(perdure: Perdure, place: Place) -> int:
        run = await perdure.find(run_id)
        await run.cancel()
        if await connection.worker_identities(place.client):
            await _closed(run)
        status = (await run.describe()).status
        waits = "; it stops when a worker is there again" if status == "running" else ""
        output.text(f"{run_id}: {status}{waits}")
        output.json({"run_id": run_id, "status": status})
        return 0

    return with_perdure(cancel_run, output)


def with_perdure(
    command: Callable[[Perdure, Place], Awaitable[int]], output: Output, *, worker: WorkerWish = "never"
) -> int:
    """Connect to the server that is set, the stack that runs or one of this command's, and do something there."""
    settings = Settings.load()

    async def connected() -> int:
        with output.spinner("looking"):
            async with attach(settings, worker=worker, say=output.say) as place:
                return await command(await Perdure.using(place.client, settings=place.settings), place)

    return interrupts.run(lambda _: connected())


async def _show_flow(flow: FlowRunHandle, place: Place, output: Output) -> int:
    seen = await flow.describe()
    view = await _view(flow, place)
    _print_head(seen, output)
    output.text(f"version  {seen.version}")
    output.text(f"input    {compact(seen.input)}\n")
    if view is None:
        output.text("The steps are shown while a worker is there: `perdure up` starts one.\n", style="dim")
    else:
        _print_view(view, flow.id, output)
    _print_pending(seen, output)
    if seen.result:
        print_result(seen.result, output)
    if url := place.run_url(flow.id):
        output.text(url, style="dim")
    output.json(seen.model_dump(mode="json") | {"view": view and view.model_dump(mode="json")})
    return 0


def _print_view(view: FlowView, run_id: str, output: Output) -> None:
    printer = StepPrinter(output)
    for step in view.steps:
        printer.print(step)
    for question in view.questions:
        print_question(question, run_id, output)
    if view.waiting_for:
        output.text(f"waits for {', '.join(view.waiting_for)}", style="yellow")


async def _view(flow: FlowRunHandle, place: Place) -> FlowView | None:
    """Return where a flow stands; None where nobody can tell."""
    if not await connection.worker_identities(place.client):
        return None
    try:
        return await flow.view()
    except BackendUnavailable:
        return None


async def _conversation(run: Run, place: Place) -> tuple[TranscriptEntry, ...] | None:
    """Return what was said so far; None where nobody can tell."""
    if not await connection.worker_identities(place.client):
        return None
    try:
        return await run.transcript()
    except BackendUnavailable:
        return None


async def _closed(run: Run | FlowRunHandle) -> None:
    """Give a worker the time to cancel a run."""
    try:
        await run.result(timeout=_CANCEL_SECONDS, wait_when_stuck=True)
    except (PerdureError, TimeoutError):
        return


def _print_head(seen: RunDescription | FlowDescription, output: Output) -> None:
    output.text(f"run      {seen.run_id}", style="bold")
    output.text(f"team     {seen.team}" if seen.flow is None else f"flow     {seen.flow}")
    output.text(f"status   {'stuck' if seen.stuck else seen.status}")
    for label, value in (("user", seen.user), ("session", seen.session)):
        if value:
            output.text(f"{label:<8} {value}")
    output.text(f"started  {_time(seen.started)}, {_took(seen)}")


def _print_pending(seen: RunDescription | FlowDescription, output: Output) -> None:
    for activity in seen.pending:
        output.text(f"waits for {activity.name} {activity.activity_id}, attempt {activity.attempt}", style="yellow")
        if activity.last_failure:
            output.text(f"  the last one failed: {activity.last_failure}", style="yellow")
    if seen.stuck:
        output.text(f"its workflow task fails again and again: {seen.stuck}", style="red")
    if seen.failure:
        output.text(f"{seen.failure.kind}: {seen.failure.message}", style="red")


def _print_answer(result: RunResult, output: Output) -> None:
    print_before(result.memory, output)
    output.text("Answer", style="bold")
    output.text(f"{result.answer}\n")
    print_learned(result.memory, output)
    output.text(f"{result.stop_reason} · {usage_line(result.usage)}", style="dim")


def _object(seen: RunDescription, entries: tuple[TranscriptEntry, ...] | None) -> dict[str, Any]:
    value = seen.model_dump(mode="json", exclude={"result"})
    result = seen.result
    return value | {
        "answer": result.answer if result else None,
        "stop_reason": result.stop_reason if result else None,
        "usage": usage_object(result.usage) if result else None,
        "memory": memory_object(result.memory) if result else None,
        "transcript": None if entries is None else transcript_object(entries),
    }


def _row(summary: RunSummary) -> tuple[str, ...]:
    what = summary.team if summary.flow is None else summary.flow
    return summary.run_id, what, summary.status, _time(summary.started), _took(summary)


def _time(moment: datetime) -> str:
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _took(summary: RunSummary) -> str:
    end = summary.closed or datetime.now(UTC)
    return f"{(end - summary.started).total_seconds():.1f} s"
