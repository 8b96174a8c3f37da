"""The parts of a parsed expression. Each knows its place in the text and how deep it is nested."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

COMPREHENSIONS = frozenset({"all", "exists", "exists_one", "map", "filter"})


@dataclass(frozen=True, slots=True)
class Spot:
    """Line and column, from 1."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True)
class Node:
    """A part of an expression."""

    spot: Spot

    @property
    def children(self) -> tuple[Node, ...]:
        """The parts that it is made of."""
        return ()

    @cached_property
    def depth(self) -> int:
        """How many parts are nested in each other, this one included."""
        return 1 + max((child.depth for child in self.children), default=0)

    def walk(self) -> Iterator[Node]:
        """Give this part and all inside of it."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, kw_only=True)
class Literal(Node):
    """A number, text, true, false or null."""

    value: Any


@dataclass(frozen=True, kw_only=True)
class Name(Node):
    """A document, `input`, `steps`, or the variable of a comprehension."""

    name: str


@dataclass(frozen=True, kw_only=True)
class Select(Node):
    """A field: `of.field`."""

    of: Node
    field: str

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.of,)


@dataclass(frozen=True, kw_only=True)
class Has(Node):
    """`has(of.field)`: whether the field is there."""

    field: Select

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.field,)


@dataclass(frozen=True, kw_only=True)
class Index(Node):
    """`of[at]`: an item of a list or an entry of a map."""

    of: Node
    at: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.of, self.at)


@dataclass(frozen=True, kw_only=True)
class Call(Node):
    """`function(arguments…)`, or `of.function(arguments…)`, where `of` is the first argument."""

    function: str
    arguments: tuple[Node, ...]
    is_method: bool

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return self.arguments


@dataclass(frozen=True, kw_only=True)
class Comprehension(Node):
    """`of.kind(variable, body)`, where kind is all, exists, exists_one, map or filter."""

    of: Node
    kind: str
    variable: str
    body: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.of, self.body)


@dataclass(frozen=True, kw_only=True)
class Unary(Node):
    """`!of` or `-of`, once or several times."""

    sign: str
    of: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.of,)


@dataclass(frozen=True, slots=True)
class Operator:
    """A sign between two operands."""

    sign: str
    spot: Spot


@dataclass(frozen=True, kw_only=True)
class Chain(Node):
    """Operands with signs of one rank between them, from the left: `a + b - c`."""

    operands: tuple[Node, ...]
    operators: tuple[Operator, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return self.operands


@dataclass(frozen=True, kw_only=True)
class Ternary(Node):
    """`condition ? then : otherwise`."""

    condition: Node
    then: Node
    otherwise: Node

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return (self.condition, self.then, self.otherwise)


@dataclass(frozen=True, kw_only=True)
class ListOf(Node):
    """`[a, b]`."""

    items: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return self.items


@dataclass(frozen=True, kw_only=True)
class MapOf(Node):
    """`{"a": b}`; names are texts."""

    entries: tuple[tuple[str, Node], ...]

    @property
    def children(self) -> tuple[Node, ...]:
        """See `Node.children`."""
        return tuple(value for _, value in self.entries)


def path_of(node: Node) -> tuple[str, ...] | None:
    """Return the names that a path of fields goes through, its root first; None for anything else."""
    names: list[str] = []
    while not isinstance(node, Name):
        if isinstance(node, Select):
            names.append(node.field)
        elif isinstance(node, Index) and isinstance(node.at, Literal) and isinstance(node.at.value, str):
            names.append(node.at.value)
        else:
            return None
        node = node.of
    return (node.name, *reversed(names))
