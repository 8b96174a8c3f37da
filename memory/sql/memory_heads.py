"""How far single scopes have changed: what lets a search pass over those that stayed as they were."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.memory_ports import View
from contracts.state import MAIN
from memory.sql.memory_reading import read_head
from memory.sql.reading import fetch_alone

# Each is answered by the end of an index. What is shared with a scope changes where it is kept.
_OWN = "(SELECT max(changed_seq) FROM memories WHERE tenant = :tenant AND scope = :s{n} AND branch = :branch)"
_GRANTED = (
    "(SELECT max(m.changed_seq) FROM memory_grants g JOIN memories m ON m.tenant = g.tenant AND m.id = g.id"
    " WHERE g.tenant = :tenant AND g.scope = :s{n})"
)
# From one scope to the next by the index, however many memories each holds.
_SCOPES = """
WITH RECURSIVE found(scope) AS (
    SELECT min(scope) FROM memories WHERE tenant = :tenant
    UNION ALL
    SELECT (SELECT min(m.scope) FROM memories m WHERE m.tenant = :tenant AND m.scope > found.scope)
    FROM found WHERE found.scope IS NOT NULL
)
SELECT scope FROM found WHERE scope IS NOT NULL
"""


async def read_scopes(connection: AsyncConnection, tenant: str) -> Sequence[str]:
    """See `MemoryLedger.scopes`."""
    return [row[0] for row in await fetch_alone(connection, _SCOPES, {"tenant": tenant})]


async def read_view_heads(connection: AsyncConnection, views: Sequence[View]) -> Sequence[int]:
    """See `MemoryLedger.heads`."""
    tenant, branch = views[0].tenant, views[0].branch
    if branch != MAIN or any(view.as_of is not None for view in views):
        return [await read_head(connection, tenant)] * len(views)
    columns = ", ".join(part.format(n=number) for number in range(len(views)) for part in (_OWN, _GRANTED))
    scopes = {f"s{number}": view.scope for number, view in enumerate(views)}
    (row,) = await fetch_alone(connection, f"SELECT {columns}", {"tenant": tenant, "branch": branch, **scopes})
    return [max(own or 0, granted or 0) for own, granted in zip(row[::2], row[1::2], strict=True)]
