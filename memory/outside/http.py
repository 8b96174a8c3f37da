"""An HTTP endpoint as an outside source.

A URL with `{query}` in it is asked with GET, the query (and `{limit}`, where that stands in it) put in its place:
`https://wiki.example.org/search?q={query}&n={limit}`. Any other is asked with POST and the JSON body
`{"query": TEXT, "limit": NUMBER}`. The answer is JSON, a list or an object with the list `results`:

    {"results": [{"text": "…", "score": 0.8, "id": "17", "document": "https://…", "at": "2026-05-03T14:02:00Z"}]}

Only `text` must be there. `score` is from 0 to 1; where it is missing, the order counts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from contracts.base import Contract
from contracts.errors import BackendUnavailable, ConfigurationError
from contracts.memories import MAX_TEXT_BYTES, Caller, Memory, MemoryScope, MemorySource
from contracts.recall import Recalled
from contracts.state import Author
from contracts.texts import cut, sendable

MAX_ANSWER_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 3.0
_QUERY, _LIMIT = "{query}", "{limit}"
# Of hits without a score, the first counts so much.
_FIRST_SCORE = 0.6


class _Result(Contract):
    text: str = Field(min_length=1)
    score: float | None = None
    id: str | int | None = None
    document: str | None = None
    url: str | None = None
    at: AwareDatetime | None = None
    speaker: str | None = None
    tags: tuple[str, ...] = ()


class _Answer(Contract):
    results: tuple[_Result, ...]


_ANSWER: TypeAdapter[_Answer | tuple[_Result, ...]] = TypeAdapter(_Answer | tuple[_Result, ...])


class HttpSource:
    """See `OutsideSource`. Redirects are not followed, and who asks is not told to the endpoint."""

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        """Prepare it; nothing is asked yet.

        Args:
            url: http or https; user and password in it are sent as basic authentication.
            timeout_seconds: for the whole answer.

        Raises:
            ConfigurationError: it is no such URL.
        """
        self._template = url
        self._timeout = timeout_seconds
        self._place = _place(url)
        self._client: httpx.AsyncClient | None = None

    @property
    def name(self) -> str:
        """See `OutsideSource.name`. A password is not part of it."""
        return self._place

    async def search(self, text: str, *, limit: int, caller: Caller) -> tuple[Recalled, ...]:
        """See `OutsideSource.search`."""
        if not text.strip():
            return ()
        try:
            async with asyncio.timeout(self._timeout):
                content = await self._asked(sendable(text), limit=limit)
        except TimeoutError as error:
            raise self._away(f"no answer within {self._timeout:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._away(f"{type(error).__name__}: {error}") from error
        results = self._results(content)[:limit]
        return tuple(_recalled(one, place, source=self.name, caller=caller) for place, one in enumerate(results))

    async def close(self) -> None:
        """See `OutsideSource.close`."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _asked(self, text: str, *, limit: int) -> bytes:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._timeout, follow_redirects=False)
        async with self._client.stream(**self._request(text, limit=limit)) as answer:
            if answer.status_code != httpx.codes.OK:
                raise self._away(f"it answered {answer.status_code}")
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > MAX_ANSWER_BYTES:
                    raise self._away(f"its answer is larger than {MAX_ANSWER_BYTES:,} bytes")
            return content

    def _request(self, text: str, *, limit: int) -> dict[str, Any]:
        if _QUERY not in self._template:
            return {"method": "POST", "url": self._template, "json": {"query": text, "limit": limit}}
        url = self._template.replace(_QUERY, quote(text, safe="")).replace(_LIMIT, str(limit))
        return {"method": "GET", "url": url}

    def _results(self, content: bytes) -> Sequence[_Result]:
        try:
            answer = _ANSWER.validate_json(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise self._away(f"its answer is not as it should be ({where}: {first['msg']})") from error
        return answer.results if isinstance(answer, _Answer) else answer

    def _away(self, why: str) -> BackendUnavailable:
        return BackendUnavailable(f"the source {self._place} does not answer as it should: {why}")


def _place(url: str) -> str:
    try:
        found = httpx.URL(url.replace(_QUERY, "query").replace(_LIMIT, "10"))
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"the source {cut(url, 80)!r} is no URL: {error}") from error
    if found.scheme not in ("http", "https") or not found.host:
        raise ConfigurationError(f"the source with the scheme {found.scheme!r} must be http or https, and name a host")
    port = f":{found.port}" if found.port else ""
    return f"{found.scheme}://{found.host}{port}{found.path}"


def _recalled(result: _Result, place: int, *, source: str, caller: Caller) -> Recalled:
    text = sendable(result.text).encode()[:MAX_TEXT_BYTES].decode(errors="ignore")
    document = result.document or result.url or source
    key = f"{source}\n{result.id if result.id is not None else text}"
    read = datetime.now(UTC)
    memory = Memory(
        id=f"outside-{hashlib.sha256(key.encode(errors='replace')).hexdigest()[:24]}",
        tenant=caller.tenant,
        branch=caller.branch,
        scope=MemoryScope(),
        kind="semantic",
        text=text,
        speaker=result.speaker and sendable(result.speaker)[:200],
        tags=tuple(sendable(tag)[:100] for tag in result.tags[:32]),
        happened_at=result.at,
        source=MemorySource(document=sendable(document)[:1000]),
        version=1,
        sequence=0,
        created_at=result.at or read,
        written_at=result.at or read,
        author=Author(actor=source[:200]),
    )
    score = _FIRST_SCORE / (1 + place / 10) if result.score is None else min(max(result.score, 0.0), 1.0)
    return Recalled(memory=memory, score=score)
