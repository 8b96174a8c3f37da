"""`perdure memory export` and `import`: what they take."""

from __future__ import annotations

from typing import Annotated

import typer

from perdure.cli import memory_options as of
from perdure.cli.options import By, Json

MAIN = "main"
DEFAULT_TENANT = "default"


def export(
    *,
    to: Annotated[str | None, typer.Option(metavar="FILE", help="Write it there instead of printing it.")] = None,
    vectors: Annotated[
        bool, typer.Option("--vectors", help="With vectors, which need not be made again then.")
    ] = False,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    by: By = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Write memories with all their versions, as JSON Lines.

    `perdure memory import` reads it, and loses nothing. With --json, which needs --to, it is told what was written.
    """
    from perdure.cli import memory_files
    from perdure.cli.remembering import Whose

    if as_json and to is None:
        raise typer.BadParameter("--json needs --to FILE: without it, the export itself is printed")
    whose = Whose.of(locals())
    raise typer.Exit(memory_files.export(to, whose, vectors=vectors, as_json=as_json))


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="What is read; - is standard input.")],
    *,
    thread: Annotated[
        str | None, typer.Option(metavar="NAME", help="Name of the conversation; by default that of the file.")
    ] = None,
    day: Annotated[
        str | None, typer.Option(metavar="DATE", help="Day of a chat log that tells only the time of day.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option(metavar="NAME", help="Zone of its times, such as Europe/Lisbon; by default yours.")
    ] = None,
    dry: Annotated[bool, typer.Option("--dry-run", help="Say what would be imported, and write nothing.")] = False,
    user: of.User = None,
    agent: of.Agent = None,
    team: of.Team = None,
    session: of.Session = None,
    by: By = None,
    tenant: of.OfTenant = DEFAULT_TENANT,
    branch: of.OnBranch = MAIN,
    as_json: Json = False,
) -> None:
    """Read an export, a chat log, or another tool's memories.

    What a file is, is seen from its content: an export of `perdure memory export`; a chat log such as "[2026-05-03
    14:02] Ada: text", "Ada (14:02): text" or what phones write; "user:" and "assistant:"; JSON with role and content;
    mem0's export; JSON with text. Importing a file again changes nothing.
    """
    from perdure.cli import memory_files
    from perdure.cli.remembering import Whose

    whose = Whose.of(locals())
    reading = memory_files.Reading(thread=thread, day=day, zone=zone, dry=dry)
    raise typer.Exit(memory_files.import_(file, whose, reading, as_json=as_json))
