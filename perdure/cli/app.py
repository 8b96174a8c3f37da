"""The command line's commands. Each imports what it needs when it is called, so that help is there at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from functools import cache
from typing import Annotated, NoReturn

import typer
import typer.main
from typer.core import TyperGroup

from perdure.cli import event_commands, flow_commands
from perdure.cli.bench_commands import bench
from perdure.cli.leaving import leave, report
from perdure.cli.memory_commands import memory
from perdure.cli.options import Json, Memory, RunId
from perdure.cli.state_commands import state

_HELP = "Agent runs that survive: AutoGen teams inside Temporal workflows."

app = typer.Typer(
    help=_HELP,
    add_completion=False,
    no_args_is_help=True,
    # Rich would take longer to load than all the rest that help needs.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with its exit code."""
    # A search multiplies one small matrix by one vector: a second thread of OpenBLAS doubles the cost for nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    leave(invoke(sys.argv[1:] if arguments is None else arguments))


def invoke(arguments: Sequence[str]) -> int:
    """Run a command and return its exit code.

    0 is done, 1 that the run failed, 2 a wrong call, 3 something wrong with the machine, 4 a conflict, 5 not allowed,
    130 cancelled.
    """
    try:
        code = _command().main(list(arguments), prog_name="perdure", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 - whatever went wrong, a person gets one line and no traceback
        options = list(arguments)
        return report(error, as_json="--json" in options[: options.index("--") if "--" in options else None])
    return code if isinstance(code, int) else 0


@cache
def _command() -> TyperGroup:
    """The commands as they are parsed. To make them of their functions takes longer than most of them run."""
    made = typer.main.get_command(app)
    assert isinstance(made, TyperGroup), "there are several commands"
    return made


@app.command()
def run(
    team: Annotated[str, typer.Argument(help="Name of a registered team, or path of an AutoGen component (.json).")],
    task: Annotated[str, typer.Argument(help="What the team is to do; - reads it from standard input.")],
    *,
    files: Annotated[str | None, typer.Option(metavar="DIR", help="Folder that the file tools may read.")] = None,
    model: Annotated[str | None, typer.Option(help="Model to use instead of the default one.")] = None,
    user: Annotated[str | None, typer.Option(help="The person the run serves.")] = None,
    session: Annotated[str | None, typer.Option(help="The conversation the run belongs to.")] = None,
    memory: Memory = None,
    run_id: Annotated[str | None, typer.Option("--id", help="Id of the run; one that is there is followed.")] = None,
    detach: Annotated[bool, typer.Option("--detach", help="Start the run and do not wait for it.")] = False,
    budget_turns: Annotated[int | None, typer.Option(help="Most turns of agents.")] = None,
    budget_model_calls: Annotated[int | None, typer.Option(help="Most calls of models.")] = None,
    budget_tokens: Annotated[int | None, typer.Option(help="Most tokens, of prompts and answers together.")] = None,
    budget_usd: Annotated[float | None, typer.Option(help="Most US dollars, by the price table.")] = None,
    budget_seconds: Annotated[float | None, typer.Option(help="Most seconds from the start of the run.")] = None,
    budget_tool_calls_per_turn: Annotated[int | None, typer.Option(help="Most tool calls in one turn.")] = None,
    as_json: Json = False,
) -> None:
    """Run a team on a task and show what it says.

    Uses the stack that runs, or starts Temporal and a worker for the run. Ctrl-C cancels the run; a second one leaves
    it to go on.
    """
    from perdure.cli import running

    order = running.Order(
        team=team,
        task=task,
        files=files,
        model=model,
        user=user,
        session=session,
        memory=memory,
        run_id=run_id,
        detach=detach,
        budget={
            "turns": budget_turns,
            "model_calls": budget_model_calls,
            "tokens": budget_tokens,
            "usd": budget_usd,
            "wall_seconds": budget_seconds,
            "tool_calls_per_turn": budget_tool_calls_per_turn,
        },
    )
    raise typer.Exit(running.run(order, as_json=as_json))


@app.command()
def up(
    *,
    port: Annotated[int, typer.Option(help="Port of the Temporal server; 0 takes a free one.")] = 7233,
    ui_port: Annotated[int, typer.Option(help="Port of the Temporal UI; 0 takes a free one.")] = 8233,
    as_json: Json = False,
) -> None:
    """Start Temporal and a worker, until Ctrl-C.

    All of it stops together and nothing is left running. The data stays in the data folder (PERDURE_HOME).
    """
    from perdure.cli import serving

    raise typer.Exit(serving.up(port=port, ui_port=ui_port, as_json=as_json))


@app.command()
def worker(
    *,
    address: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A plain Temporal server to work for, whatever else is set.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a worker alone, until Ctrl-C.

    It works for the server that is set (TEMPORAL_ADDRESS), or for the stack that runs. The same as `python worker.py`.
    """
    from perdure.cli import serving

    raise typer.Exit(serving.worker(address=address, as_json=as_json))


@app.command()
def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 20,
    team: Annotated[str | None, typer.Option(help="Only runs of this team.")] = None,
    flow: Annotated[str | None, typer.Option(help="Only runs of this flow.")] = None,
    user: Annotated[str | None, typer.Option(help="Only runs for this person.")] = None,
    session: Annotated[str | None, typer.Option(help="Only runs of this conversation.")] = None,
    as_json: Json = False,
) -> None:
    """List runs of teams and flows, the latest first."""
    from perdure.cli import looking

    raise typer.Exit(looking.runs(limit=limit, team=team, flow=flow, user=user, session=session, as_json=as_json))


@app.command()
def show(run_id: RunId, as_json: Json = False) -> None:
    """Show where a run or a flow stands, and what was said or done."""
    from perdure.cli import looking

    raise typer.Exit(looking.show(run_id, as_json=as_json))


@app.command()
def cancel(run_id: RunId, as_json: Json = False) -> None:
    """Stop a run or a flow; a model call under way is cut."""
    from perdure.cli import looking

    raise typer.Exit(looking.cancel(run_id, as_json=as_json))


app.add_typer(flow_commands.flow, name="flow")
app.command()(flow_commands.explain)
app.command()(flow_commands.answer)
app.add_typer(state, name="state")
app.add_typer(memory, name="memory")
app.command()(event_commands.emit)
app.add_typer(event_commands.triggers, name="triggers")
app.command()(event_commands.watch)
app.add_typer(event_commands.schedules, name="schedules")
app.add_typer(bench, name="bench")


@app.command()
def teams(as_json: Json = False) -> None:
    """List the teams that can be run."""
    from perdure.cli import catalogue

    raise typer.Exit(catalogue.teams(as_json=as_json))


@app.command()
def tools(as_json: Json = False) -> None:
    """List the tools that agents can use."""
    from perdure.cli import catalogue

    raise typer.Exit(catalogue.tools(as_json=as_json))


@app.command()
def models(as_json: Json = False) -> None:
    """List the models that agents can ask."""
    from perdure.cli import catalogue

    raise typer.Exit(catalogue.models(as_json=as_json))


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is found, what is missing, what to do."""
    from perdure.cli import health

    raise typer.Exit(health.doctor(as_json=as_json))
