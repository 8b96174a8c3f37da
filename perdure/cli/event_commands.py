"""`perdure emit`, `watch`, `triggers …` and `schedules …`: what each command takes."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from perdure.cli.options import By, Json, OfTenant, Why

DEFAULT_TENANT = "default"

triggers = typer.Typer(
    help="Say what follows from events.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
schedules = typer.Typer(help="Emit events at set times.", no_args_is_help=True, rich_markup_mode=None)
EventType = Annotated[str, typer.Argument(metavar="TYPE", help="What happened, such as invoice.paid.")]
Data = Annotated[str | None, typer.Option(metavar="VALUE", help="Data as JSON, @FILE or -.")]
Source = Annotated[str | None, typer.Option(metavar="TEXT", help="Who tells.")]
Subject = Annotated[
    str | None, typer.Option(metavar="TEXT", help="What it is about; events of one subject keep their order.")
]


def emit(
    kind: EventType,
    *,
    data: Data = None,
    source: Source = None,
    subject: Subject = None,
    event_id: Annotated[
        str | None, typer.Option("--id", metavar="TEXT", help="Unique within its source: a repeat starts nothing new.")
    ] = None,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Emit an event.

    It is kept in the database at once; workers hand it to triggers and to runs that wait for it.
    """
    from perdure.cli import documents, happenings

    happening = happenings.Happening(kind=kind, data=data, source=source, subject=subject, id=event_id)
    raise typer.Exit(happenings.emit(happening, documents.Where(tenant=tenant), as_json=as_json))


def watch(
    pattern: Annotated[
        str, typer.Argument(metavar="PATTERN", help="Type of the events; * at the end stands for any rest.")
    ] = "*",
    *,
    since: Annotated[
        int | None, typer.Option(min=0, help="Begin after this sequence; 0 is the beginning. By default: now.")
    ] = None,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many events.")] = None,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Show events as they come, until Ctrl-C.

    Changes of state are events of the type perdure.state.changed.
    """
    from perdure.cli import documents, happenings

    where = documents.Where(tenant=tenant)
    raise typer.Exit(happenings.watch(pattern, where, since=since, count=count, as_json=as_json))


@triggers.command("list")
def list_triggers(*, tenant: OfTenant = DEFAULT_TENANT, as_json: Json = False) -> None:
    """List the triggers."""
    from perdure.cli import happenings

    raise typer.Exit(happenings.list_triggers(tenant=tenant, as_json=as_json))


@triggers.command("add")
def add_trigger(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the trigger; one of that name is replaced.")],
    *,
    on: Annotated[str, typer.Option(metavar="TYPE", help="Type of the events; * at the end stands for any rest.")],
    source: Annotated[str | None, typer.Option(metavar="TEXT", help="Only events of this source.")] = None,
    when: Annotated[str | None, typer.Option(metavar="CEL", help="Only events for which this is true.")] = None,
    start_flow: Annotated[str | None, typer.Option(metavar="FLOW", help="Start this registered flow.")] = None,
    input_: Annotated[
        str | None, typer.Option("--input", metavar="VALUE", help="Its input as JSON; may hold ${event.…}.")
    ] = None,
    start_team: Annotated[str | None, typer.Option(metavar="TEAM", help="Start a run of this team.")] = None,
    task: Annotated[str | None, typer.Option(metavar="TEXT", help="Its task; may hold ${event.…}.")] = None,
    signal: Annotated[
        str | None, typer.Option(metavar="RUN", help="Hand the event to this run; may hold ${event.…}.")
    ] = None,
    attempts: Annotated[int, typer.Option(min=1, max=100, help="Deliveries before it is given up.")] = 5,
    off: Annotated[bool, typer.Option("--off", help="Keep it, and do not use it.")] = False,
    why: Why = None,
    by: By = None,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Say what follows when an event comes."""
    from perdure.cli import documents, happenings, values

    given = {} if input_ is None else values.json_object(input_, what="--input")
    trigger: dict[str, Any] = {
        "name": name,
        "type": on,
        "source": source,
        "when": when,
        "start_flow": start_flow and {"flow": start_flow, "input": given},
        "start_team": start_team and {"team": start_team, "task": task or ""},
        "signal": signal and {"run": signal},
        "attempts": attempts,
        "enabled": not off,
    }
    where = documents.Where(tenant=tenant, by=by)
    kept = {field: value for field, value in trigger.items() if value is not None}
    raise typer.Exit(happenings.add_trigger(kept, where, why=why, as_json=as_json))


@triggers.command("remove")
def remove_trigger(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the trigger.")],
    *,
    by: By = None,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Remove a trigger."""
    from perdure.cli import documents, happenings

    raise typer.Exit(happenings.remove_trigger(name, documents.Where(tenant=tenant, by=by), as_json=as_json))


@triggers.command()
def dead(
    *,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """List the deliveries that were given up, with their last error."""
    from perdure.cli import happenings

    raise typer.Exit(happenings.dead(limit=limit, tenant=tenant, as_json=as_json))


@triggers.command()
def replay(
    delivery: Annotated[int, typer.Argument(metavar="ID", help="Id of the delivery, as `dead` shows it.")],
    *,
    tenant: OfTenant = DEFAULT_TENANT,
    as_json: Json = False,
) -> None:
    """Deliver again what was given up."""
    from perdure.cli import happenings

    raise typer.Exit(happenings.replay(delivery, tenant=tenant, as_json=as_json))


@schedules.command("list")
def list_schedules(as_json: Json = False) -> None:
    """List the schedules."""
    from perdure.cli import timetables

    raise typer.Exit(timetables.list_schedules(as_json=as_json))


@schedules.command("add")
def add_schedule(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the schedule; one of that name is replaced.")],
    kind: EventType,
    *,
    cron: Annotated[str | None, typer.Option(metavar="FIELDS", help="Five fields, such as '0 8 * * 1'.")] = None,
    every: Annotated[float | None, typer.Option(metavar="SECONDS", help="Instead: every so many seconds.")] = None,
    timezone: Annotated[str, typer.Option(metavar="ZONE", help="Time zone of --cron, such as Europe/Vienna.")] = "UTC",
    data: Data = None,
    source: Source = None,
    subject: Subject = None,
    paused: Annotated[bool, typer.Option("--paused", help="Keep it, and do not use it.")] = False,
    as_json: Json = False,
) -> None:
    """Emit an event at set times."""
    from perdure.cli import timetables, values

    event = {
        "id": name,
        "source": source or f"/perdure/schedules/{name}",
        "type": kind,
        "subject": subject,
        "data": None if data is None else values.json_value(data, what="--data"),
    }
    schedule = {
        "name": name,
        "event": event,
        "cron": cron,
        "every_seconds": every,
        "timezone": timezone,
        "paused": paused,
    }
    raise typer.Exit(timetables.add(schedule, as_json=as_json))


@schedules.command("remove")
def remove_schedule(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the schedule.")], as_json: Json = False
) -> None:
    """End a schedule."""
    from perdure.cli import timetables

    raise typer.Exit(timetables.remove(name, as_json=as_json))
