"""Checks of values that are written in the definition: schemas, times, lists, what is written into documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from contracts.flows import MAX_FLOW_BYTES, Flow, Step
from expressions import paths
from flows.actions import PlacedAction, actions
from flows.faults import Fault, Path


def schema_faults(flow: Flow) -> Iterator[Fault]:
    """JSON Schemas that are none, and such that would have to be fetched from elsewhere."""
    for path, schema in _schemas(flow):
        try:
            Draft202012Validator.check_schema(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
        except SchemaError as error:
            yield Fault(path=(*path, *error.absolute_path), message=f"this is no JSON Schema: {error.message}")
        for where, reference in _references(path, schema):
            if why := _lost(reference, schema):
                yield Fault(path=where, message=why)


def _schemas(flow: Flow) -> Iterator[tuple[Path, dict[str, Any]]]:
    yield ("input",), flow.input
    for name, document in flow.documents.items():
        if document.json_schema is not None:
            yield ("documents", name, "json_schema"), document.json_schema
    for name, step in flow.steps.items():
        if step.ask:
            yield ("steps", name, "ask", "json_schema"), step.ask.json_schema
    for placed in actions(flow):
        if placed.action.team and placed.action.team.answer_schema is not None:
            yield (*placed.path, "team", "answer_schema"), placed.action.team.answer_schema


def _references(path: Path, part: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(part, Mapping):
        if isinstance(part.get("$ref"), str):
            yield (*path, "$ref"), part["$ref"]
        for name, inner in part.items():
            yield from _references((*path, name), inner)
    elif isinstance(part, list):
        for place, inner in enumerate(part):
            yield from _references((*path, place), inner)


def _lost(reference: str, schema: Any) -> str | None:
    """Why a reference leads nowhere."""
    if not reference.startswith("#"):
        return f"{reference!r} would have to be fetched: put what it names under `$defs` and point to '#/$defs/…'"
    found = schema
    for part in reference.removeprefix("#").split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(found, Mapping) or name not in found:
            return f"{reference!r} leads to nothing in this schema"
        found = found[name]
    return None


def value_faults(flow: Flow) -> Iterator[Fault]:
    """Times and lists that are written out and cannot be right."""
    for name, step in flow.steps.items():
        yield from _time(name, step)
        yield from _list(name, step)
        yield from _late_escalations(name, step)


def _time(name: str, step: Step) -> Iterator[Fault]:
    if step.wait is None or step.wait.time is None or paths.is_template(step.wait.time):
        return
    path, text = ("steps", name, "wait", "time"), step.wait.time
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        yield Fault(path=path, message=f"{text!r} is no time: write it as 2026-01-31T09:00:00+01:00")
        return
    if time.tzinfo is None:
        yield Fault(path=path, message=f"{text!r} has no zone: add Z or an offset such as +01:00")


def _list(name: str, step: Step) -> Iterator[Fault]:
    if step.map is None or isinstance(step.map.over, list | tuple):
        return
    over, path = step.map.over, ("steps", name, "map", "over")
    if not isinstance(over, str) or not _is_one_expression(over):
        yield Fault(path=path, message=f"{over!r} is no list: write a list, or one ${{…}} that gives one")


def _is_one_expression(text: str) -> bool:
    return text.startswith("${") and text.endswith("}") and paths.is_template(text)


def _late_escalations(name: str, step: Step) -> Iterator[Fault]:
    if step.ask is None or step.ask.deadline is None:
        return
    for place, escalation in enumerate(step.ask.escalations):
        if escalation.after >= step.ask.deadline:
            path = ("steps", name, "ask", "escalations", place, "after")
            yield Fault(path=path, message="is never reached: the deadline comes first")


def misfit_faults(flow: Flow) -> Iterator[Fault]:
    """What is put into documents without any ${…} and does not fit their schemas, which must be valid."""
    for placed in actions(flow):
        yield from _misfits(flow, placed)


def _misfits(flow: Flow, placed: PlacedAction) -> Iterator[Fault]:
    for number, one in enumerate(placed.action.set.write if placed.action.set else ()):
        document = flow.documents.get(one.document)
        if one.put is None or document is None or document.json_schema is None or paths.is_template(one.put):
            continue
        path = (*placed.path, "set", "write", number, "put")
        for error in Draft202012Validator(document.json_schema).iter_errors(one.put):
            message = f"does not fit the document {one.document!r}: {error.message}"
            yield Fault(path=(*path, *error.absolute_path), message=message)


def size_faults(flow: Flow) -> Iterator[Fault]:
    """A definition travels in the history of each of its runs, and must be small."""
    size = len(flow.model_dump_json().encode())
    if size > MAX_FLOW_BYTES:
        most = f"the definition has {size:,} bytes, {MAX_FLOW_BYTES:,} at most are allowed"
        yield Fault(path=(), message=f"{most}: move parts of it into flows of their own")
