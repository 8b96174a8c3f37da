"""Lists of runs and flows, as Temporal's visibility has them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from temporalio.client import Client

from perdure import inspection
from perdure.connection import OUR_WORKFLOWS, RPC_TIMEOUT, answering
from perdure.descriptions import RunSummary

# The parts of a long run but the last are left out.
_ALL_RUNS = f"{OUR_WORKFLOWS} AND ExecutionStatus != 'ContinuedAsNew'"


async def runs(
    client: Client, wanted: Mapping[str, str | None], *, limit: int, known: frozenset[str]
) -> AsyncGenerator[RunSummary, None]:
    """Yield runs and flows, the latest first.

    Args:
        client: connection to Temporal.
        wanted: what team, flow, user and session must be; None is any.
        limit: how many at most.
        known: the search attributes that the server knows.

    Raises:
        BackendUnavailable: Temporal does not answer.
    """
    async with answering(client):
        async for execution in client.list_workflows(_query(wanted, known=known), rpc_timeout=RPC_TIMEOUT):
            summary = await inspection.summary(execution)
            if any(value is not None and getattr(summary, name) != value for name, value in wanted.items()):
                continue
            yield summary
            limit -= 1
            if limit <= 0:
                return


def _query(wanted: Mapping[str, str | None], *, known: frozenset[str]) -> str:
    """Let the server filter by what it knows; values that its language would misread are left to the caller."""
    named = {f"Perdure{name.capitalize()}": value for name, value in wanted.items()}
    parts = [
        f"{name} = '{value}'"
        for name, value in named.items()
        if value is not None and name in known and not set(value) & set("'\\")
    ]
    return " AND ".join([_ALL_RUNS, *parts])
