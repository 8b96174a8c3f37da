"""What memories are brought in from, and taken out as: chat logs, JSON, and archives that lose nothing."""

from __future__ import annotations
