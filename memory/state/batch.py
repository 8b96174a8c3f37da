"""A batch of commands: what is to be loaded for it, and what becomes of each command."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from contracts.errors import PerdureError
from memory.state.world import Command, Need, World


class Outcome(NamedTuple):
    """What a command returned, or why it was refused."""

    result: Any
    refusal: Exception | None


def unmet(commands: Sequence[Command[Any]], world: World) -> list[Need]:
    """Return what must be loaded before the commands can be planned; load it and ask again until nothing is left."""
    if not world.grows:
        return []
    world.grows = False
    wanted = (need for command in commands for need in _needs(command, world) if not world.knows(need))
    return list({(type(need), need): need for need in wanted}.values())


def _needs(command: Command[Any], world: World) -> Iterator[Need]:
    with suppress(PerdureError):  # planning the command says it to its caller
        yield from command.needs(world)


def planned(command: Command[Any], world: World) -> Outcome:
    """Plan a command. One that is refused changes nothing, and the others go on."""
    try:
        return Outcome(command.plan(world), None)
    except Exception as refusal:  # noqa: BLE001 - told to its caller; a fault in one must not fail the others
        return Outcome(None, refusal)
