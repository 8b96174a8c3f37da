"""The long teams as an app, for PERDURE_APP: the name says the kind and the turns, as `two-60`."""

from __future__ import annotations

from agents import team
from tests.support.chaos_teams import KINDS, lasting

LENGTHS = (12, 16, 20, 30, 40, 60, 100, 200, 700, 1500)

for _kind in KINDS:
    for _turns in LENGTHS:
        team(f"{_kind}-{_turns}")(lasting(_kind, _turns))
