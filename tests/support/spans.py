"""A tracer that notes the names of spans, on OpenTelemetry's interface."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from opentelemetry.trace import INVALID_SPAN, Span, Tracer, TracerProvider
from opentelemetry.util._decorator import _agnosticcontextmanager


class RecordingTracer(Tracer):
    """Notes each span that is begun."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def start_span(self, name: str, *args: Any, **kwargs: Any) -> Span:
        """Note it."""
        self._names.append(name)
        return INVALID_SPAN

    @_agnosticcontextmanager
    def start_as_current_span(self, name: str, *args: Any, **kwargs: Any) -> Iterator[Span]:
        """Note it."""
        yield self.start_span(name)


class RecordingProvider(TracerProvider):
    """Hands out tracers that note into one list.

    Attributes:
        names: of all spans so far.
    """

    def __init__(self) -> None:
        self.names: list[str] = []

    def get_tracer(self, *args: Any, **kwargs: Any) -> Tracer:
        """A tracer, whoever asks."""
        return RecordingTracer(self.names)
