"""Options that several commands of `perdure memory` share. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated

import typer

User = Annotated[str | None, typer.Option(metavar="ID", help="Memories of this person.")]
Agent = Annotated[str | None, typer.Option(metavar="ID", help="Memories of this agent.")]
Team = Annotated[str | None, typer.Option(metavar="NAME", help="Memories of this team.")]
Session = Annotated[str | None, typer.Option(metavar="ID", help="Memories of this session.")]
OfTenant = Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose memories they are.")]
OnBranch = Annotated[str, typer.Option("--branch", metavar="NAME", help="Branch that is read and written.")]
MemoryId = Annotated[str, typer.Argument(metavar="ID", help="Id of the memory.")]
Kind = Annotated[
    str | None, typer.Option(metavar="KIND", help="semantic (what is so), episodic, procedural (what to do), working.")
]
Tags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="A tag; may be repeated.")]
Entities = Annotated[
    list[str] | None, typer.Option("--entity", metavar="NAME", help="A name that it speaks of; may be repeated.")
]
Speaker = Annotated[str | None, typer.Option(metavar="NAME", help="Who said it.")]
Importance = Annotated[float | None, typer.Option(min=0, max=1, help="From 0 to 1.")]
ValidUntil = Annotated[str | None, typer.Option(metavar="TIME", help="When it stopped being true.")]
Expires = Annotated[str | None, typer.Option(metavar="TIME", help="When it is to be forgotten.")]
Expect = Annotated[
    int | None, typer.Option(min=1, metavar="VERSION", help="Version that must be current; else nothing is changed.")
]
AsOf = Annotated[str | None, typer.Option(metavar="WHEN", help="As it was at a sequence, or at a time (ISO 8601).")]
Limit = Annotated[int, typer.Option(min=1, max=1000, help="How many at most.")]
After = Annotated[str | None, typer.Option(metavar="PLACE", help="Where the page before ended.")]

# What narrows a search.
Kinds = Annotated[list[str] | None, typer.Option("--kind", metavar="KIND", help="Only this kind; may be repeated.")]
Statuses = Annotated[
    list[str] | None,
    typer.Option(
        "--status",
        metavar="STATUS",
        help="Only active (the default), review, superseded, abandoned or forgotten ones; may be repeated.",
    ),
]
AllTags = Annotated[list[str] | None, typer.Option("--tag", metavar="TAG", help="Only with all of these tags.")]
AnyTags = Annotated[list[str] | None, typer.Option("--any-tag", metavar="TAG", help="Only with one of these tags.")]
AnyEntity = Annotated[
    list[str] | None, typer.Option("--entity", metavar="NAME", help="Only what speaks of one of these names.")
]
OfSpeaker = Annotated[str | None, typer.Option("--speaker", metavar="NAME", help="Only what this one said.")]
Pinned = Annotated[bool, typer.Option("--pinned", help="Only pinned ones.")]
Held = Annotated[bool, typer.Option("--held", help="Only those that are held.")]
MinImportance = Annotated[float | None, typer.Option(min=0, max=1, help="Only those at least as important.")]
MaxImportance = Annotated[float | None, typer.Option(min=0, max=1, help="Only those at most as important.")]
Contains = Annotated[str | None, typer.Option(metavar="TEXT", help="Only those in whose text this occurs.")]
Since = Annotated[str | None, typer.Option(metavar="TIME", help="Only what was said or happened from then on.")]
Until = Annotated[str | None, typer.Option(metavar="TIME", help="Only what was said or happened before.")]
WrittenSince = Annotated[str | None, typer.Option(metavar="TIME", help="Only what was written from then on.")]
WrittenUntil = Annotated[str | None, typer.Option(metavar="TIME", help="Only what was written before.")]
ExpiresBefore = Annotated[str | None, typer.Option(metavar="TIME", help="Only what is to be forgotten before.")]
FromRun = Annotated[str | None, typer.Option("--run", metavar="RUN", help="Only what came of this run.")]
Thread = Annotated[str | None, typer.Option(metavar="NAME", help="Only what was said in this conversation.")]
Document = Annotated[str | None, typer.Option(metavar="PLACE", help="Only what was read from this file or address.")]
WrittenBy = Annotated[str | None, typer.Option("--actor", metavar="NAME", help="Only what this one wrote.")]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--meta", metavar="CONDITION", help="Only with this, such as ticket=17; may be repeated."),
]
Exactly = Annotated[
    bool, typer.Option("--exactly", help="Only what belongs to just the user, agent, team and session that are named.")
]
