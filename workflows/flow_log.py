"""Where a flow went, for people: the query `view`, and the details that the Temporal UI shows."""

from __future__ import annotations

from collections import deque

from temporalio import workflow

from contracts.decisions import Decision
from contracts.flows import FlowRequest, FlowView, Question, VisitedStep
from contracts.runs import Usage
from workflows.failures import Failure

# Of long loops the last steps are kept.
_MOST_STEPS = 500
_MOST_VIEW_BYTES = 512 * 1024
_MOST_LINES = 100
_MOST_LINE = 600


class FlowLog:
    """The steps of this history.

    Args:
        request: the flow's request.
        done: steps before this history.
    """

    def __init__(self, request: FlowRequest, *, done: int) -> None:
        self._title = f"**{request.flow.name}** {request.flow.version}"
        self._index = done
        self._steps: deque[VisitedStep] = deque(maxlen=_MOST_STEPS)
        self._lines: deque[str] = deque(maxlen=_MOST_LINES)
        self._under_way: VisitedStep | None = None

    def begin(self, step: str, *, visit: int, kind: str) -> None:
        """A step begins."""
        self._index += 1
        self._under_way = VisitedStep(index=self._index, step=step, visit=visit, kind=kind, outcome="running")
        self._show(f"{self._index}. `{step}` ({kind}) …")

    def decided(self, decision: Decision) -> None:
        """The step under way has decided."""
        if self._under_way is not None:
            self._under_way = self._under_way.model_copy(update={"decision": decision})

    def end(self, *, to: str | None, failure: Failure | None = None, skipped: bool = False) -> None:
        """The step under way has ended."""
        if self._under_way is None:
            return
        error = None if failure is None else str(failure)
        outcome = "skipped" if skipped else "done" if failure is None else "failed"
        ended = self._under_way.model_copy(update={"outcome": outcome, "to": to, "error": error})
        self._under_way = None
        self._steps.append(ended)
        self._lines.append(_line(ended))
        self._show("")

    def view(
        self, *, questions: tuple[Question, ...], waiting_for: tuple[str, ...], usage: Usage, closed: bool
    ) -> FlowView:
        """Where the flow stands; of the steps the last ones, 512 KiB at most."""
        steps: deque[VisitedStep] = deque()
        left = _MOST_VIEW_BYTES
        for step in reversed([*self._steps, *([self._under_way] if self._under_way else [])]):
            left -= len(step.model_dump_json())
            if left < 0 and steps:
                break
            steps.appendleft(step)
        position = self._under_way.step if self._under_way else None
        return FlowView(
            position=position,
            steps=tuple(steps),
            questions=questions,
            waiting_for=waiting_for,
            usage=usage,
            closed=closed,
        )

    def _show(self, now: str) -> None:
        workflow.set_current_details("\n".join([self._title, "", *self._lines, now]))


def _line(step: VisitedStep) -> str:
    text = f"{step.index}. `{step.step}` ({step.kind}) {step.outcome}"
    if step.to is not None:
        text += f" → `{step.to}`"
    if step.decision is not None:
        text += f": {step.decision.reason}"
    if step.error is not None:
        text += f": {step.error}"
    return " ".join(text.split())[:_MOST_LINE]
