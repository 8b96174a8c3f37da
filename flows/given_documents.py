"""The documents of a simulation: read and written as the state store would, without one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contracts.decisions import SeenDocument
from contracts.errors import ExpressionFailed, InvalidExpression
from contracts.flows import Assignment, Flow
from expressions import paths, templates


class Documents:
    """Values by the names that a flow gives them.

    Args:
        flow: the definition.
        values: of those that are there.
    """

    def __init__(self, flow: Flow, values: Mapping[str, Any]) -> None:
        self._bound = flow.documents
        self._values = dict(values)
        self._versions = dict.fromkeys(values, 1)

    def there(self) -> dict[str, Any]:
        """The documents that are there."""
        return dict(self._values)

    def values(self) -> dict[str, Any]:
        """All documents as expressions see them: {} for one that is not there."""
        return {**{name: {} for name in self._bound}, **self._values}

    def seen(self, names: Iterable[str], bindings: Mapping[str, Any]) -> list[SeenDocument]:
        """What a decision says of the documents that it named."""
        wanted = frozenset(names)
        return [self._seen(name, bindings) for name in self._bound if name in wanted]

    def write(self, assignments: Iterable[Assignment], bindings: Mapping[str, Any]) -> dict[str, Any]:
        """Write documents, all as they follow from what is there now.

        Raises:
            ExpressionFailed: a value cannot be computed, or a document is there that must be absent.
        """
        made = [(assignment, self._after(assignment, bindings)) for assignment in assignments]
        for assignment, value in made:
            name = assignment.document
            self._versions[name] = self._versions.get(name, 0) + 1
            if assignment.delete:
                self._values.pop(name, None)
            else:
                self._values[name] = value
        return {assignment.document: {"version": self._versions[assignment.document]} for assignment, _ in made}

    def _seen(self, name: str, bindings: Mapping[str, Any]) -> SeenDocument:
        document = self._bound[name]
        try:
            key = paths.as_text(paths.fill(document.key, bindings))
        except (ExpressionFailed, InvalidExpression):  # The input that it is made from may not be given.
            key = document.key
        version = self._versions.get(name) if name in self._values else None
        return SeenDocument(name=name, namespace=document.namespace, key=key, version=version)

    def _after(self, assignment: Assignment, bindings: Mapping[str, Any]) -> Any:
        name = assignment.document
        if assignment.expect == "absent" and name in self._values:
            message = f"the document {name!r} must be absent, and it is there"
            raise ExpressionFailed(message, expression=name, values={name: paths.shortened(self._values[name])})
        if assignment.put is not None:
            return templates.fill(assignment.put, bindings)
        if assignment.patch is not None:
            return _patched(self._values.get(name, {}), templates.fill(assignment.patch, bindings))
        return None


def _patched(value: Any, patch: Any) -> Any:
    """Merge a patch into a value, by RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for name, inner in patch.items():
        if inner is None:
            merged.pop(name, None)
        else:
            merged[name] = _patched(merged.get(name), inner)
    return merged
