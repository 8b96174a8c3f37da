"""`perdure flow …`, `explain` and `answer`: what each command takes."""

from __future__ import annotations

from typing import Annotated

import typer

from perdure.cli.options import By, Json, RunId

flow = typer.Typer(
    help="Check, draw, simulate and start flows.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
Definition = Annotated[
    str, typer.Argument(metavar="FLOW", help="File of the definition (.yaml, .json), - or name of a registered flow.")
]
Input = Annotated[str, typer.Option("--input", metavar="VALUE", help="Input as a JSON object, @FILE or -.")]


@flow.command()
def check(
    definitions: Annotated[
        list[str], typer.Argument(metavar="FLOW...", help="Files of definitions, -, or names of registered flows.")
    ],
    as_json: Json = False,
) -> None:
    """Say what is wrong with flows before anything runs.

    Each fault is told with its place. Teams, tools and other flows are looked up where PERDURE_APP is set.
    """
    from perdure.cli import flows

    raise typer.Exit(flows.check(definitions, as_json=as_json))


@flow.command()
def draw(definition: Definition, as_json: Json = False) -> None:
    """Draw a flow as a Mermaid diagram."""
    from perdure.cli import flows

    raise typer.Exit(flows.draw(definition, as_json=as_json))


@flow.command()
def simulate(
    definition: Definition,
    *,
    state: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            help="Documents by the flow's names for them (YAML, JSON); or state, input, outputs, errors, events.",
        ),
    ] = None,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="VALUE", help="Input as a JSON object, @FILE or -.")
    ] = None,
    outputs: Annotated[
        str | None, typer.Option(metavar="VALUE", help="What steps return, by their names: a JSON object, @FILE or -.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say which way a flow would go, without running anything.

    Branches are decided on the documents that are given; the exit code is 1 where the flow would fail.
    """
    from perdure.cli import simulating

    scenery = simulating.Scenery(state=state, input=input_, outputs=outputs)
    raise typer.Exit(simulating.simulation(definition, scenery, as_json=as_json))


@flow.command()
def start(
    definition: Definition,
    *,
    input_: Input = "{}",
    run_id: Annotated[str | None, typer.Option("--id", help="Id of the run; one that is there is followed.")] = None,
    branch: Annotated[str, typer.Option(metavar="NAME", help="Branch of the state store for all steps.")] = "main",
    user: Annotated[str | None, typer.Option(help="The person the flow serves.")] = None,
    session: Annotated[str | None, typer.Option(help="The conversation the flow belongs to.")] = None,
    files: Annotated[str | None, typer.Option(metavar="DIR", help="Folder that the file tools may read.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Start the flow and do not wait for it.")] = False,
    as_json: Json = False,
) -> None:
    """Start a flow and show its steps.

    Uses the stack that runs, or starts Temporal and a worker for the flow. Ctrl-C cancels the flow; a second one leaves
    it to go on.
    """
    from perdure.cli import flows

    order = flows.Order(
        flow=definition,
        input=input_,
        run_id=run_id,
        branch=branch,
        user=user,
        session=session,
        files=files,
        detach=detach,
    )
    raise typer.Exit(flows.start(order, as_json=as_json))


@flow.command()
def migrate(run_id: RunId, definition: Definition, as_json: Json = False) -> None:
    """Let a flow that waits go on with another definition.

    The definition is checked, and must have the step in which the flow waits now. Nothing else changes a running flow.
    """
    from perdure.cli import answering

    raise typer.Exit(answering.migrate(run_id, definition, as_json=as_json))


@flow.command()
def schema(as_json: Json = False) -> None:
    """Print the JSON Schema of definitions.

    Editors complete and check definitions by it.
    """
    from perdure.cli import flows

    raise typer.Exit(flows.schema(as_json=as_json))


@flow.command("list")
def list_flows(as_json: Json = False) -> None:
    """List the flows that the app registers."""
    from perdure.cli import flows

    raise typer.Exit(flows.list_flows(as_json=as_json))


def explain(
    run_id: RunId,
    *,
    step: Annotated[str | None, typer.Option(metavar="STEP", help="Only the decisions of this step.")] = None,
    as_json: Json = False,
) -> None:
    """Say why a flow went the way it went.

    Each decision is shown with the documents and values that it saw, the cases, and the one taken; no worker is needed.
    """
    from perdure.cli import explaining

    raise typer.Exit(explaining.explain(run_id, step=step, as_json=as_json))


def answer(
    run_id: RunId,
    answers: Annotated[
        list[str] | None,
        typer.Argument(metavar="[STEP] VALUE", help="The step that asks, where several do, and the answer."),
    ] = None,
    *,
    by: By = None,
    note: Annotated[str | None, typer.Option(metavar="TEXT", help="A remark that is kept with the answer.")] = None,
    as_json: Json = False,
) -> None:
    """Answer what a flow asks, or show what is asked.

    The answer is JSON, or plain text where text is asked for; @FILE reads it from a file, - from standard input.
    """
    from perdure.cli import answering

    raise typer.Exit(answering.answer(run_id, answers or [], by=by, note=note, as_json=as_json))
