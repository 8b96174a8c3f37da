"""How much work an expression is for the engine, with the values that it will see; never too little.

The engine has no limits and holds the interpreter while it works, so a bound is needed before it begins. What costs was
measured: it copies what a field or an item leads to, and with each item that `map` and `filter` keep, the list so far.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property, singledispatchmethod
from typing import Any

from expressions import binding, patterns, syntax
from expressions.binding import Bound
from expressions.syntax import Node

UNIT_SECONDS = 60e-9
# About 33 ms on one core: `map` over 1,000 numbers is just possible.
MOST_WORK = 550_000

HANDING_OVER = 7
_GIVING_BACK = 5
_COMPARED_PER_UNIT = 8
_ITEM = 3
# string(1e300) has 301 characters; nothing that is made from a number or a time has more than this.
_MADE_CHARACTERS = 400


@dataclass(frozen=True, kw_only=True)
class Extent:
    """How large a value may be.

    Attributes:
        weight: work of copying it.
        length: items of a list, characters of a text; 0 for all else.
        inner: of any item or field, where the values themselves are not there yet.
        values: the values that are possible, where they are known.
    """

    weight: int = 1
    length: int = 0
    inner: Extent | None = None
    values: tuple[Any, ...] | None = None
    _fields: dict[str, Extent] = field(default_factory=dict, repr=False, compare=False)

    def field(self, name: str) -> Extent:
        """Return how large a field may be."""
        if self.values is None:
            return self.inner or self
        if name not in self._fields:
            found = (value[name] for value in self.values if isinstance(value, dict) and name in value)
            self._fields[name] = _of_values(found)
        return self._fields[name]

    @cached_property
    def items(self) -> Extent:
        """How large any item or field may be."""
        if self.values is None:
            return self.inner or self
        return _of_values(item for value in self.values for item in _contents(value))


_SCALAR = Extent()


def work(tree: Node, bound: Bound) -> int:
    """Return how much work the evaluation is at most, in units of 60 ns."""
    cost, extent = _Estimate({name: _of_values([value]) for name, value in bound.values.items()}).of(tree)
    return cost + HANDING_OVER * bound.weight + _GIVING_BACK * extent.weight


def _contents(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list | tuple) else ()


def _of_values(values: Iterable[Any]) -> Extent:
    # One value may be found in many places, and the same need not be weighed twice.
    known = tuple({id(value): value for value in values}.values())
    lengths = (len(value) for value in known if isinstance(value, str | list | tuple))
    return Extent(weight=max(map(binding.weight, known), default=1), length=max(lengths, default=0), values=known)


def _either(extents: Iterable[Extent]) -> Extent:
    """Return how large the largest of some values is; what they hold is weighed no more, only bounded."""
    found = tuple(extents)
    if len(found) < 2:
        return found[0] if found else _SCALAR
    heaviest, longest = max(extent.weight for extent in found), max(extent.length for extent in found)
    innermost = Extent(weight=heaviest, length=heaviest)
    inner = Extent(weight=heaviest, length=max(extent.items.length for extent in found), inner=innermost)
    return Extent(weight=heaviest, length=longest, inner=inner)


class _Estimate:
    """Adds up the work of all parts."""

    def __init__(self, names: dict[str, Extent]) -> None:
        self._names = names

    @singledispatchmethod
    def of(self, node: Node) -> tuple[int, Extent]:
        """Return the work of a part, and how large its value may be."""
        raise TypeError(f"no rule for {node!r}")

    def _all(self, nodes: Iterable[Node]) -> tuple[int, tuple[Extent, ...]]:
        found = [self.of(node) for node in nodes]
        return sum(cost for cost, _ in found), tuple(extent for _, extent in found)

    @of.register
    def _(self, node: syntax.Literal) -> tuple[int, Extent]:
        return 1, _of_values([node.value])

    @of.register
    def _(self, node: syntax.Name) -> tuple[int, Extent]:
        return 1, self._names[node.name]

    @of.register
    def _(self, node: syntax.Select) -> tuple[int, Extent]:
        cost, extent = self.of(node.of)
        field = extent.field(node.field)
        return cost + 1 + field.weight, field

    @of.register
    def _(self, node: syntax.Has) -> tuple[int, Extent]:
        cost, _ = self.of(node.field)
        return cost + 1, _SCALAR

    @of.register
    def _(self, node: syntax.Index) -> tuple[int, Extent]:
        cost, (of, _) = self._all((node.of, node.at))
        return cost + 1 + of.items.weight, of.items

    @of.register
    def _(self, node: syntax.Call) -> tuple[int, Extent]:
        cost, extents = self._all(node.arguments)
        cost += 2 + sum(extent.weight for extent in extents)
        if node.function == "matches":
            cost += _matching(node.arguments[1], extents[0].length)
        if node.function == "string":
            length = max(extents[0].length, _MADE_CHARACTERS)
            return cost, Extent(weight=binding.TEXT + length // binding.CHARACTERS_PER_UNIT, length=length)
        return cost, _SCALAR

    @of.register
    def _(self, node: syntax.Unary) -> tuple[int, Extent]:
        cost, _ = self.of(node.of)
        return cost + len(node.sign), _SCALAR

    @of.register
    def _(self, node: syntax.Chain) -> tuple[int, Extent]:
        cost, extents = self._all(node.operands)
        cost += len(extents)
        if node.operators[0].sign not in {"+", "-"}:
            return cost + sum(extent.weight for extent in extents) // _COMPARED_PER_UNIT, _SCALAR
        total = extents[0]
        for extent in extents[1:]:
            total = _joined(total, extent)
            cost += total.weight
        return cost, total

    @of.register
    def _(self, node: syntax.Ternary) -> tuple[int, Extent]:
        cost, (_, then, otherwise) = self._all(node.children)
        return cost + 1, _either((then, otherwise))

    @of.register
    def _(self, node: syntax.ListOf) -> tuple[int, Extent]:
        cost, extents = self._all(node.items)
        size = binding.LIST + sum(extent.weight for extent in extents)
        return cost + size, Extent(weight=size, length=len(extents), inner=_either(extents))

    @of.register
    def _(self, node: syntax.MapOf) -> tuple[int, Extent]:
        cost, extents = self._all(node.children)
        size = binding.MAP + sum(binding.ENTRY + extent.weight for extent in extents)
        return cost + size, Extent(weight=size, inner=_either(extents))

    @of.register
    def _(self, node: syntax.Comprehension) -> tuple[int, Extent]:
        cost, of = self.of(node.of)
        body_cost, body = _Estimate({**self._names, node.variable: of.items}).of(node.body)
        cost += of.weight + of.length * (body_cost + of.items.weight + _ITEM)
        if node.kind == "map":
            size = binding.LIST + of.length * body.weight
            return cost + _kept(of.length, body), Extent(weight=size, length=of.length, inner=body)
        return (cost + _kept(of.length, of.items), of) if node.kind == "filter" else (cost, _SCALAR)


def _kept(items: int, item: Extent) -> int:
    return items * (items + 1) // 2 * item.weight


def _joined(one: Extent, other: Extent) -> Extent:
    if one.weight == 1 or other.weight == 1:
        return _SCALAR
    inner = None if one.values and isinstance(one.values[0], str) else _either((one.items, other.items))
    return Extent(weight=one.weight + other.weight, length=one.length + other.length, inner=inner)


def _matching(pattern: Node, length: int) -> int:
    text = pattern.value if isinstance(pattern, syntax.Literal) else ""
    return patterns.work(text) + patterns.matching(text, length)
