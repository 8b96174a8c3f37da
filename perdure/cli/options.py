"""Options that several commands share. Nothing heavy is imported here."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text for people.")]
RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id of the run.")]
DocumentName = Annotated[
    str, typer.Argument(metavar="DOCUMENT", help="Namespace and key of the document, such as tickets/17.")
]
Value = Annotated[
    str, typer.Argument(metavar="VALUE", help="The value as JSON; @FILE reads it from a file, - from standard input.")
]
OnBranch = Annotated[str, typer.Option("--branch", metavar="NAME", help="Branch of the state store.")]
OfTenant = Annotated[str, typer.Option("--tenant", metavar="NAME", help="Whose documents they are.")]
By = Annotated[str | None, typer.Option(metavar="NAME", help="Who does it; by default the system's name for you.")]
Why = Annotated[str | None, typer.Option(metavar="TEXT", help="Reason, kept with the version.")]
Expect = Annotated[
    str | None,
    typer.Option(metavar="VERSION", help="Version that must be current, or absent; else nothing is written."),
]
Memory = Annotated[
    Literal["system", "memory", "off"] | None,
    typer.Option(
        help="How agents are told what is remembered: before they begin, in each turn, or not at all; by default system"
        " where there is a user or session."
    ),
]
Key = Annotated[str | None, typer.Option("--key", metavar="TEXT", help="A key that makes the write safe to repeat.")]
