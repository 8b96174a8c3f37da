"""An app for tests of the command line: the test teams, and those for what goes wrong."""

from __future__ import annotations

import tests.support.app
import tests.support.odd_teams  # noqa: F401
