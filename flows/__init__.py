"""Definitions of flows: read, built, checked, drawn, tried out."""
