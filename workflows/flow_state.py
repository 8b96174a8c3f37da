"""All that a flow knows while it runs, and what of it goes into a new history."""

from __future__ import annotations

import json
from typing import Any

from temporalio import workflow

from contracts.errors import PayloadTooLarge
from contracts.flows import Compensation, FlowCarried, FlowRequest, Paused, StepOutcome
from contracts.runs import Usage
from workflows import references
from workflows.failures import Failure

MAX_OUTPUT_BYTES = 64 * 1024
MAX_OUTPUTS_BYTES = 192 * 1024
MAX_COMPENSATIONS_BYTES = 64 * 1024
_ADVICE = "write it into the state, and let the output say where"


class FlowState:
    """Where a flow stands: outcomes of steps as expressions see them, visits, what can be taken back.

    Args:
        request: the flow's request; what an earlier history handed on is in it.
    """

    def __init__(self, request: FlowRequest) -> None:
        carried = request.carried or FlowCarried(position=request.flow.start, started=workflow.time())
        self.position = carried.position
        self.ended = carried.ended
        self.steps: dict[str, Any] = {name: outcome.model_dump() for name, outcome in carried.outcomes.items()}
        self.visits = dict(carried.visits)
        self.compensations = list(carried.compensations)
        self.done = carried.done
        self.started = carried.started
        self.paused = carried.paused
        self.since = carried.since
        self.taken = dict(carried.taken)
        self._sizes = {name: size(outcome) for name, outcome in self.steps.items()}
        self._held = sum(size(compensation.bound) for compensation in self.compensations)

    def begin(self, step: str) -> int:
        """Count a visit and return its number, from 1; one that a history has interrupted is not counted again."""
        if self.paused is None:
            self.visits[step] = self.visits.get(step, 0) + 1
            self.done += 1
        return self.visits[step]

    def finish(self, step: str, output: Any) -> None:
        """Keep the output of a step in the place of an earlier one.

        Raises:
            PayloadTooLarge: it is over 64 KiB, or all outputs together are over 192 KiB.
        """
        outcome = {"output": output, "error": None, "visits": self.visits[step]}
        check_output(f"the output of step {step!r}", output)
        total = sum(held for name, held in self._sizes.items() if name != step) + size(outcome)
        if total > MAX_OUTPUTS_BYTES:
            raise PayloadTooLarge(
                f"all outputs together, with that of step {step!r},",
                size=total,
                limit=MAX_OUTPUTS_BYTES,
                advice=_ADVICE,
            )
        self._keep(step, outcome)

    def fail(self, step: str, failure: Failure) -> None:
        """Keep the error of a step in the place of its outcome."""
        self._keep(step, {"output": None, "error": str(failure), "visits": self.visits[step]})

    def remember(self, step: str, visit: int, expressions: list[str]) -> None:
        """Keep what a compensation refers to as it is now: later visits of the same steps have other outcomes.

        Raises:
            PayloadTooLarge: all that can be taken back is over 64 KiB.
        """
        named = references.steps(expressions)
        bound = {name: self.steps[name] for name in self.steps if named is None or name in named}
        self._held += size(bound)
        if self._held > MAX_COMPENSATIONS_BYTES:
            raise PayloadTooLarge(
                "what the compensations refer to",
                size=self._held,
                limit=MAX_COMPENSATIONS_BYTES,
                advice="compensate once, in a step after the loop",
            )
        self.compensations.append(Compensation(step=step, visit=visit, bound=bound))

    def carried(self, *, usage: Usage, events: list[dict[str, Any]], paused: Paused | None) -> FlowCarried:
        """What the next history begins with."""
        return FlowCarried(
            position=self.position,
            outcomes={name: StepOutcome(**outcome) for name, outcome in self.steps.items()},
            visits=self.visits,
            compensations=tuple(self.compensations),
            done=self.done,
            ended=self.ended,
            usage=usage,
            events=tuple(events),
            started=self.started,
            paused=paused,
            since=self.since,
            taken=self.taken,
        )

    def _keep(self, step: str, outcome: dict[str, Any]) -> None:
        self.steps[step] = outcome
        self._sizes[step] = size(outcome)


def check_output(what: str, output: Any) -> None:
    """Refuse an output that is too large to be handed from history to history.

    Raises:
        PayloadTooLarge: it is over 64 KiB.
    """
    if (found := size(output)) > MAX_OUTPUT_BYTES:
        raise PayloadTooLarge(what, size=found, limit=MAX_OUTPUT_BYTES, advice=_ADVICE)


def size(value: Any) -> int:
    """Bytes of a value as JSON."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass"))
