"""The tables of the state store, their migrations, and the named statements of the hot paths."""

from __future__ import annotations
