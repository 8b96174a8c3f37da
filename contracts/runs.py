"""What a run is asked, what it says while it runs and what it returns."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from contracts.base import Contract
from contracts.events import Event
from contracts.memories import MemoryScope
from contracts.remembering import MemoryPolicy, MemoryUse
from contracts.state import DEFAULT_TENANT, MAIN, Name

MAX_TASK_BYTES = 200 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,199}")


def checked_run_id(value: str) -> str:
    """Return the id of a run or flow.

    Raises:
        ValueError: it is not 1 to 200 letters, digits or . _ : -, beginning with one of the first two.
    """
    if not _RUN_ID.fullmatch(value):
        raise ValueError(
            f"run id {value!r} must be 1 to 200 letters, digits or . _ : - and begin with one of the first two"
        )
    return value


class Budget(Contract):
    """Limits of one run, counted over all its agents. None means: no limit.

    Each is reserved before a call is made, so that parallel agents cannot overspend together. A spent budget ends the
    run with the stop reason "budget" and what it has so far.
    """

    turns: int | None = Field(default=None, ge=1, description="Turns of agents.")
    model_calls: int | None = Field(default=None, ge=1, description="Calls of any model.")
    tokens: int | None = Field(default=None, ge=1, description="Prompt and completion tokens together.")
    usd: float | None = Field(default=None, gt=0, description="US dollars, by the price table.")
    wall_seconds: float | None = Field(default=None, gt=0, description="Seconds from the start of the run.")
    tool_calls_per_turn: int | None = Field(default=None, ge=1, description="Tool calls in one turn of one agent.")


class Scope(Contract):
    """Whom the run is for."""

    user: str | None = Field(default=None, max_length=200, description="The person the run serves.")
    session: str | None = Field(default=None, max_length=200, description="The conversation the run belongs to.")

    @property
    def is_somebody(self) -> bool:
        """Whether it names a user or session who can be told from others, so that memories can be kept for them."""
        try:
            return bool(MemoryScope(user=self.user, session=self.session).key)
        except ValidationError:
            return False


class RunRequest(Contract):
    """The one argument of the workflow `AgentRun`.

    Exactly one of `team` (a registered name) and `component` (AutoGen's component JSON) describes who converses; with a
    component, `team` is only its label.
    """

    run_id: str
    team: str = Field(min_length=1, max_length=200)
    task: str
    component: dict[str, Any] | None = None
    model: str | None = Field(default=None, description="Model used instead of the default one.")
    scope: Scope = Scope()
    budget: Budget = Budget()
    files: str | None = Field(default=None, description="Absolute folder that file tools may read.")
    tenant: Name = DEFAULT_TENANT
    branch: Name = Field(default=MAIN, description="Branch of the state store that the run belongs to.")
    memory: MemoryPolicy | None = Field(default=None, description="How memory is used; None: not at all.")
    carried: Carried | None = Field(default=None, description="Set by continue-as-new only.")

    @field_validator("run_id")
    @classmethod
    def _run_id_is_plain(cls, value: str) -> str:
        return checked_run_id(value)

    @field_validator("task")
    @classmethod
    def _task_is_text(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the task is empty: say what the team is to do")
        if found := _CONTROL.search(value):
            raise ValueError(
                f"the task holds the control character {found.group()!r} at position {found.start()}: remove it"
            )
        if (size := len(value.encode())) > MAX_TASK_BYTES:
            raise ValueError(
                f"the task is {size:,} bytes, at most {MAX_TASK_BYTES:,} are allowed: put the material into files and"
                " name their folder"
            )
        return value


class Usage(Contract):
    """What a run has used so far. `usd` counts only models that have a price; `unpriced_calls` are those without."""

    turns: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    usd: float = 0.0
    unpriced_calls: int = 0


EntryKind = Literal["message", "tool_call", "tool_result", "thought", "event"]


class TranscriptEntry(Contract):
    """One thing that happened in the conversation, in order.

    `index` counts from 0 over the whole run, continue-as-new included; `turn` from 1. Live events are these entries.
    `sequence` is the latest one of the state store that the run knew of by then: what was written later has a higher
    one. None where the worker has no state store, and in runs of earlier versions.
    """

    index: int
    turn: int
    kind: EntryKind
    source: str
    text: str
    tool: str | None = None
    failed: bool = False
    sequence: int | None = None


class TranscriptPage(Contract):
    """Some entries of the transcript and what is needed to ask for more."""

    entries: tuple[TranscriptEntry, ...]
    usage: Usage
    closed: bool = False


StopReason = Literal["finished", "budget"]


class RunResult(Contract):
    """What a run returns. `detail` is the team's own word on why it stopped (AutoGen's `stop_reason`)."""

    run_id: str
    team: str
    answer: str
    stop_reason: StopReason
    detail: str | None = None
    usage: Usage = Usage()
    real_model: bool = Field(default=True, description="False when the scripted model answered.")
    memory: MemoryUse | None = Field(default=None, description="What was remembered before and learned after.")


class Carried(Contract):
    """What continue-as-new hands on: everything that is not in the checkpoint's text."""

    checkpoint: str = Field(description="Id of the stored checkpoint that holds the team's state.")
    pages: int = Field(ge=1, description="Pages of 256 KiB at most that the checkpoint is read in.")
    counters: dict[str, int] = {}
    usage: Usage = Usage()
    entries: int = Field(default=0, description="Transcript entries before this part of the run.")
    started: float = Field(description="Start of the first part, seconds since the epoch.")
    since: int | None = Field(default=None, description="Sequence of the state store when the run started.")
    sequence: int | None = Field(default=None, description="The latest sequence that the run knows of.")
    late: tuple[Event, ...] = Field(default=(), description="Events that came while the checkpoint was stored.")
    executions: tuple[str, ...] = Field(
        default=(), description="Temporal's run ids of the parts before this one, where the run has a memory."
    )


RunRequest.model_rebuild()
