"""State machines: which way a document may go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from contracts.errors import BadRequest, ExpressionFailed, IllegalTransition
from contracts.state import StateMachine, Transition


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A change of a document.

    Attributes:
        place: how errors name the document.
        old, new: its values; None where it is not there.
        made, deleted: whether it was not there, or will not be there.
        leap: a rollback or a merge: no transition is needed, but the state must be known.
    """

    place: str
    old: Any
    new: Any
    made: bool = False
    deleted: bool = False
    leap: bool = False


def transition(machine: StateMachine, move: Move) -> str | None:
    """Return the name of the transition that a move is; None where the state stays, or nothing was there.

    Raises:
        IllegalTransition: the machine does not allow it.
    """
    source = None if move.made else state_of(machine, move.old)
    if move.deleted:
        _check_deletion(machine, move, source)
        return None
    target = state_of(machine, move.new)
    if target not in machine.states:
        raise _illegal(machine, move, source, target, why=f"{target!r} is no state: {', '.join(machine.states)}")
    if move.leap or source == target:
        return None
    if move.made:
        if target not in machine.initial:
            raise _illegal(machine, move, source, target, why="no document begins there")
        return None
    return _taken(machine, move, source, target)


def state_of(machine: StateMachine, value: Any) -> str | None:
    """Return the state that a value says it has; None where the field is not there, or no text."""
    for part in machine.field.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value if isinstance(value, str) else None


def check(machine: StateMachine, schema: dict[str, Any] | None) -> None:
    """Refuse a machine that cannot work.

    Raises:
        BadRequest: it names a state that it does not have, has one twice, or leaves a final one.
        InvalidExpression: a guard does not compile.
    """
    if len(set(machine.states)) < len(machine.states):
        raise BadRequest(f"the machine has a state twice: {', '.join(machine.states)}")
    _check_known(machine, (*machine.initial, *machine.final))
    for way in machine.transitions:
        _check_way(machine, way)
        if way.guard is not None:
            _check_guard(way.guard, schema)


def _check_way(machine: StateMachine, way: Transition) -> None:
    if way.target == "*":
        raise BadRequest(f"the transition {way.event!r} must have one target, not '*'")
    if leaves := [state for state in way.source if state in machine.final]:
        raise BadRequest(f"the transition {way.event!r} leaves {leaves[0]!r}, which is final")
    _check_known(machine, (*way.source, way.target), more=("*",))


def _check_known(machine: StateMachine, states: Iterable[str], *, more: Sequence[str] = ()) -> None:
    if unknown := [state for state in states if state not in machine.states and state not in more]:
        raise BadRequest(f"{unknown[0]!r} is not one of the machine's states: {', '.join(machine.states)}")


def _check_guard(guard: str, schema: dict[str, Any] | None) -> None:
    from expressions.checker import check as check_expression  # Loads the grammar: only where there is a guard.

    check_expression(guard, {"old": schema, "new": schema}, expects="bool")


def _check_deletion(machine: StateMachine, move: Move, source: str | None) -> None:
    if not move.made and not move.leap and source not in machine.final:
        final = ", ".join(machine.final) or "there is none"
        raise _illegal(machine, move, source, None, why=f"only documents in a final state may be deleted: {final}")


def _taken(machine: StateMachine, move: Move, source: str | None, target: str | None) -> str:
    """Return the first transition whose guard is true."""
    why = "there is no such transition"
    for way in _ways(machine, source):
        if way.target != target:
            continue
        if way.guard is None:
            return way.event
        refusal = _refusal(way.guard, move)
        if refusal is None:
            return way.event
        why = refusal
    raise _illegal(machine, move, source, target, why=why)


def _refusal(guard: str, move: Move) -> str | None:
    from expressions.evaluator import evaluate  # Loads the engine: only where there is a guard.

    try:
        if evaluate(guard, {"old": move.old, "new": move.new}) is True:
            return None
    except ExpressionFailed as error:
        return f"its guard fails: {error}"
    return f"its guard {guard!r} is not true"


def _ways(machine: StateMachine, source: str | None) -> Iterator[Transition]:
    if source is not None and source not in machine.final:
        yield from (way for way in machine.transitions if source in way.source or "*" in way.source)


def _illegal(
    machine: StateMachine, move: Move, source: str | None, target: str | None, *, why: str
) -> IllegalTransition:
    if move.made:
        allowed = [f"new -> {state}" for state in machine.initial]
    else:
        allowed = [f"{way.event} -> {way.target}" for way in _ways(machine, source)]
    return IllegalTransition(move.place, source=source, target=target, allowed=allowed, why=why)
