"""Decides which way to go, and keeps the evidence: what was seen, what each case said, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.decisions import Case, Decision, SeenDocument
from contracts.errors import ExpressionFailed, InvalidExpression
from contracts.flows import END, BranchCase
from expressions import evaluator, paths

_NONE = Case(when="false", outcome="false", to=END)


def decide(
    step: str,
    cases: Iterable[BranchCase],
    otherwise: str,
    bindings: Mapping[str, Any],
    *,
    seen: Iterable[SeenDocument] = (),
    sequence: int = 0,
    visit: int = 1,
    on_error: str | None = None,
) -> Decision:
    """Return which case is taken: the first that is true, else `otherwise`. Later ones are not evaluated.

    A case that cannot be evaluated counts neither as true nor as false: `on_error` is taken, or without it nothing,
    and `error` says why.

    Args:
        step: its name.
        cases: in their order.
        otherwise: where to go if none is true.
        bindings: values by name.
        seen: the documents that were read.
        sequence: of the state store, at which they were read.
        visit: how often the step was executed, from 1.
        on_error: where to go if a case cannot be evaluated.
    """
    records, values = _records(cases, bindings)
    # Without cases, nothing is true.
    last = next((record for record in reversed(records) if record.outcome != "not reached"), _NONE)
    ways = {
        "true": (last.to, f"{last.when} was true{_spoken(_values(last.when, bindings))}"),
        "error": (on_error, f"{last.when} could not be evaluated"),
        "false": (otherwise, f"no case was true{_spoken(values)}"),
    }
    taken, reason = ways[last.outcome]
    return Decision(
        step=step,
        visit=visit,
        sequence=sequence,
        documents=tuple(seen),
        values=values,
        cases=records,
        taken=taken,
        reason=reason,
        error=last.error if on_error is None else None,
    )


def _records(cases: Iterable[BranchCase], bindings: Mapping[str, Any]) -> tuple[tuple[Case, ...], dict[str, Any]]:
    records: list[Case] = []
    values: dict[str, Any] = {}
    for case in cases:
        if records and records[-1].outcome != "false":
            records.append(Case(when=case.when, outcome="not reached", to=case.to))
            continue
        records.append(_record(case, bindings))
        values |= _values(case.when, bindings)
    return tuple(records), values


def _record(case: BranchCase, bindings: Mapping[str, Any]) -> Case:
    try:
        holds = evaluator.condition(case.when, bindings)
    except (ExpressionFailed, InvalidExpression) as error:
        return Case(when=case.when, outcome="error", error=str(error), to=case.to)
    return Case(when=case.when, outcome="true" if holds else "false", to=case.to)


def _values(when: str, bindings: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return evaluator.values(when, bindings)
    except InvalidExpression:
        return {}


def _spoken(values: Mapping[str, Any]) -> str:
    said = ", ".join(f"{path} = {paths.as_text(paths.shortened(value, most=60))}" for path, value in values.items())
    return f" ({paths.shortened(said, most=400)})" if said else ""
