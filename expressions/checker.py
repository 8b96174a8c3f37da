"""Whether an expression can be evaluated: names, fields, types and bounds, before any value is there."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import singledispatchmethod
from typing import Any, Literal

from expressions import engine, functions, kinds, operators, parsing, syntax
from expressions.kinds import ANY, BOOL, JsonSchema, Kind
from expressions.parsing import Fault
from expressions.syntax import Node, Spot

MOST_NESTED = 2
_LARGEST = 2**63 - 1
_PLACES = {
    "list": {"any", "int", "number"},
    "map": {"any", "string"},
    "any": {"any", "int", "number", "string"},
}


@dataclass(frozen=True, kw_only=True)
class Checked:
    """An expression that can be evaluated.

    Attributes:
        paths: the fields that it refers to, each as its names, the root first: ("ticket", "priority").
        type: of its result: any, bool, int, double, number, string, null, list, map, timestamp or duration.
    """

    text: str
    type: str
    paths: tuple[tuple[str, ...], ...]

    @property
    def roots(self) -> frozenset[str]:
        """The names that must be bound."""
        return frozenset(path[0] for path in self.paths)


def check(text: str, names: Mapping[str, JsonSchema | None], *, expects: Literal["bool", "any"] = "bool") -> Checked:
    """Check an expression.

    Args:
        text: the expression.
        names: what it may name, with the JSON schemas of the values; without a schema every field may have any type.
        expects: "bool" for conditions, "any" for values.

    Raises:
        InvalidExpression: with the line and column of the first fault.
    """
    tree = parsing.parse(text)
    try:
        kind = _Checker({name: kinds.from_schema(schema) for name, schema in names.items()}).kind(tree)
        if expects == "bool" and kind.name not in {"bool", "any"}:
            raise Fault(f"a condition must be true or false, and this is {operators.spoken(kind)}", tree.spot)
    except Fault as fault:
        raise parsing.invalid(fault, text) from fault
    engine.compiled(text)
    return Checked(text=text, type=kind.name, paths=paths_in(tree))


def paths_in(tree: Node) -> tuple[tuple[str, ...], ...]:
    """Return the paths that an expression refers to, each once, in their order."""
    return tuple(dict.fromkeys(_paths(tree, frozenset())))


def roots_in(tree: Node) -> frozenset[str]:
    """Return the names that an expression refers to."""
    return frozenset(path[0] for path in paths_in(tree))


def _paths(node: Node, variables: frozenset[str]) -> Iterator[tuple[str, ...]]:
    path = syntax.path_of(node)
    if path is not None:
        if path[0] not in variables:
            yield path
    elif isinstance(node, syntax.Comprehension):
        yield from _paths(node.of, variables)
        yield from _paths(node.body, variables | {node.variable})
    else:
        for child in node.children:
            yield from _paths(child, variables)


class _Checker:
    """Finds the type of each part, and the first fault."""

    def __init__(self, names: dict[str, Kind]) -> None:
        self._names = names
        # Variables of comprehensions, and whether their items come straight from documents.
        self._variables: dict[str, bool] = {}

    @singledispatchmethod
    def kind(self, node: Node) -> Kind:
        """Return the type of a part.

        Raises:
            Fault: it cannot be evaluated.
        """
        raise TypeError(f"no rule for {node!r}")

    @kind.register
    def _(self, node: syntax.Literal) -> Kind:
        if isinstance(node.value, int) and node.value > _LARGEST:
            raise Fault(f"{node.value} is larger than {_LARGEST}, the largest whole number", node.spot)
        allowed = (node.value,) if isinstance(node.value, str) else None
        names = {bool: "bool", int: "int", float: "double", str: "string", type(None): "null"}
        return Kind(name=names[type(node.value)], allowed=allowed)

    @kind.register
    def _(self, node: syntax.Name) -> Kind:
        if node.name not in self._names:
            raise Fault(f"there is no {node.name!r}: {_nearest(node.name, self._names)}", node.spot)
        return self._names[node.name]

    @kind.register
    def _(self, node: syntax.Select) -> Kind:
        return _field(self.kind(node.of), node.field, node.spot)

    @kind.register
    def _(self, node: syntax.Has) -> Kind:
        self.kind(node.field)
        return BOOL

    @kind.register
    def _(self, node: syntax.Index) -> Kind:
        of, at = self.kind(node.of), self.kind(node.at)
        place = node.at.value if isinstance(node.at, syntax.Literal) else None
        if of.name == "map" and isinstance(place, str):
            return _field(of, place, node.spot)
        if of.name not in _PLACES:
            raise Fault(f"{operators.spoken(of)} has no items", node.spot)
        if at.name not in _PLACES[of.name]:
            raise Fault(f"{operators.spoken(of)} has no item at {operators.spoken(at)}", node.spot)
        if isinstance(place, int) and place < 0:
            raise Fault("places are counted from 0; there are none below", node.at.spot)
        return (of.items or ANY) if of.name == "list" else ANY

    @kind.register
    def _(self, node: syntax.Call) -> Kind:
        if node.is_method and node.function not in functions.FUNCTIONS:
            functions.result(node, [])
        return functions.result(node, [self.kind(argument) for argument in node.arguments])

    @kind.register
    def _(self, node: syntax.Unary) -> Kind:
        return operators.negated(node.sign, self.kind(node.of), spot=node.spot)

    @kind.register
    def _(self, node: syntax.Chain) -> Kind:
        kind = self.kind(node.operands[0])
        for place, operator in enumerate(node.operators):
            right = self.kind(node.operands[place + 1])
            _check_allowed(operator, kind, right)
            kind = operators.result(operator.sign, kind, right, spot=operator.spot)
        return kind

    @kind.register
    def _(self, node: syntax.Ternary) -> Kind:
        condition = self.kind(node.condition)
        if condition.name not in {"bool", "any"}:
            said = operators.spoken(condition)
            raise Fault(f"what stands before ? must be true or false, and this is {said}", node.spot)
        return kinds.merged(self.kind(node.then), self.kind(node.otherwise))

    @kind.register
    def _(self, node: syntax.ListOf) -> Kind:
        found = [self.kind(item) for item in node.items]
        items = found[0] if found else ANY
        for kind in found[1:]:
            items = kinds.merged(items, kind)
        return kinds.list_of(items)

    @kind.register
    def _(self, node: syntax.MapOf) -> Kind:
        for _, value in node.entries:
            self.kind(value)
        return Kind(name="map")

    @kind.register
    def _(self, node: syntax.Comprehension) -> Kind:
        of = self.kind(node.of)
        if of.name not in {"list", "any"}:
            raise Fault(f"{node.kind}() goes through lists only, and this is {operators.spoken(of)}", node.spot)
        if not (self._is_of_documents(node.of) or _is_made(node.of)):
            # The engine goes through maps as well, in random order; only what a path leads to can be looked at before.
            raise Fault(f"{node.kind}() must go through a path such as order.items, or a list made here", node.spot)
        body = self._body(node, of.items or ANY)
        if node.kind == "map":
            return kinds.list_of(body)
        if body.name not in {"bool", "any"}:
            raise Fault(
                f"{node.kind}() needs true or false for each item, and this is {operators.spoken(body)}", node.spot
            )
        return of if node.kind == "filter" else BOOL

    def _body(self, node: syntax.Comprehension, item: Kind) -> Kind:
        if len(self._variables) == MOST_NESTED:
            raise Fault(f"more than {MOST_NESTED} of all, exists, exists_one, map, filter are nested here", node.spot)
        if node.variable in self._names:
            raise Fault(f"{node.variable!r} is the name of something else already: choose another one", node.spot)
        self._variables[node.variable] = self._is_of_documents(node.of)
        self._names[node.variable] = item
        try:
            return self.kind(node.body)
        finally:
            del self._names[node.variable], self._variables[node.variable]

    def _is_of_documents(self, node: Node) -> bool:
        """Whether what a comprehension goes through is found by a path through documents alone."""
        if isinstance(node, syntax.Comprehension) and node.kind == "filter":
            return self._is_of_documents(node.of)
        path = syntax.path_of(node)
        return path is not None and self._variables.get(path[0], True)


def _is_made(node: Node) -> bool:
    """Whether a value is a list whatever the documents hold."""
    if isinstance(node, syntax.Chain):
        return all(operator.sign == "+" for operator in node.operators) and any(map(_is_made, node.operands))
    return isinstance(node, syntax.ListOf) or (
        isinstance(node, syntax.Comprehension) and node.kind in {"map", "filter"}
    )


def _field(of: Kind, field: str, spot: Spot) -> Kind:
    if of.is_any:
        return ANY
    if of.name != "map":
        raise Fault(f"{operators.spoken(of)} has no field {field!r}", spot)
    if of.lacks(field):
        raise Fault(f"there is no field {field!r}: {_nearest(field, of.fields or {})}", spot)
    return of.of_field(field)


def _nearest(name: str, known: Mapping[str, Any]) -> str:
    nearest = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if nearest:
        return f"did you mean {nearest[0]!r}?"
    return f"there are {', '.join(sorted(known)[:20])}" if known else "nothing can be named here"


def _check_allowed(operator: syntax.Operator, left: Kind, right: Kind) -> None:
    if operator.sign not in {"==", "!=", "in"}:
        return
    other = (right.items or ANY) if operator.sign == "in" else right
    # A text that stands in the expression has itself as the only allowed one.
    if left.allowed and other.allowed and not set(left.allowed) & set(other.allowed):
        wrong, known = (other, left) if len(other.allowed) == 1 else (left, other)
        allowed = ", ".join(map(repr, known.allowed or ()))
        raise Fault(f"{(wrong.allowed or ('',))[0]!r} is none of the allowed values {allowed}", operator.spot)
