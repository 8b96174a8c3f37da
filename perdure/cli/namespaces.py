"""`perdure state query`, `watch`, `machines` and those of branches: many documents at once."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, cast

from contracts.errors import BadRequest, NotFound
from contracts.state import RULES_NAMESPACE, Change, Document, MergeConflict, Rules, StateMachine
from perdure.cli import interrupts, values
from perdure.cli.documents import Where, about, compact, time, who, with_state
from perdure.cli.output import Output
from perdure.state import State

_CONFLICT = 4


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Which documents of a namespace are listed. See `contracts.state.Query`."""

    conditions: tuple[str, ...] = ()
    prefix: str = ""
    order: str = "key"
    descending: bool = False
    limit: int = 100
    after: str | None = None


def query(namespace: str, where: Where, wanted: Wanted, *, as_json: bool) -> int:
    """List documents of a namespace."""
    output, filters = Output(as_json=as_json), values.conditions(wanted.conditions)
    options = {name: value for name, value in vars(wanted).items() if name != "conditions"}

    async def show(state: State) -> int:
        page = await state.query(namespace, *filters, **options)
        output.table(["key", "version", "written", "value"], [_row(document) for document in page.documents])
        if page.after:
            output.text(f"there are more: --after {page.after!r}", style="dim")
        output.json(page.model_dump(mode="json"))
        return 0

    return with_state(show, where)


def watch(pattern: str, where: Where, *, since: int | None, count: int | None, as_json: bool) -> int:
    """Show changes as they come, until Ctrl-C."""
    output = Output(as_json=as_json)

    async def follow(state: State) -> int:
        left = count
        async with aclosing(cast("Any", state.watch(pattern, since=since))) as changes:
            async for change in changes:
                _print_change(change, output)
                left = None if left is None else left - 1
                if left == 0:
                    break
        return 0

    code = with_state(follow, where)
    # To be told to stop is how this command ends well.
    return 0 if code in interrupts.ASKED_TO_STOP else code


def machines(namespace: str | None, where: Where, *, rules: str | None, remove: bool, as_json: bool) -> int:
    """Show, set or remove the rules of namespaces."""
    output = Output(as_json=as_json)
    made = None if rules is None else values.json_object(rules, what="the rules")

    async def work(state: State) -> int:
        if namespace is None:
            return await _list_rules(state, output)
        if remove:
            await state.delete(f"{RULES_NAMESPACE}/{namespace}")
        elif made is not None:
            await state.set_rules(namespace, made)
        return await _show_rules(namespace, state, output, gone=remove)

    return with_state(work, where)


def fork(name: str, where: Where, *, at: int | None, as_json: bool) -> int:
    """Make a branch of the one that is named by --branch."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        branch = await state.branches.fork(name, parent=state.branch, at=at)
        output.text(f"branch {branch.name} reads {branch.parent} as of sequence {branch.fork_sequence}")
        output.json(branch.model_dump(mode="json"))
        return 0

    return with_state(work, where)


def branches(where: Where, *, as_json: bool) -> int:
    """List branches."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        found = await state.branches.list()
        rows = [(one.name, one.parent or "", str(one.fork_sequence), one.state) for one in found]
        output.table(["branch", "parent", "as of", "state"], rows)
        output.json([branch.model_dump(mode="json") for branch in found])
        return 0

    return with_state(work, where)


def merge(name: str, where: Where, *, prefer: str | None, why: str | None, as_json: bool) -> int:
    """Write what a branch changed into its parent, or list the conflicts."""
    if prefer not in (None, "ours", "theirs"):
        raise BadRequest(f"--prefer {prefer!r} must be ours (the parent's) or theirs (the branch's)")
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        merged = await state.branches.merge(name, prefer=prefer, why=why)
        output.json(merged.model_dump(mode="json"))
        if merged.committed is not None:
            output.text(f"branch {name} is merged: {len(merged.committed.documents)} documents were written")
            return 0
        for conflict in merged.conflicts:
            _print_conflict(conflict, output)
        output.text("nothing was written: decide with --prefer ours (the parent's) or theirs (the branch's)")
        return _CONFLICT

    return with_state(work, where)


def drop(name: str, where: Where, *, keep: bool, as_json: bool) -> int:
    """Forget a branch, or close it and keep it readable."""
    output = Output(as_json=as_json)

    async def work(state: State) -> int:
        if keep:
            await state.branches.keep(name)
        else:
            await state.branches.drop(name)
        done = "kept" if keep else "dropped"
        output.text(f"branch {name} is {'closed and kept' if keep else 'gone'}")
        output.json({"branch": name, "state": done})
        return 0

    return with_state(work, where)


def _row(document: Document) -> tuple[str, ...]:
    return document.place.key, str(document.version), time(document.written_at), compact(document.value)


def _print_change(change: Change, output: Output) -> None:
    document = change.document
    place = document.place
    value = "(deleted)" if document.gone else compact(document.value)
    by = f" by {found}" if (found := who(document)) else ""
    late = " (late)" if change.late else ""
    line = f"{document.sequence} {place.namespace}/{place.key} version {document.version}{by}{late}: {value}"
    output.text(line)
    output.json(change.model_dump(mode="json"))


def _print_conflict(conflict: MergeConflict, output: Output) -> None:
    output.text(f"conflict in {conflict.place.namespace}/{conflict.place.key}", style="yellow")
    sides = {"before the fork": conflict.base, "ours": conflict.ours, "theirs": conflict.theirs}
    for side, document in sides.items():
        there = "not there" if document is None else f"{compact(document.value)} · {about(document)}"
        output.text(f"  {side}: {there}")


async def _list_rules(state: State, output: Output) -> int:
    page = await state.query(RULES_NAMESPACE, limit=1000)
    found = {document.place.key: Rules.model_validate(document.value) for document in page.documents}
    rows = [
        (name, _states(rules.machine), "yes" if rules.json_schema is not None else "") for name, rules in found.items()
    ]
    output.table(["namespace", "states", "schema"], rows)
    output.json([{"namespace": name, **rules.model_dump(mode="json")} for name, rules in found.items()])
    return 0


async def _show_rules(namespace: str, state: State, output: Output, *, gone: bool) -> int:
    rules = await state.rules(namespace)
    if rules is None:
        if not gone:
            raise NotFound(f"the namespace {namespace!r} has no rules: set them with --set '{{\"machine\": …}}'")
        output.text(f"{namespace}: its rules are removed")
        output.json({"namespace": namespace, "json_schema": None, "machine": None})
        return 0
    output.text(f"{namespace}: {'with' if rules.json_schema is not None else 'without'} a schema")
    if rules.machine is not None:
        _print_machine(rules.machine, output)
    output.json({"namespace": namespace, **rules.model_dump(mode="json")})
    return 0


def _print_machine(machine: StateMachine, output: Output) -> None:
    output.text(f"field {machine.field!r} begins as {', '.join(machine.initial)}")
    rows = [(", ".join(way.source), way.event, way.target, way.guard or "") for way in machine.transitions]
    output.table(["from", "event", "to", "only if"], rows)
    if machine.final:
        output.text(f"nothing leaves {', '.join(machine.final)}")


def _states(machine: StateMachine | None) -> str:
    return "" if machine is None else " ".join(machine.states)
