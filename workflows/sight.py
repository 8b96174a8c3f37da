"""What the expressions at one place of a flow see, and how their templates are filled."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from contracts.errors import BadRequest
from contracts.flows import FlowRequest
from contracts.steps import NamedPlace, ResolveRequest
from expressions import paths
from workflows import calls, references
from workflows.spot import Spot


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What expressions see.

    Attributes:
        request: the flow's request, for its input and its documents.
        steps: outcomes of steps, by name.
        extra: `item`, `index` or `event`.
    """

    request: FlowRequest
    steps: Mapping[str, Any]
    extra: Mapping[str, Any] = field(default_factory=dict)

    def having(self, **extra: Any) -> Sight:
        """The same, with more names."""
        return replace(self, extra={**self.extra, **extra})

    def remembering(self, steps: Mapping[str, Any]) -> Sight:
        """The same, with these outcomes in the place of later ones."""
        return replace(self, steps={**self.steps, **steps})

    def bound(self, expressions: Iterable[str]) -> dict[str, Any]:
        """The values that these expressions may name; of steps only those that they name."""
        texts = list(expressions)
        names = references.roots(texts)
        found = {name: value for name, value in self.extra.items() if name in names}
        if "input" in names:
            found["input"] = self.request.input
        if "steps" in names:
            wanted = references.steps(texts)
            found["steps"] = {name: self.steps[name] for name in self.steps if wanted is None or name in wanted}
        return found

    def places(self, names: Iterable[str]) -> tuple[NamedPlace, ...]:
        """The flow's documents of these names, in the order of the definition; other names are passed over.

        Raises:
            BadRequest: a key that was filled cannot be one.
            ExpressionFailed: a key names what is not there.
        """
        wanted = frozenset(names)
        return tuple(self._place(name) for name in self.request.flow.documents if name in wanted)

    def read(self, expressions: Iterable[str]) -> tuple[tuple[NamedPlace, ...], dict[str, Any]]:
        """The documents and the values that these expressions may name."""
        texts = list(expressions)
        return self.places(references.roots(texts)), self.bound(texts)

    async def fill(self, template: Any, spot: Spot) -> Any:
        """Fill a template: here where its expressions are plain paths, else by an activity that reads documents.

        Args:
            template: any JSON value.
            spot: for what.

        Raises:
            ExpressionFailed, InvalidExpression: an expression cannot be evaluated here.
            ActivityError: the same, found by the activity, or the store is away.
        """
        if not paths.is_template(template):
            return template
        texts = paths.expressions_in(template)
        documents, bound = self.read(texts)
        if paths.is_plain(template) and not documents:
            return paths.fill(template, bound)
        request = ResolveRequest(
            step=spot.step,
            visit=spot.visit,
            documents=documents,
            bound=bound,
            tenant=self.request.tenant,
            branch=self.request.branch,
            template=template,
        )
        return (await calls.resolve(request, id=f"{spot.id}~values")).value

    def _place(self, name: str) -> NamedPlace:
        document = self.request.flow.documents[name]
        known = {**self.extra, "input": self.request.input, "steps": self.steps}
        key = paths.fill(document.key, known)
        try:
            return NamedPlace(name=name, namespace=document.namespace, key=key if isinstance(key, str) else _text(key))
        except ValidationError as error:
            fault = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise BadRequest(f"the document {name!r} has no usable key ({document.key!r}): {fault}") from error


def _text(key: Any) -> str:
    return str(key) if isinstance(key, int) and not isinstance(key, bool) else paths.as_text(key)
