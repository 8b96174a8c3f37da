"""Memories as rows, and what commits make of them: pure Python, the same for every database."""

from __future__ import annotations
