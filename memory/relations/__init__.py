"""Relations between memories and what they name: pure, so that the same ledger always gives the same graph."""

from __future__ import annotations
