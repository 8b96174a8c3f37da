"""Definitions of flows for tests."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from contracts.flows import Flow

# One step of every kind, everything reached, everything with its end.
EVERY_KIND = """\
name: everything
version: "1"
description: One step of every kind.
input:
  type: object
  properties:
    ticket: {type: string}
    sources: {type: array, items: {type: object, properties: {url: {type: string}}}}
  required: [ticket]
documents:
  ticket:
    namespace: tickets
    key: ${input.ticket}
    json_schema:
      type: object
      properties:
        status: {type: string, enum: [new, answered]}
        confidence: {type: number}
  source: {namespace: sources, key: "${item.url}"}
start: triage
steps:
  triage:
    team:
      name: triage
      task: Triage ${input.ticket}
      answer_schema: {type: object, properties: {ok: {type: boolean}}}
    on_error: person
    compensate: {call: {tool: forget, arguments: {answer: "${steps.triage.output.answer}"}}}
    next: decide
  decide:
    branch:
      cases:
        - when: ticket.confidence >= 0.8 && steps.triage.output.value.ok
          to: write
      else: person
  write:
    set:
      write: [{document: ticket, patch: {status: answered}}]
    next: later
  later:
    wait: {until: ticket.status == "answered", timeout: 2d, on_timeout: person}
    next: happened
  happened:
    wait: {event: {type: ticket.seen, when: event.subject == input.ticket}}
    next: each
  each:
    map:
      over: ${input.sources}
      do: {set: {write: [{document: source, put: {place: "${index}", url: "${item.url}"}}]}}
    next: both
  both:
    parallel: {do: {one: {call: {tool: look}}, two: {emit: {type: two}}}}
    next: tell
  tell:
    emit: {type: told, data: {id: "${steps.both.output.two.id}"}}
    next: child
  child:
    flow: {name: other, input: {ticket: "${input.ticket}"}}
    next: look
  look:
    call: {tool: look, arguments: {note: "${steps.person.output.note}"}}
    next: end
  person:
    ask: {question: "What of ${input.ticket}?", json_schema: {enum: [again, enough]}, deadline: 3d, on_deadline: end}
    most_visits: 3
    beyond: end
    next: again
  again:
    branch:
      cases: [{when: 'steps.person.output.value == "again"', to: triage}]
      else: look
output: ${steps.person.visits}
"""


def flow_of(steps: Mapping[str, Any], **more: Any) -> Flow:
    """A flow of these steps that begins with the first one."""
    return Flow.model_validate({"name": "tested", "start": next(iter(steps)), "steps": steps, **more})


def text_of(steps: str, *, head: str = "") -> str:
    """The YAML of a flow that begins with its step `a`; the steps begin in line 4, or below what `head` adds."""
    return f"name: tested\nstart: a\n{textwrap.dedent(head)}steps:\n{textwrap.indent(textwrap.dedent(steps), '  ')}"
