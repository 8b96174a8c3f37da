"""Steps of a flow as lines for people and as JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from contracts.flows import FlowResult, Question, VisitedStep
from perdure.cli.documents import pretty
from perdure.cli.output import Output
from perdure.cli.turns import usage_line, usage_object
from perdure.flow_run import FlowRunHandle

_PAUSE_SECONDS = 0.2
_STYLES = {"done": "green", "failed": "red", "skipped": "yellow", "running": "dim"}


class StepPrinter:
    """Prints the steps of a flow, each once when it has ended, and what is asked."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._shown = 0
        self._asked: set[tuple[str, int]] = set()
        self.steps: list[VisitedStep] = []

    async def follow(self, flow: FlowRunHandle) -> None:
        """Print steps as they end, until the flow has ended. How it ended is told by `FlowRunHandle.result`."""
        ended = asyncio.create_task(flow.result())
        try:
            while not ended.done():
                await self._show(flow)
                await asyncio.wait([ended], timeout=_PAUSE_SECONDS)
            await self._show(flow)
        finally:
            ended.cancel()
            await asyncio.gather(ended, return_exceptions=True)

    async def _show(self, flow: FlowRunHandle) -> None:
        view = await flow.view()
        for step in view.steps:
            if step.index > self._shown and step.outcome != "running":
                self.print(step)
        for question in view.questions:
            if (question.step, question.visit) not in self._asked:
                self._asked.add((question.step, question.visit))
                print_question(question, flow.id, self._output)
        waits = f", waits for {', '.join(view.waiting_for)}" if view.waiting_for else ""
        self._output.progress(f"at {view.position or 'the end'}{waits}")

    def print(self, step: VisitedStep) -> None:
        """Print one step and keep it. Steps that were too many to be told are counted."""
        if step.index > self._shown + 1:
            self._output.text(f"… {step.index - self._shown - 1:,} steps", style="dim")
        self._shown = step.index
        self.steps.append(step)
        self._output.text(step_line(step), style=_STYLES[step.outcome])
        if step.decision is not None:
            self._output.text(f"    {step.decision.reason}", style="dim")


def step_line(step: VisitedStep) -> str:
    """A step in one line."""
    visit = f" (visit {step.visit})" if step.visit > 1 else ""
    to = f" → {step.to}" if step.to is not None else ""
    error = f": {step.error}" if step.error is not None else ""
    return f"{step.index}. {step.step}{visit} · {step.kind} {step.outcome}{to}{error}"


def print_question(question: Question, run_id: str, output: Output) -> None:
    """Print what a person is asked, and how to answer."""
    of = f" {', '.join(question.of)}" if question.of else ""
    output.text(f"? {question.step} asks{of}: {question.question}", style="bold")
    output.text(f"    an answer must fit {json.dumps(question.json_schema, ensure_ascii=False)}", style="dim")
    output.text(f"    perdure answer {run_id} {question.step} VALUE", style="dim")


def print_result(result: FlowResult, output: Output) -> None:
    """Print what a flow returned."""
    output.text("Output", style="bold")
    output.text(f"{pretty(result.output)}\n")
    count = f"{result.steps:,} step{'' if result.steps == 1 else 's'}"
    output.text(f"ended after {result.ended} · {count} · {usage_line(result.usage)}", style="dim")


def result_object(result: FlowResult) -> dict[str, Any]:
    """What a flow returned, as JSON."""
    return {
        "run_id": result.run_id,
        "status": "completed",
        "flow": result.flow,
        "version": result.version,
        "output": result.output,
        "ended": result.ended,
        "steps": result.steps,
        "usage": usage_object(result.usage),
    }


def steps_object(steps: list[VisitedStep]) -> list[dict[str, Any]]:
    """Steps as JSON."""
    return [step.model_dump(mode="json") for step in steps]
