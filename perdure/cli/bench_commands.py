"""`perdure bench …`: what each command takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from perdure.cli.options import Json

bench = typer.Typer(
    help="Measure how well memory finds what was said.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@bench.callback()
def _group() -> None:
    # Typer makes a group of a single command only where there is a callback.
    pass


@bench.command()
def recall(
    *,
    data: Annotated[Path, typer.Option(metavar="FILE", help="LoCoMo's JSON (locomo10.json), or LongMemEval's.")],
    conversations: Annotated[
        str | None, typer.Option(metavar="NUMBERS", help="Only these, from 1, such as 1-5,8.")
    ] = None,
    limit_questions: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many questions of each, spread evenly.")
    ] = None,
    without: Annotated[
        str | None, typer.Option(metavar="NAMES", help="Weights of the ranking to leave out, such as speaker,date.")
    ] = None,
    typos: Annotated[
        int | None, typer.Option(metavar="SEED", help="Mistype one or two words of each question, by this seed.")
    ] = None,
    embedder: Annotated[
        str | None, typer.Option(metavar="NAME", help="In place of the one that is set, such as minilm.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how much memory finds again of long conversations.

    Everything is done in a memory of its own that is gone afterwards: each turn is added, and each question is asked,
    as programs do it. Recall at 10 is the share of the turns that answer a question among the first 10 hits.
    """
    from perdure.cli import benching

    wanted = benching.Wanted(
        data=data,
        conversations=conversations,
        limit_questions=limit_questions,
        without=without,
        typos=typos,
        embedder=embedder,
    )
    raise typer.Exit(benching.recall(wanted, as_json=as_json))
