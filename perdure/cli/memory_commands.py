"""`perdure memory …`: what each command takes."""

from __future__ import annotations

from typing import Annotated

import typer

from perdure.cli import memory_options as of
from perdure.cli.memory_files_commands import export, import_
from perdure.cli.options import By, Json, Key, Why

MAIN = "main"
DEFAULT_TENANT = "default"

memory = typer.Typer(
    help="Remember, find, change and look through what is remembered.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@memory.command()
def add(
    text: Annotated[
        str, typer.Argument(metavar="TEXT", help="One statement; @FILE reads it from a file, - from standard input.")
    ],
    *,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    kind: of.Kind = None,
    tag: of.Tags = None,
    entity: of.Entities = None,
    speaker: of.Speaker = None,
    importance: of.Importance = None,
    pin: Annotated[bool, typer.Option("--pin", help="Tell it to agents each time.")] = False,
    hold: Annotated[bool, typer.Option("--hold", help="Let nobody forget it.")] = False,
    happened: Annotated[str | None, typer.Option(metavar="TIME", help="When it was said or happened.")] = None,
    valid_until: of.ValidUntil = None,
    expires: of.Expires = None,
    supersedes: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A memory that it takes the place of; may be repeated.")
    ] = None,
    doubt: Annotated[str | None, typer.Option(metavar="TEXT", help="Why somebody must decide on it first.")] = None,
    key: Key = None,
    by: By = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Remember a statement.

    It belongs to the user, agent, team and session that are named, and is seen where all of them are at work; of
    nobody, it is shared by all.
    """
    from perdure.cli import memories
    from perdure.cli.remembering import Whose, described

    details = described(locals())
    whose = Whose.of(locals())
    raise typer.Exit(memories.add(text, whose, details, key=key, as_json=as_json))


@memory.command()
def search(
    text: Annotated[str, typer.Argument(metavar="TEXT", help="A question, or words; without any, the latest.")] = "",
    *,
    limit: of.Limit = 10,
    after: of.After = None,
    as_of: of.AsOf = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say what each score is made of.")] = False,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    exactly: of.Exactly = False,
    kind: of.Kinds = None,
    status: of.Statuses = None,
    tag: of.AllTags = None,
    any_tag: of.AnyTags = None,
    entity: of.AnyEntity = None,
    speaker: of.OfSpeaker = None,
    pinned: of.Pinned = False,
    held: of.Held = False,
    min_importance: of.MinImportance = None,
    max_importance: of.MaxImportance = None,
    contains: of.Contains = None,
    since: of.Since = None,
    until: of.Until = None,
    written_since: of.WrittenSince = None,
    written_until: of.WrittenUntil = None,
    expires_before: of.ExpiresBefore = None,
    run: of.FromRun = None,
    thread: of.Thread = None,
    document: of.Document = None,
    actor: of.WrittenBy = None,
    meta: of.Metadata = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Find memories.

    Seen are those that the named user, agent, team and session see together; who names nobody sees all of the tenant.
    """
    from perdure.cli import memories
    from perdure.cli.remembering import Narrowed, Whose

    narrowed = Narrowed.of(locals())
    asked = memories.Asked(text=text, limit=limit, after=after, as_of=as_of, explain=explain)
    whose = Whose.of(locals())
    raise typer.Exit(memories.search(asked, whose, narrowed, as_json=as_json))


@memory.command()
def show(
    id: of.MemoryId,
    *,
    version: Annotated[int | None, typer.Option(min=1, help="This version instead of the present one.")] = None,
    as_of: of.AsOf = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Show a memory, and all that is known of it."""
    from perdure.cli import memories
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    raise typer.Exit(memories.show(id, whose, version=version, as_of=as_of, as_json=as_json))


@memory.command()
def edit(
    id: of.MemoryId,
    *,
    text: Annotated[str | None, typer.Option(metavar="TEXT", help="What it is to say; @FILE or - read it.")] = None,
    kind: of.Kind = None,
    tag: of.Tags = None,
    entity: of.Entities = None,
    speaker: of.Speaker = None,
    importance: of.Importance = None,
    pin: Annotated[bool, typer.Option("--pin", help="Tell it to agents each time.")] = False,
    unpin: Annotated[bool, typer.Option("--unpin", help="Tell it only where it fits.")] = False,
    hold: Annotated[bool, typer.Option("--hold", help="Let nobody forget it.")] = False,
    release: Annotated[bool, typer.Option("--release", help="Let it be forgotten again.")] = False,
    valid_until: of.ValidUntil = None,
    expires: of.Expires = None,
    expect: of.Expect = None,
    why: Why = None,
    by: By = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Change a memory; its old versions stay.

    Tags and names take the place of those that it had.
    """
    from perdure.cli import memories
    from perdure.cli.remembering import Whose, described

    changes = described(locals())
    whose = Whose.of(locals())
    raise typer.Exit(memories.edit(id, whose, changes, text=text, expect=expect, why=why, as_json=as_json))


@memory.command()
def forget(
    id: of.MemoryId,
    *,
    expect: of.Expect = None,
    why: Why = None,
    by: By = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Forget a memory.

    It is not recalled any more; its history keeps what it said.
    """
    from perdure.cli import memories
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    raise typer.Exit(memories.forget(id, whose, expect=expect, why=why, as_json=as_json))


@memory.command()
def history(
    id: of.MemoryId,
    *,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """List the versions of a memory: who wrote each, when and why."""
    from perdure.cli import memories
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    raise typer.Exit(memories.history(id, whose, as_json=as_json))


@memory.command()
def relations(
    node: Annotated[str, typer.Argument(metavar="NODE", help="Id of a memory, or a name such as entity:lisbon.")],
    *,
    to: Annotated[str | None, typer.Option(metavar="NODE", help="Show how it hangs together with this one.")] = None,
    depth: Annotated[int, typer.Option(min=1, max=8, help="Most relations on the way to it.")] = 4,
    relate: Annotated[
        str | None, typer.Option("--add", metavar="KIND", help="Relate it to the one of --to, such as knows.")
    ] = None,
    mutual: Annotated[bool, typer.Option("--mutual", help="The added relation holds both ways.")] = False,
    strength: Annotated[float | None, typer.Option(min=0, max=1, help="Of the added relation.")] = None,
    limit: of.Limit = 100,
    by: By = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """List what a memory or a name is related to."""
    from perdure.cli import memory_keeping
    from perdure.cli.remembering import Whose

    if to is None and relate is not None:
        raise typer.BadParameter("--add needs --to NODE: with what is it related?")
    whose = Whose.of(locals())
    if to is None:
        raise typer.Exit(memory_keeping.relations(node, whose, limit=limit, as_json=as_json))
    way = memory_keeping.Way(to=to, depth=depth, add=relate, mutual=mutual, strength=strength)
    work = memory_keeping.path if relate is None else memory_keeping.relate
    raise typer.Exit(work(node, whose, way, as_json=as_json))


@memory.command()
def review(
    id: Annotated[str | None, typer.Argument(metavar="ID", help="Decide on this one; without it, list them.")] = None,
    *,
    accept: Annotated[bool, typer.Option("--accept", help="It is so: let it be recalled.")] = False,
    reject: Annotated[bool, typer.Option("--reject", help="It is not so: forget it.")] = False,
    why: Why = None,
    by: By = None,
    limit: of.Limit = 20,
    after: of.After = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """List what is doubtful, or decide on one of them."""
    from perdure.cli import memories
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    if id is None and not (accept or reject):
        raise typer.Exit(memories.in_review(whose, limit=limit, after=after, as_json=as_json))
    if id is None or accept == reject:
        raise typer.BadParameter("say which one, and either --accept or --reject: perdure memory review ID --accept")
    decision: memories.Decision = "accept" if accept else "reject"
    raise typer.Exit(memories.review(id, whose, decision=decision, why=why, as_json=as_json))


@memory.command()
def mark(
    id: of.MemoryId,
    *,
    useful: Annotated[bool, typer.Option("--useful", help="It was of use.")] = False,
    useless: Annotated[bool, typer.Option("--useless", help="It was of no use.")] = False,
    by: By = None,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Say that a memory was of use, or was not.

    Where that is switched on (PERDURE_LEARN_RANKING), the ranking learns from it.
    """
    from perdure.cli import memories
    from perdure.cli.remembering import Whose

    if useful == useless:
        raise typer.BadParameter("say either --useful or --useless")
    whose = Whose.of(locals())
    raise typer.Exit(memories.mark(id, whose, useful=useful, as_json=as_json))


memory.command()(export)
memory.command("import")(import_)


@memory.command()
def reindex(
    *,
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="PART", help="Only vectors, qdrant or graph; may be repeated."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build vectors and projections anew from the ledger.

    Reads go on meanwhile. It is done after another embedder was chosen, or where a server lost what it had.
    """
    from perdure.cli import memory_keeping
    from perdure.cli.remembering import Whose

    raise typer.Exit(memory_keeping.reindex(Whose(), only=only, as_json=as_json))


@memory.command()
def stats(
    *,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Show how many memories there are, and what follows them."""
    from perdure.cli import memory_keeping
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    raise typer.Exit(memory_keeping.stats(whose, as_json=as_json))


@memory.command()
def unlearn(*, by: By = None, tenant: of.OfTenant = DEFAULT_TENANT, as_json: Json = False) -> None:
    """Forget what the ranking learned from marks and uses."""
    from perdure.cli import memory_keeping
    from perdure.cli.remembering import Whose

    raise typer.Exit(memory_keeping.unlearn(Whose.of(locals()), as_json=as_json))
