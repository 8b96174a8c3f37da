"""The long teams as an app, for PERDURE_APP: the name says the kind and the turns, as `two-60`."""

from __future__ import annotations

from agents import model, team
from tests.support.chaos_client import RecordingClient
from tests.support.chaos_teams import KINDS, keep_talking_long, lasting

LENGTHS = (8, 12, 16, 20, 30, 40, 60, 70, 100, 200, 700, 760, 1500)

for _kind in KINDS:
    for _turns in LENGTHS:
        team(f"{_kind}-{_turns}")(lasting(_kind, _turns))


@model("recording")
def recording() -> RecordingClient:
    """Answers in one line, and notes what it saw."""
    return RecordingClient()


@model("recording-long")
def recording_long() -> RecordingClient:
    """Answers in 2 KB, and notes what it saw."""
    return RecordingClient(keep_talking_long)
