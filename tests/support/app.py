"""The test teams and tools as an app, for PERDURE_APP."""

from __future__ import annotations

from agents import team, tool
from tests.support.teams import TEAMS
from tests.support.toolbox import TOOLBOX

for _name, _factory in TEAMS.items():
    team(_name, version="1")(_factory)

for _function in TOOLBOX.values():
    tool(_function)
