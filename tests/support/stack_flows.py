"""Flows for tests of the client and of the command line."""

from __future__ import annotations

from flows.loading import load
from flows.registry import register_flow

CHILD = """
name: note
description: Notes a number.
input: {type: object, properties: {n: {type: integer}}, required: [n]}
documents:
  noted: {namespace: notes, key: "${input.n}"}
start: write
steps:
  write: {set: {write: [{document: noted, put: {n: "${input.n}"}}], why: noted}, next: end}
output: "${steps.write.output}"
"""
APPROVAL = """
name: approval
version: "2"
description: Notes a number, and asks a person where it is large.
input: {type: object, properties: {n: {type: integer}}, required: [n]}
documents:
  noted:
    namespace: notes
    key: "${input.n}"
    json_schema: {type: object, properties: {n: {type: integer}}}
start: note
steps:
  note: {flow: {name: note, input: {n: "${input.n}"}}, next: decide}
  decide:
    branch: {cases: [{when: "noted.n > 5", to: ask}], else: tell}
  ask:
    ask: {question: "May ${input.n} pass?", of: ada, json_schema: {enum: ["yes", "no", 7]}}
    next: tell
  tell: {emit: {type: passed, data: {n: "${input.n}"}}, next: end}
output: {n: "${noted.n}", last: "${steps.tell.output.id}"}
"""

register_flow(load(CHILD))
register_flow(load(APPROVAL))
