"""How memories are found: indexes in the process, questions, and ranking. Pure: no I/O, no clock."""

from __future__ import annotations
