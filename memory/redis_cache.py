"""Current documents in Redis, in front of the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from contracts.state import Document, Place
from memory.redis_connection import RedisConnection

# The sequence stands in front of the document, so that an older one never replaces a later one, whoever comes last.
_KEEP = """
local kept = tonumber(string.match(redis.call('GETRANGE', KEYS[1], 0, 19), '^%d+'))
if kept and kept > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. ARGV[2], 'PX', ARGV[3])
return 1
"""


class RedisStateCache:
    """Keeps each document for as long as it may be stale.

    Args:
        connection: the server.
        stale: how old an answer may be.
        prefix: what all keys begin with; two databases on one server need two.
    """

    def __init__(self, connection: RedisConnection, *, stale: timedelta, prefix: str = "perdure") -> None:
        self._connection = connection
        self._milliseconds = max(1, round(stale.total_seconds() * 1000))
        self._prefix = prefix
        self._keep = connection.client.register_script(_KEEP)

    async def get(self, place: Place) -> tuple[bool, Document | None]:
        """See `StateCache.get`."""
        key = self._key(place)
        kept: Any = await self._connection.ask(lambda client: client.get(key), otherwise=None)
        if kept is None:
            return False, None
        _, _, document = kept.partition(b" ")
        return True, Document.model_validate_json(document) if document else None

    async def keep(self, place: Place, document: Document | None) -> None:
        """See `StateCache.keep`."""
        # What is not there has no sequence: it replaces nothing that is.
        sequence, text = (0, "") if document is None else (document.sequence, document.model_dump_json())
        key, arguments = self._key(place), (sequence, text, self._milliseconds)
        await self._connection.ask(lambda client: self._keep((key,), arguments, client=client), otherwise=None)

    def _key(self, place: Place) -> str:
        return f"{self._prefix}:state:1:{place.tenant}:{place.branch}:{place.namespace}:{place.key}"
