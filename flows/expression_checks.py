"""Checks of expressions: that they compile, have the right types, and name only what can be there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from contracts.errors import InvalidExpression
from contracts.flows import Flow, SetAction
from expressions.checker import Checked, check
from expressions.paths import plain_path
from flows.actions import actions
from flows.faults import Fault, Path
from flows.graph import edges, reached, targets
from flows.names import Names
from flows.texts import Expression, expressions

_NO_LIST = frozenset({"bool", "double", "int", "map", "null", "number", "string"})
_NO_KEY = frozenset({"bool", "list", "map", "null"})
Compiled = tuple[Expression, Checked]


def expression_faults(flow: Flow, *, typed: bool = True) -> Iterator[Fault]:
    """Everything that is wrong with the expressions of a flow.

    Args:
        flow: the definition.
        typed: use its schemas, which must be valid.
    """
    compiled: list[Compiled] = []
    for found in expressions(flow, Names(flow, typed=typed)):
        if isinstance(found, Fault):
            yield found
            continue
        try:
            compiled.append((found, check(found.text, found.names, expects=found.expects_kind)))
        except InvalidExpression as error:
            yield _fault(found, error)
    yield from _wrong_kinds(compiled)
    yield from _keys(compiled)
    yield from _never_true(flow, compiled)
    yield from _never_there(flow, compiled)
    yield from _without_item(flow, compiled)


def _fault(found: Expression, error: InvalidExpression) -> Fault:
    before = found.text.split("\n")[: error.line - 1]
    offset = sum(len(line) + 1 for line in before) + error.column - 1
    message = f"{error.reason}, in {' '.join(found.text.split())!r}"
    return Fault(path=found.path, message=message, excerpt=found.text, offset=offset)


def _wrong_kinds(compiled: Sequence[Compiled]) -> Iterator[Fault]:
    for found, checked in compiled:
        if found.expects == "list" and checked.type in _NO_LIST:
            message = f"{found.text!r} gives {checked.type}, and a map goes over a list"
            yield Fault(path=found.path, message=message, excerpt=found.text)


def _keys(compiled: Sequence[Compiled]) -> Iterator[Fault]:
    """Keys are filled by the workflow, which evaluates nothing."""
    for found, checked in compiled:
        if found.path[0] != "documents":
            continue
        if plain_path(found.text) is None:
            message = f"a key takes plain paths such as ${{input.id}} only, and not {found.text!r}"
            yield Fault(path=found.path, message=message, excerpt=found.text)
        elif checked.type in _NO_KEY:
            message = f"{found.text!r} gives {checked.type}, and a key is text"
            yield Fault(path=found.path, message=message, excerpt=found.text)


def _never_true(flow: Flow, compiled: Sequence[Compiled]) -> Iterator[Fault]:
    """Conditions that are waited for and that no change of a document can make true."""
    for found, checked in compiled:
        if found.path[-1] == "until" and not checked.roots & flow.documents.keys():
            message = "names no document, so that no change could make it true: name one, or wait for something else"
            yield Fault(path=found.path, message=message)


def _never_there(flow: Flow, compiled: Sequence[Compiled]) -> Iterator[Fault]:
    """Steps that cannot have come before the one that names them."""
    ways = targets(edges(flow))
    after = {name: reached(ways, ways.get(name, ())) for name in flow.steps}
    for found, checked in compiled:
        for name in {path[1] for path in checked.paths if path[0] == "steps" and len(path) > 1}:
            if found.step is not None and name in after and not _may_precede(name, found, after):
                message = (
                    f"no way leads from the step {name!r} to {found.step!r}, so that `steps.{name}` is never there"
                )
                yield Fault(path=found.path, message=message, excerpt=f"steps.{name}")


def _may_precede(name: str, found: Expression, after: dict[str, set[str]]) -> bool:
    # A compensation is done after its step, and after whatever has failed later.
    return found.step in after[name] or "compensate" in found.path


def _without_item(flow: Flow, compiled: Sequence[Compiled]) -> Iterator[Fault]:
    """Documents whose key holds `item` or `index`, used where there is none."""
    by_item = _by_item(compiled)
    for found, checked in compiled:
        if not found.in_map:
            yield from (
                Fault(path=found.path, message=_no_item(name), excerpt=name) for name in sorted(by_item & checked.roots)
            )
    for placed in actions(flow):
        if not placed.in_map and placed.action.set:
            yield from _written_without_item(placed.path, placed.action.set, by_item)


def _by_item(compiled: Sequence[Compiled]) -> set[str]:
    keys = [(found, checked) for found, checked in compiled if found.path[0] == "documents"]
    return {str(found.path[1]) for found, checked in keys if checked.roots & {"item", "index"}}


def _written_without_item(at: Path, action: SetAction, by_item: set[str]) -> Iterator[Fault]:
    for number, one in enumerate(action.write):
        if one.document in by_item:
            yield Fault(path=(*at, "set", "write", number, "document"), message=_no_item(one.document))


def _no_item(name: str) -> str:
    return f"the key of {name!r} holds `item` or `index`, which is there in the body of a map only"
