"""Checks of names: reserved ones, documents that are written, and teams, tools and flows that must be registered."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from contracts.flows import Flow
from contracts.state import checked_key, checked_name
from expressions import paths
from flows.actions import PlacedAction, actions
from flows.faults import Fault, Path, meant
from flows.graph import cycles
from flows.names import CEL_WORDS, RESERVED


def reserved_faults(flow: Flow) -> Iterator[Fault]:
    """Steps and documents whose names mean something else in expressions."""
    for kind, names in (("steps", flow.steps), ("documents", flow.documents)):
        for name in names:
            if name in RESERVED | CEL_WORDS:
                yield Fault(
                    path=(kind, name),
                    message=f"{name!r} means something else in conditions: call it otherwise",
                    at_name=True,
                )


def document_faults(flow: Flow) -> Iterator[Fault]:
    """Documents that cannot be in a store, or are written without being declared."""
    for name, document in flow.documents.items():
        at = ("documents", name)
        yield from _refused(checked_name, document.namespace, (*at, "namespace"))
        if not paths.is_template(document.key):
            yield from _refused(checked_key, document.key, (*at, "key"))
    for placed in actions(flow):
        yield from _written(flow, placed)


def _refused(checked: Callable[[str], str], text: str, path: Path) -> Iterator[Fault]:
    try:
        checked(text)
    except ValueError as error:
        yield Fault(path=path, message=str(error))


def _written(flow: Flow, placed: PlacedAction) -> Iterator[Fault]:
    seen = set[str]()
    for number, one in enumerate(placed.action.set.write if placed.action.set else ()):
        path = (*placed.path, "set", "write", number, "document")
        if one.document not in flow.documents:
            advice = meant(one.document, flow.documents) or ": declare it under `documents`"
            yield Fault(path=path, message=f"there is no document {one.document!r}{advice}")
        if one.document in seen:
            yield Fault(path=path, message=f"{one.document!r} is written twice in one step: put both changes together")
        seen.add(one.document)


def registered_faults(flow: Flow, *, teams: Collection[str] | None, tools: Collection[str] | None) -> Iterator[Fault]:
    """Teams and tools that are not registered. None means: it is not known what is."""
    for placed in actions(flow):
        if placed.action.team and teams is not None and placed.action.team.name not in teams:
            name = placed.action.team.name
            yield Fault(path=(*placed.path, "team", "name"), message=f"there is no team {name!r}{meant(name, teams)}")
        if placed.action.call and tools is not None and placed.action.call.tool not in tools:
            name = placed.action.call.tool
            yield Fault(path=(*placed.path, "call", "tool"), message=f"there is no tool {name!r}{meant(name, tools)}")


def fixed_name_faults(flow: Flow) -> Iterator[Fault]:
    """Names that are taken as they are, and hold a ${…} that nobody would fill."""
    for placed in actions(flow):
        action = placed.action
        fixed = {
            ("team", "name"): action.team.name if action.team else "",
            ("team", "model"): (action.team.model or "") if action.team else "",
            ("call", "tool"): action.call.tool if action.call else "",
            ("emit", "type"): action.emit.type if action.emit else "",
            ("flow", "name"): action.flow.name if action.flow else "",
        }
        for path, text in fixed.items():
            if paths.is_template(text):
                yield Fault(path=(*placed.path, *path), message=f"{text!r} is taken as it is: write it without ${{…}}")


def child_faults(flow: Flow, others: Mapping[str, Flow]) -> Iterator[Fault]:
    """Flows that are not registered, that lack input, or that come to run themselves again."""
    known = {**others, flow.name: flow}
    for placed in actions(flow):
        if not placed.action.flow:
            continue
        name, at = placed.action.flow.name, (*placed.path, "flow")
        if name not in known:
            yield Fault(path=(*at, "name"), message=f"there is no flow {name!r}{meant(name, others)}")
            continue
        needed = known[name].input.get("required", ())
        for field in sorted(set(needed) - set(placed.action.flow.input)):
            yield Fault(path=at, message=f"the flow {name!r} needs the input {field!r}: add it under `input`")
    yield from _recursive(flow, known)


def _recursive(flow: Flow, known: Mapping[str, Flow]) -> Iterator[Fault]:
    ways = {name: list(_children(one)) for name, one in known.items()}
    for cycle in cycles(ways):
        if flow.name not in cycle:
            continue
        start = cycle.index(flow.name)
        turned = [*cycle[start:], *cycle[:start], flow.name]
        path = _children(flow)[turned[1]]
        message = (
            f"the flow runs itself again without a bound: {' -> '.join(turned)}; make a cycle of its steps instead"
        )
        yield Fault(path=(*path, "flow", "name"), message=message)


def _children(flow: Flow) -> dict[str, Path]:
    return {placed.action.flow.name: placed.path for placed in actions(flow) if placed.action.flow}
