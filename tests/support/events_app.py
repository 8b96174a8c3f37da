"""A flow that costs next to nothing, as an app for PERDURE_APP."""

from __future__ import annotations

from contracts.flows import Flow
from flows.registry import register_flow

register_flow(
    Flow.model_validate(
        {
            "name": "tiny",
            "input": {"type": "object", "properties": {"of": {"type": "string"}}, "required": ["of"]},
            "start": "rest",
            "steps": {"rest": {"wait": {"duration": "1ms"}, "next": "end"}},
            "output": "${input.of}",
        }
    )
)
