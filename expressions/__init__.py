"""Conditions and values in a documented subset of CEL: checked before anything runs, evaluated in activities."""
