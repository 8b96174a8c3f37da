"""Whose texts an activity keeps: a conversation is called like its run."""

from __future__ import annotations

from temporalio import activity


def conversation_id() -> str:
    """The workflow id of the activity under way."""
    return activity.info().workflow_id or ""
