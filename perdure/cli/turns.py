"""A conversation as lines for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from contracts.runs import TranscriptEntry, Usage
from perdure.cli.output import Output
from perdure.run import Run

_COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "red")
_DETAIL_CHARACTERS = 200


class TurnPrinter:
    """Prints entries of a conversation, each speaker in a colour of its own, and keeps them."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._colours: dict[str, str] = {}
        self.entries: list[TranscriptEntry] = []

    async def follow(self, run: Run) -> None:
        """Print what is said in a run as it is said, until the run has ended."""
        async for entry in run.events():
            self.print(entry)
            self._output.progress(_progress(entry))

    def print(self, entry: TranscriptEntry) -> None:
        """Print one entry and keep it."""
        self.entries.append(entry)
        if entry.kind == "message":
            self._output.said(entry.source, entry.text, style=f"bold {self._colour(entry.source)}")
        else:
            self._output.text(_detail(entry), style="dim")

    def _colour(self, source: str) -> str:
        return self._colours.setdefault(source, _COLOURS[len(self._colours) % len(_COLOURS)])


def usage_line(usage: Usage) -> str:
    """What a run has used, in one line."""
    tokens = f"{usage.prompt_tokens:,} + {usage.completion_tokens:,} tokens"
    calls = f"{_count(usage.model_calls, 'model call')}, {_count(usage.tool_calls, 'tool call')}"
    unpriced = f" and {_count(usage.unpriced_calls, 'call')} without a price" if usage.unpriced_calls else ""
    return f"{calls}, {tokens}, ${usage.usd:.4f}{unpriced}"


def usage_object(usage: Usage) -> dict[str, float]:
    """What a run has used, as JSON."""
    return {
        "model_calls": usage.model_calls,
        "tool_calls": usage.tool_calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "usd": usage.usd,
    }


def transcript_object(entries: Iterable[TranscriptEntry]) -> list[dict[str, Any]]:
    """The messages of a conversation, as JSON."""
    return [{"source": entry.source, "text": entry.text} for entry in entries if entry.kind == "message"]


def _detail(entry: TranscriptEntry) -> str:
    text = " ".join(entry.text.split())
    shown = text if len(text) <= _DETAIL_CHARACTERS else f"{text[:_DETAIL_CHARACTERS]}…"
    if entry.kind == "tool_call":
        return f"  {entry.source} calls {entry.tool} {shown}"
    if entry.kind == "tool_result":
        return f"  {entry.tool} {'failed' if entry.failed else 'returned'}: {shown}"
    return f"  {entry.source} ({entry.kind}): {shown}"


def _progress(entry: TranscriptEntry) -> str:
    if entry.kind == "tool_call":
        return f"turn {entry.turn}: {entry.source} waits for {entry.tool}"
    if entry.kind == "message" and entry.turn:
        return f"turn {entry.turn} done: the next agent is asked"
    return f"turn {entry.turn}: {entry.source} thinks" if entry.turn else "the first agent is asked"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
