"""Checks a definition as a whole before it can run, and tells everything that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from contracts.flows import Flow
from flows.expression_checks import expression_faults
from flows.faults import Fault
from flows.graph_checks import graph_faults
from flows.name_checks import (
    child_faults,
    document_faults,
    fixed_name_faults,
    registered_faults,
    reserved_faults,
)
from flows.sources import Source, refuse
from flows.value_checks import misfit_faults, schema_faults, size_faults, value_faults


def check(
    flow: Flow,
    *,
    others: Mapping[str, Flow] | None = None,
    teams: Collection[str] | None = None,
    tools: Collection[str] | None = None,
    source: Source | None = None,
) -> None:
    """Refuse a flow that could not run.

    Args:
        flow: the definition.
        others: all flows that it can run as children, by name; None: they are not known yet.
        teams: names of all teams; None: they are not known yet.
        tools: names of all tools; None: they are not known yet.
        source: the text it was read from, so that faults carry file, line and column.

    Raises:
        InvalidFlow: with all faults, one line each.
    """
    faults = _faults(flow)
    faults += registered_faults(flow, teams=teams, tools=tools)
    if others is not None:
        faults += child_faults(flow, others)
    refuse(flow.name, faults, source)


def _faults(flow: Flow) -> list[Fault]:
    schemas = list(schema_faults(flow))
    misfits = [] if schemas else list(misfit_faults(flow))
    return [
        *size_faults(flow),
        *reserved_faults(flow),
        *graph_faults(flow),
        *document_faults(flow),
        *fixed_name_faults(flow),
        *schemas,
        *misfits,
        *value_faults(flow),
        *expression_faults(flow, typed=not schemas),
    ]
