"""What a batch of commands changes: pure, and the same on every database."""

from __future__ import annotations
