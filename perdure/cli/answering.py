"""What flows that wait are told: `perdure answer`, `perdure flow migrate`."""

from __future__ import annotations

import json
from typing import Any

from contracts.errors import BadRequest
from contracts.flows import Question
from perdure.cli import values
from perdure.cli.definitions import definition
from perdure.cli.documents import you
from perdure.cli.looking import with_perdure
from perdure.cli.output import Output
from perdure.cli.steps import print_question
from perdure.client import Perdure
from perdure.flow_run import FlowRunHandle
from perdure.place import Place
from perdure.settings import Settings


def answer(run_id: str, arguments: list[str], *, by: str | None, note: str | None, as_json: bool) -> int:
    """Answer a question of a flow, or show what is asked."""
    if len(arguments) > 2:
        raise BadRequest(
            f"perdure answer takes RUN [STEP] VALUE, and {arguments[2]!r} is one word too many: use quotes"
        )
    output = Output(as_json=as_json)

    async def work(perdure: Perdure, _: Place) -> int:
        flow = await perdure.get_flow(run_id)
        if not arguments:
            return await _show(flow, output)
        question = await flow.question(arguments[0] if len(arguments) == 2 else None)
        value = _value(arguments[-1], question)
        await flow.answer(question.step, value, by=by if by is not None else you(), note=note)
        output.text(f"{run_id}: step {question.step} has its answer")
        output.json({"run_id": run_id, "step": question.step, "value": value})
        return 0

    return with_perdure(work, output, worker="always")


def migrate(run_id: str, named: str, *, as_json: bool) -> int:
    """Let a flow that waits go on with another definition."""
    output = Output(as_json=as_json)
    settings = Settings.load()
    found = definition(named, settings)

    async def work(perdure: Perdure, _: Place) -> int:
        await (await perdure.get_flow(run_id)).migrate(found, app=settings.app)
        output.text(f"{run_id}: goes on with {found.name} {found.version}")
        output.json({"run_id": run_id, "flow": found.name, "version": found.version})
        return 0

    return with_perdure(work, output, worker="always")


async def _show(flow: FlowRunHandle, output: Output) -> int:
    asked = (await flow.view()).questions
    for question in asked:
        print_question(question, flow.id, output)
    if not asked:
        output.text("nothing is asked")
    output.json([question.model_dump(mode="json") for question in asked])
    return 0


def _value(argument: str, question: Question) -> Any:
    """What was typed, as the question wants it: text needs no quotes where text is asked for."""
    source = values.text(argument, what="the answer")
    if question.json_schema.get("type") == "string":
        return _text(source)
    if "enum" in question.json_schema and source in question.json_schema["enum"]:
        return source
    return values.json_or_text(source)


def _text(source: str) -> str:
    quoted = source.strip()
    if quoted.startswith('"') and quoted.endswith('"'):
        try:
            return str(json.loads(quoted))
        except ValueError:
            return source
    return source
