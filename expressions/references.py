"""What an expression needs of each document, so that nothing else is handed to the engine (which copies it all)."""

from __future__ import annotations

from dataclasses import dataclass, field

from expressions import syntax
from expressions.syntax import Node


@dataclass(kw_only=True)
class Reference:
    """What is needed of a value.

    Attributes:
        fields: of its fields.
        items: of each of its items; None where no comprehension goes through it.
        is_whole: all of it is needed. Where it is not, and neither fields nor items are, only whether it is there.
    """

    fields: dict[str, Reference] = field(default_factory=dict)
    items: Reference | None = None
    is_whole: bool = False

    @property
    def is_walked(self) -> bool:
        """Whether a comprehension goes through this, or through anything inside."""
        return self.items is not None or any(inner.is_walked for inner in self.fields.values())

    def at(self, names: tuple[str, ...]) -> Reference:
        """Return what is needed at a path of fields, added where it is new."""
        found = self
        for name in names:
            found = found.fields.setdefault(name, Reference())
        return found


Variables = dict[str, Reference | None]


def references(tree: Node) -> Reference:
    """Return what an expression needs, by the names of documents."""
    root = Reference()
    _need(tree, root, {})
    return root


def _need(node: Node, root: Reference, variables: Variables) -> None:
    if syntax.path_of(node) is not None:
        if found := _found(node, root, variables):
            found.is_whole = True
    elif isinstance(node, syntax.Has) and syntax.path_of(node.field) is not None:
        _found(node.field, root, variables)
    elif isinstance(node, syntax.Comprehension):
        items = _comprehension(node, root, variables)
        if items is not None and node.kind == "filter":
            items.is_whole = True
    else:
        for child in node.children:
            _need(child, root, variables)


def _found(node: Node, root: Reference, variables: Variables) -> Reference | None:
    name, *rest = syntax.path_of(node) or ("",)
    start = variables[name] if name in variables else root.at((name,))
    return None if start is None else start.at(tuple(rest))


def _comprehension(node: syntax.Comprehension, root: Reference, variables: Variables) -> Reference | None:
    items = _items(node.of, root, variables)
    _need(node.body, root, {**variables, node.variable: items})
    return items


def _items(node: Node, root: Reference, variables: Variables) -> Reference | None:
    """Return what is needed of the items that a comprehension goes through; None where they are made by the way."""
    if isinstance(node, syntax.Comprehension) and node.kind == "filter":
        return _comprehension(node, root, variables)
    found = _found(node, root, variables) if syntax.path_of(node) is not None else None
    if found is None:
        _need(node, root, variables)
        return None
    found.items = found.items or Reference()
    return found.items
