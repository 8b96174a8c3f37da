"""Alembic's migrations of the state store, as data of the package."""

from __future__ import annotations
