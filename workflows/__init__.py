"""Deterministic code: no I/O, no clock, no random, no driver."""
