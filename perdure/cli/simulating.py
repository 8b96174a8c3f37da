"""`perdure flow simulate`: which way a flow would go."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from yaml import MarkedYAMLError, YAMLError

from contracts.errors import BadRequest
from contracts.flows import Flow
from flows import yaml_text
from flows.simulation import Given, Simulation, simulate
from perdure import checked
from perdure.cli import definitions, values
from perdure.cli.documents import pretty
from perdure.cli.output import Output
from perdure.cli.steps import StepPrinter
from perdure.settings import Settings
from workflows import schemas

_FAILED = 1


@dataclass(frozen=True, kw_only=True)
class Scenery:
    """What `perdure flow simulate` was given."""

    state: str | None = None
    input: str | None = None
    outputs: str | None = None

    def given(self, flow: Flow) -> Given:
        """Return what the simulation begins with.

        Raises:
            BadRequest: a file cannot be read, or holds something else.
        """
        made = {} if self.state is None else _from_file(self.state, flow)
        if self.input is not None:
            made["input"] = values.json_object(self.input, what="--input")
        if self.outputs is not None:
            made["outputs"] = values.json_object(self.outputs, what="--outputs")
        _refuse_unknown(made, flow)
        return checked.made(Given, made, what="--state")


def simulation(named: str, scenery: Scenery, *, as_json: bool) -> int:
    """Say which way a flow would go, and return 1 where it would fail."""
    output = Output(as_json=as_json)
    flow = definitions.definition(named, Settings.load())
    found = simulate(flow, scenery.given(flow))
    _print(found, output)
    output.json(found.model_dump(mode="json"))
    return 0 if found.outcome in ("ended", "waiting") else _FAILED


def _from_file(file: str, flow: Flow) -> dict[str, Any]:
    """What a file gives: the documents by their names, or all that a simulation may be given, by those names."""
    value = _yaml(values.text(f"@{file.removeprefix('@')}" if file != "-" else file, what="--state"))
    if not isinstance(value, dict):
        raise BadRequest(f"--state {file!r} must hold documents by their names, it holds {json.dumps(value)[:60]}")
    is_given = value.keys() <= Given.model_fields.keys() and not value.keys() & flow.documents.keys()
    return value if is_given else {"state": value}


def _refuse_unknown(made: dict[str, Any], flow: Flow) -> None:
    known = ", ".join(flow.documents) or "none"
    for name in made.get("state") or {}:
        if name not in flow.documents:
            raise BadRequest(f"--state: the flow {flow.name!r} has no document {name!r}; it has {known}")
    if "input" in made:
        schemas.check("the input", made["input"], flow.input)


def _yaml(text: str) -> Any:
    try:
        return yaml_text.read(text).value
    except MarkedYAMLError as error:
        at = yaml_text.position(error.problem_mark or error.context_mark)
        raise BadRequest(
            f"--state, line and column {at}: {' '.join(filter(None, (error.context, error.problem)))}"
        ) from error
    except YAMLError as error:
        raise BadRequest(f"--state: {' '.join(str(error).split())}") from error


def _print(found: Simulation, output: Output) -> None:
    printer = StepPrinter(output)
    for step in found.steps:
        printer.print(step)
    for note in found.notes:
        output.text(f"note: {note}", style="yellow")
    if found.error:
        output.text(f"{found.outcome}: {found.error}", style="red")
        return
    output.text("Output", style="bold")
    output.text(pretty(found.output))
