"""What expressions can name at each place of a flow, each with the JSON Schema of its values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contracts.flows import Action, Flow, MapAction, ParallelAction, SetAction, Step, TeamAction
from expressions import paths

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_COUNT: Schema = {"type": "integer"}
_EVENT: Schema = {
    "type": "object",
    "properties": {
        "id": _TEXT,
        "source": _TEXT,
        "type": _TEXT,
        "subject": {"type": ["string", "null"]},
        "data": {},
        "time": _TEXT,
    },
    "additionalProperties": False,
}
RESERVED = frozenset({"end", "event", "index", "input", "item", "steps"})
# What CEL keeps for itself, so that no variable can be called so.
CEL_WORDS = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in"}
    | {"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}
)


class Names:
    """The names of one flow.

    Args:
        flow: the definition.
        typed: use its schemas; where one is invalid, only names can be checked.
    """

    def __init__(self, flow: Flow, *, typed: bool = True) -> None:
        outcomes = {name: _outcome(_output(step) if typed else {}) for name, step in flow.steps.items()}
        self._of_run: dict[str, Schema | None] = {"input": flow.input if typed else None, "steps": _object(outcomes)}
        self._documents = {name: one.json_schema if typed else None for name, one in flow.documents.items()}

    def for_key(self) -> dict[str, Schema | None]:
        """What the key of a document may hold: no other document, as all are read at once."""
        return {**self._of_run, "item": None, "index": _COUNT}

    def for_event(self) -> dict[str, Schema | None]:
        """What the condition on an event that is waited for may hold: no document, as none is read for it."""
        return {**self._of_run, "event": _EVENT}

    def for_state(self, *, over: Any = None) -> dict[str, Schema | None]:
        """What everything else may hold.

        Args:
            over: in the body of a map, what it goes over.
        """
        names = {**self._of_run, **self._documents}
        return names if over is None else {**names, "item": self._item(over), "index": _COUNT}

    def _item(self, over: Any) -> Schema | None:
        """The schema of a list's items, where the list is named by a plain path that leads to one."""
        pieces = paths.parts(over) if isinstance(over, str) else ()
        path = paths.plain_path(pieces[0].text) if len(pieces) == 1 and pieces[0].is_expression else None
        found = _at({**self._of_run, **self._documents}, path) if path else None
        items = found.get("items") if found else None
        return items if isinstance(items, dict) else None


def _at(names: Mapping[str, Schema | None], path: tuple[str | int, ...]) -> Schema | None:
    schema: Any = names.get(str(path[0]))
    for part in path[1:]:
        if not isinstance(schema, dict):
            return None
        schema = schema.get("items") if isinstance(part, int) else schema.get("properties", {}).get(part)
    return schema if isinstance(schema, dict) else None


def _object(properties: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": dict(properties), "additionalProperties": False}


def _outcome(output: Schema) -> Schema:
    return _object({"output": output, "error": {"type": ["string", "null"]}, "visits": _COUNT})


def _output(step: Step) -> Schema:
    if step.ask:
        return _object({"value": step.ask.json_schema, "by": _TEXT, "note": {"type": ["string", "null"]}})
    if step.wait and step.wait.event:
        return _EVENT
    if step.wait:
        return _object({"sequence": _COUNT}) if step.wait.until else {}
    if step.branch:
        return _object({"taken": _TEXT})
    if step.map:
        return _of_map(step.map)
    if step.parallel:
        return _of_parallel(step.parallel)
    return _of_action(step)


def _of_map(action: MapAction) -> Schema:
    failed = _object({"index": _COUNT, "error": _TEXT})
    # A failed item leaves null in its place, unless one failure fails the map.
    result = _of_action(action.do) if action.on_failure == "fail" else {}
    return _object({"results": {"type": "array", "items": result}, "failed": {"type": "array", "items": failed}})


def _of_parallel(action: ParallelAction) -> Schema:
    return _object({name: _of_action(part) for name, part in action.do.items()})


def _of_action(action: Action | Step) -> Schema:
    if action.team:
        return _of_team(action.team)
    if action.set:
        return _of_set(action.set)
    if action.emit:
        return _object({"id": _TEXT})
    return {}


def _of_team(action: TeamAction) -> Schema:
    fixed = {"answer": _TEXT, "stop_reason": _TEXT, "usage": {"type": "object"}, "run_id": _TEXT}
    return _object({**fixed, **({"value": action.answer_schema} if action.answer_schema else {})})


def _of_set(action: SetAction) -> Schema:
    written = _object({"version": _COUNT})
    return _object({one.document: written for one in action.write})
