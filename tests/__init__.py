"""Tests of Perdure, outermost first: integration, then workflows, then units."""
