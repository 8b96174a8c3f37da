"""`perdure run`: start a run, show it as it goes, and say what came of it."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.remembering import Injection
from contracts.runs import Budget, RunRequest, RunResult, TranscriptEntry
from perdure import run_requests
from perdure.cli import attendance, interrupts
from perdure.cli.interrupts import Interrupts
from perdure.cli.output import Output
from perdure.cli.remembered import memory_object, print_before, print_learned
from perdure.cli.turns import TurnPrinter, transcript_object, usage_line, usage_object
from perdure.client import Perdure
from perdure.place import Place
from perdure.run import Run
from perdure.settings import Settings, one_line
from perdure.stack import attach

SCRIPTED = (
    "note: the scripted model answered, which is not a real one: set OPENAI_API_KEY or OPENAI_BASE_URL to use one"
)


@dataclass(frozen=True, kw_only=True)
class Order:
    """What `perdure run` was asked to do."""

    team: str
    task: str
    files: str | None = None
    model: str | None = None
    user: str | None = None
    session: str | None = None
    run_id: str | None = None
    detach: bool = False
    memory: Injection | None = None
    budget: dict[str, float | None]

    def request(self, settings: Settings) -> RunRequest:
        """Return what the run is asked.

        Args:
            settings: say whether runs have a memory at all.

        Raises:
            BadRequest: a file or folder is not there, or a field is wrong.
        """
        component = _component(Path(self.team)) if self.team.endswith(".json") else None
        return run_requests.made(
            Path(self.team).stem if component is not None else self.team,
            sys.stdin.read() if self.task == "-" else self.task,
            component=component,
            files=_folder(self.files),
            model=self.model,
            user=self.user,
            session=self.session,
            run_id=self.run_id,
            budget=_budget(self.budget),
            memory=run_requests.memory_policy(
                self.memory, user=self.user, session=self.session, enabled=settings.memory.enabled
            ),
        )


def run(order: Order, *, as_json: bool) -> int:
    """Carry out an order and return the exit code."""
    settings = Settings.load()
    request, output = order.request(settings), Output(as_json=as_json)
    return interrupts.run(lambda heard: _run(request, settings, output, heard=heard, detach=order.detach))


async def _run(request: RunRequest, settings: Settings, output: Output, *, heard: Interrupts, detach: bool) -> int:
    with output.spinner("starting"):
        async with attach(settings, worker="never" if detach else "always", say=output.say) as place:
            if detach:
                return await _detached(request, place, output)
            perdure = await Perdure.using(place.client, settings=place.settings)
            run = await perdure.submit(request)
            output.text(" · ".join(filter(None, (f"run {run.id}", place.run_url(run.id)))), style="dim")
            attendance.cancel_first(run.cancel, heard, output)
            try:
                result, entries = await _followed(run, place, output)
            finally:
                heard.first(None)
            _print_end(result, place, output)
            output.progress("stopping")
            output.json(_object(result, entries))
    return 0


async def _detached(request: RunRequest, place: Place, output: Output) -> int:
    """Start a run on a stack that stays."""
    attendance.must_stay(place)
    run = await (await Perdure.using(place.client, settings=place.settings)).submit(request)
    await attendance.tell_detached(run.id, place, output)
    return 0


async def _followed(run: Run, place: Place, output: Output) -> tuple[RunResult, list[TranscriptEntry]]:
    printer = TurnPrinter(output)
    await attendance.attended(printer.follow(run), run.id, place, output)
    return await run.result(), printer.entries


def _print_end(result: RunResult, place: Place, output: Output) -> None:
    print_before(result.memory, output)
    output.text("Answer", style="bold")
    output.text(f"{result.answer}\n")
    print_learned(result.memory, output)
    output.text(f"{_reason(result)} · {usage_line(result.usage)}", style="dim")
    attendance.print_page(result.run_id, place, output)
    if not result.real_model:
        output.note(SCRIPTED)


def _reason(result: RunResult) -> str:
    reason = "ended by its budget" if result.stop_reason == "budget" else "finished"
    return f"{reason} ({result.detail})" if result.detail else reason


def _object(result: RunResult, entries: list[TranscriptEntry]) -> dict[str, Any]:
    return {
        "run_id": result.run_id,
        "status": "completed",
        "answer": result.answer,
        "stop_reason": result.stop_reason,
        "usage": usage_object(result.usage),
        "transcript": transcript_object(entries),
        "memory": memory_object(result.memory),
    }


def _component(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadRequest(f"the component file {str(path)!r} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadRequest(f"the component file {str(path)!r} is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest(f"the component file {str(path)!r} holds no JSON object")
    return value


def _folder(name: str | None) -> str | None:
    if name is None:
        return None
    folder = Path(name).expanduser().absolute()
    if not folder.is_dir():
        raise BadRequest(f"--files: there is no folder {str(folder)!r}")
    return str(folder)


def _budget(limits: dict[str, float | None]) -> Budget:
    try:
        return Budget.model_validate(limits)
    except ValidationError as error:
        raise BadRequest(f"--budget: {one_line(error)}") from error
