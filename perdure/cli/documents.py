"""`perdure state`: documents, read and written without a Temporal server."""

from __future__ import annotations

import getpass
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.errors import NotFound
from contracts.state import DEFAULT_TENANT, MAIN, Document
from contracts.texts import cut
from perdure import checked
from perdure.cli import interrupts, values
from perdure.cli.output import Output
from perdure.settings import Settings
from perdure.state import State
from perdure.stores import Opening

_CUT = 100


@dataclass(frozen=True, kw_only=True)
class Where:
    """Which documents are meant, and who writes."""

    branch: str = MAIN
    tenant: str = DEFAULT_TENANT
    by: str | None = None

    def state(self, stores: Opening) -> State:
        """Return the state that this names.

        Raises:
            BadRequest: a name is wrong.
        """
        place = checked.place("x/x", branch=self.branch, tenant=self.tenant)
        return State(stores=stores, branch=place.branch, tenant=place.tenant).by(
            self.by if self.by is not None else you()
        )


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What goes with a write."""

    expect: str | None = None
    why: str | None = None
    key: str | None = None

    def options(self) -> dict[str, Any]:
        """Return it as the store takes it.

        Raises:
            BadRequest: the expected version cannot be read.
        """
        return {"expect": values.expected(self.expect), "why": self.why, "idempotency_key": self.key}


def with_state(work: Callable[[State], Awaitable[int]], where: Where) -> int:
    """Open the stores, do something with the state, and return the exit code."""

    async def opened() -> int:
        stores = Opening(Settings.load())
        try:
            return await work(where.state(stores))
        finally:
            await stores.close()

    return interrupts.run(lambda _: opened())


def get(name: str, where: Where, *, version: int | None, as_of: str | None, as_json: bool) -> int:
    """Show one document."""
    output, moment = Output(as_json=as_json), values.moment(as_of)

    async def show(state: State) -> int:
        document = await state.get(name, version=version, as_of=moment, fresh=True)
        if document is None:
            raise _absent(name, state)
        output.text(pretty(document.value) if not document.gone else "(deleted)")
        output.text(about(document), style="dim")
        output.json(document.model_dump(mode="json"))
        return 0

    return with_state(show, where)


def put(name: str, value: str, where: Where, writing: Writing, *, as_json: bool) -> int:
    """Replace a document's value."""
    made, options = values.json_value(value), writing.options()
    return _written(lambda state: state.put(name, made, **options), where, as_json=as_json)


def patch(name: str, value: str, where: Where, writing: Writing, *, as_json: bool) -> int:
    """Merge into a document."""
    made, options = values.json_value(value), writing.options()
    return _written(lambda state: state.patch(name, made, **options), where, as_json=as_json)


def delete(name: str, where: Where, writing: Writing, *, as_json: bool) -> int:
    """Delete a document."""
    options = writing.options()
    return _written(lambda state: state.delete(name, **options), where, as_json=as_json)


def rollback(name: str, where: Where, writing: Writing, *, to: int, as_json: bool) -> int:
    """Bring back an old value."""
    options = writing.options()
    return _written(lambda state: state.rollback(name, to=to, **options), where, as_json=as_json)


def history(name: str, where: Where, *, limit: int, as_json: bool) -> int:
    """List the versions of a document."""
    output = Output(as_json=as_json)

    async def show(state: State) -> int:
        found = await state.history(name, limit=limit)
        if not found:
            raise _absent(name, state)
        output.table(["version", "sequence", "written", "by", "why", "value"], [_history_row(one) for one in found])
        output.json([document.model_dump(mode="json") for document in found])
        return 0

    return with_state(show, where)


def diff(name: str, where: Where, *, old: int, new: int | None, as_json: bool) -> int:
    """Show where two versions of a document differ."""
    output = Output(as_json=as_json)

    async def show(state: State) -> int:
        found = await state.diff(name, old, new)
        for one in found:
            if one.kind != "added":
                output.text(f"- {one.path or '/'}: {compact(one.before)}", style="red")
            if one.kind != "removed":
                output.text(f"+ {one.path or '/'}: {compact(one.after)}", style="green")
        if not found:
            output.text("no difference")
        output.json([one.model_dump(mode="json") for one in found])
        return 0

    return with_state(show, where)


def _written(write: Callable[[State], Awaitable[Document]], where: Where, *, as_json: bool) -> int:
    output = Output(as_json=as_json)

    async def done(state: State) -> int:
        document = await write(state)
        output.text(f"{_name(document)}: {about(document)}")
        output.json(document.model_dump(mode="json"))
        return 0

    return with_state(done, where)


def about(document: Document) -> str:
    """What is told of a version besides its value, in one line."""
    parts = [
        f"version {document.version}",
        "deleted" if document.gone else "",
        f"restores version {document.restores}" if document.restores else "",
        f"sequence {document.sequence}",
        who(document),
        time(document.written_at),
        document.author.why or "",
    ]
    return " · ".join(filter(None, parts))


def who(document: Document) -> str:
    """Who wrote a version."""
    author = document.author
    where = "/".join(filter(None, (author.run, author.step)))
    return f"{author.actor} in {where}" if author.actor and where else author.actor or where


def time(moment: datetime) -> str:
    """A time as people here read it."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def pretty(value: Any) -> str:
    """A JSON value over several lines."""
    return json.dumps(value, ensure_ascii=False, indent=2)


def compact(value: Any) -> str:
    """A JSON value in one line, cut where it is long."""
    return cut(json.dumps(value, ensure_ascii=False), _CUT)


def _history_row(document: Document) -> tuple[str, ...]:
    value = "(deleted)" if document.gone else compact(document.value)
    version = f"{document.version}{f' (= {document.restores})' if document.restores else ''}"
    written = time(document.written_at)
    return version, str(document.sequence), written, who(document), document.author.why or "", value


def _name(document: Document) -> str:
    place = document.place
    return f"{place.namespace}/{place.key}{'' if place.branch == MAIN else f' on {place.branch}'}"


def you() -> str:
    """What the system calls who types; a container may have no name for him."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def _absent(name: str, state: State) -> NotFound:
    namespace = name.partition("/")[0]
    on = "" if state.branch == MAIN else f" --branch {state.branch}"
    return NotFound(
        f"there is no document {name!r} on branch {state.branch!r}: `perdure state query {namespace}{on}` lists"
        " those that are there"
    )
