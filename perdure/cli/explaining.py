"""`perdure explain`: every decision of a flow, with what it saw."""

from __future__ import annotations

from collections.abc import Iterable

from contracts.decisions import Case, Decision, SeenDocument
from perdure.cli.documents import compact
from perdure.cli.looking import with_perdure
from perdure.cli.output import Output
from perdure.client import Perdure
from perdure.descriptions import FlowDescription
from perdure.place import Place

_MARKS = {"true": "✓", "false": "✗", "error": "!", "not reached": "·"}


def explain(run_id: str, *, step: str | None, as_json: bool) -> int:
    """Say why a flow went the way it went."""
    output = Output(as_json=as_json)

    async def tell(perdure: Perdure, _: Place) -> int:
        flow = await perdure.get_flow(run_id)
        seen = await flow.describe()
        decisions = [found for found in await flow.decisions() if step in (None, found.step)]
        _print_head(seen, decisions, output)
        for number, decision in enumerate(decisions, 1):
            _print_decision(number, decision, output)
        output.json(
            {
                "run_id": run_id,
                "flow": seen.flow,
                "version": seen.version,
                "status": seen.status,
                "decisions": [decision.model_dump(mode="json") for decision in decisions],
            }
        )
        return 0

    return with_perdure(tell, output)


def _print_head(seen: FlowDescription, decisions: list[Decision], output: Output) -> None:
    count = f"{len(decisions):,} decision{'' if len(decisions) == 1 else 's'}"
    output.text(f"flow {seen.flow} {seen.version} · {seen.status} · {count}", style="bold")
    output.text(f"input {compact(seen.input)}")
    if seen.failure:
        output.text(f"{seen.failure.kind}: {seen.failure.message}", style="red")


def _print_decision(number: int, decision: Decision, output: Output) -> None:
    visit = f", visit {decision.visit}" if decision.visit > 1 else ""
    taken = decision.taken if decision.taken is not None else "nowhere"
    output.text(f"\n{number}. {decision.step}{visit} → {taken}", style="bold")
    if decision.reason:
        output.text(f"   {decision.reason}")
    _print_list(f"It read, at sequence {decision.sequence}:", map(_seen, decision.documents), output)
    _print_list("It saw:", (f"{path} = {compact(value)}" for path, value in decision.values.items()), output)
    _print_list("It asked, in this order:", map(_asked, decision.cases), output)
    if decision.error:
        output.text(f"   {decision.error}", style="red")


def _print_list(heading: str, lines: Iterable[str], output: Output) -> None:
    for number, line in enumerate(lines):
        if number == 0:
            output.text(f"   {heading}")
        output.text(f"     {line}")


def _asked(case: Case) -> str:
    error = f": {case.error}" if case.error else ""
    return f"{_MARKS[case.outcome]} {case.when} → {case.to} ({case.outcome}{error})"


def _seen(document: SeenDocument) -> str:
    version = "which is not there" if document.version is None else f"version {document.version}"
    return f"{document.name}: {document.namespace}/{document.key}, {version}"
