"""`perdure state …`: what each command takes."""

from __future__ import annotations

from typing import Annotated

import typer

from perdure.cli.options import By, DocumentName, Expect, Json, Key, OfTenant, OnBranch, Value, Why

MAIN = "main"
DEFAULT_TENANT = "default"

state = typer.Typer(
    help="Read and write the documents of the state store.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Branch = Annotated[str, typer.Argument(metavar="BRANCH", help="Name of the branch.")]


@state.command()
def get(
    document: DocumentName,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="This version instead of the present one.")] = None,
    as_of: Annotated[
        str | None, typer.Option(metavar="WHEN", help="As it was at a sequence, or at a time (ISO 8601).")
    ] = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show a document."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(documents.get(document, where, version=version, as_of=as_of, as_json=as_json))


@state.command()
def put(
    document: DocumentName,
    value: Value,
    *,
    expect: Expect = None,
    why: Why = None,
    key: Key = None,
    by: By = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Write a document; its old versions stay."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant, by=by)
    writing = documents.Writing(expect=expect, why=why, key=key)
    raise typer.Exit(documents.put(document, value, where, writing, as_json=as_json))


@state.command()
def patch(
    document: DocumentName,
    value: Value,
    *,
    expect: Expect = None,
    why: Why = None,
    key: Key = None,
    by: By = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Merge into a document (JSON Merge Patch: null removes a field)."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant, by=by)
    writing = documents.Writing(expect=expect, why=why, key=key)
    raise typer.Exit(documents.patch(document, value, where, writing, as_json=as_json))


@state.command()
def delete(
    document: DocumentName,
    *,
    expect: Expect = None,
    why: Why = None,
    key: Key = None,
    by: By = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Delete a document; its history stays."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant, by=by)
    writing = documents.Writing(expect=expect, why=why, key=key)
    raise typer.Exit(documents.delete(document, where, writing, as_json=as_json))


@state.command()
def rollback(
    document: DocumentName,
    *,
    to: Annotated[int, typer.Option(min=1, help="The version whose value is brought back.")],
    expect: Expect = None,
    why: Why = None,
    key: Key = None,
    by: By = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Bring back the value of an old version, as a new version."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant, by=by)
    writing = documents.Writing(expect=expect, why=why, key=key)
    raise typer.Exit(documents.rollback(document, where, writing, to=to, as_json=as_json))


@state.command()
def history(
    document: DocumentName,
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """List the versions of a document: who wrote each, when and why."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(documents.history(document, where, limit=limit, as_json=as_json))


@state.command()
def diff(
    document: DocumentName,
    old: Annotated[int, typer.Argument(metavar="OLD", min=1, help="A version.")],
    new: Annotated[
        int | None, typer.Argument(metavar="NEW", min=1, help="Another one; by default the present value.")
    ] = None,
    *,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show where two versions of a document differ."""
    from perdure.cli import documents

    where = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(documents.diff(document, where, old=old, new=new, as_json=as_json))


@state.command()
def query(
    namespace: Annotated[str, typer.Argument(metavar="NAMESPACE", help="Which namespace is searched.")],
    *,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="CONDITION", help="Such as status=open, priority>=3, 'owner missing'; may be repeated."),
    ] = None,
    prefix: Annotated[str, typer.Option(metavar="TEXT", help="Only keys that begin so.")] = "",
    order: Annotated[str, typer.Option(metavar="FIELD", help="A field, key, or $sequence.")] = "key",
    descending: Annotated[bool, typer.Option("--descending", help="Turn the order round.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")] = 100,
    after: Annotated[str | None, typer.Option(metavar="PLACE", help="Where the page before ended.")] = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """List the documents of a namespace."""
    from perdure.cli import documents, namespaces

    wanted = namespaces.Wanted(
        conditions=tuple(where or ()), prefix=prefix, order=order, descending=descending, limit=limit, after=after
    )
    place = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(namespaces.query(namespace, place, wanted, as_json=as_json))


@state.command()
def watch(
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Documents, such as 'tickets/*'; * stands for any text.")
    ] = "*",
    *,
    since: Annotated[
        int | None, typer.Option(min=0, help="Begin after this sequence; 0 is the beginning. By default: now.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many changes.")] = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show every change as it comes, until Ctrl-C."""
    from perdure.cli import documents, namespaces

    where = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(namespaces.watch(pattern, where, since=since, count=count, as_json=as_json))


@state.command()
def machines(
    namespace: Annotated[str | None, typer.Argument(metavar="NAMESPACE", help="Show this one's rules in full.")] = None,
    *,
    rules: Annotated[
        str | None, typer.Option("--set", metavar="VALUE", help="Set its schema and state machine: JSON, @FILE or -.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Remove its rules.")] = False,
    by: By = None,
    branch: OnBranch = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show or set the state machines and schemas of namespaces."""
    from perdure.cli import documents, namespaces

    where = documents.Where(branch=branch, tenant=tenant, by=by)
    raise typer.Exit(namespaces.machines(namespace, where, rules=rules, remove=remove, as_json=as_json))


@state.command()
def fork(
    name: Branch,
    *,
    at: Annotated[int | None, typer.Option(min=0, help="Sequence that it reads its parent at; by default now.")] = None,
    branch: Annotated[str, typer.Option("--from", metavar="NAME", help="The branch that it is made of.")] = MAIN,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Make a branch.

    It reads its parent as that is now, and keeps its own changes.
    """
    from perdure.cli import documents, namespaces

    where = documents.Where(branch=branch, tenant=tenant)
    raise typer.Exit(namespaces.fork(name, where, at=at, as_json=as_json))


@state.command()
def branches(*, tenant: OfTenant = DEFAULT_TENANT, as_json: Json = False) -> None:
    """List the branches."""
    from perdure.cli import documents, namespaces

    raise typer.Exit(namespaces.branches(documents.Where(tenant=tenant), as_json=as_json))


@state.command()
def merge(
    name: Branch,
    *,
    prefer: Annotated[
        str | None, typer.Option(metavar="SIDE", help="Who wins conflicts: ours (the parent) or theirs (the branch).")
    ] = None,
    why: Why = None,
    by: By = None,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Write what a branch changed into its parent, all or nothing."""
    from perdure.cli import documents, namespaces

    where = documents.Where(tenant=tenant, by=by)
    raise typer.Exit(namespaces.merge(name, where, prefer=prefer, why=why, as_json=as_json))


@state.command()
def drop(
    name: Branch,
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Close it only, and keep it readable.")] = False,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Forget a branch and what was written on it."""
    from perdure.cli import documents, namespaces

    raise typer.Exit(namespaces.drop(name, documents.Where(tenant=tenant), keep=keep, as_json=as_json))
