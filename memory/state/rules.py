"""Rules of a namespace: its JSON schema and its state machine, checked for each write.

Rules are documents themselves, under `perdure.rules/<namespace>`; they hold for commits that come after the one that
wrote them. Bad rules are refused when they are written.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError, best_match
from pydantic import ValidationError as FieldError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from contracts.errors import BadRequest, InvalidExpression, SchemaViolation
from contracts.state import RULES_NAMESPACE, Rules
from memory.state import machines
from memory.state.rows import Version, json_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One change that rules are asked about.

    Attributes:
        place: how errors name the document.
        namespace: of the document.
        before: its JSON text until now; None where it is not there.
        after: its JSON text from now on; None where it is deleted.
        leap: a rollback or a merge: the state must be one of the machine's, however it came there.
    """

    place: str
    namespace: str
    before: str | None
    after: str | None
    leap: bool = False


@dataclass(frozen=True, slots=True)
class _Compiled:
    rules: Rules
    validator: Draft202012Validator | None


def checked(rules: Version | None, step: Step) -> str | None:
    """Return the name of the transition that a change is, None where there is none.

    Args:
        rules: the row that holds the namespace's rules.
        step: the change.

    Raises:
        SchemaViolation: the new value does not fit the schema.
        IllegalTransition: the state machine does not allow that way.
        BadRequest: it writes rules that cannot hold.
    """
    if step.namespace == RULES_NAMESPACE:
        _check_rules(step)
    if rules is None or rules.gone:
        return None
    compiled = _compiled(rules.seq, rules.value)
    before = None if step.before is None else json_value(step.before)
    after = None if step.after is None else json_value(step.after)
    if compiled.validator is not None and step.after is not None:
        _check_schema(compiled.validator, after, place=step.place)
    if compiled.rules.machine is None:
        return None
    return machines.transition(
        compiled.rules.machine,
        machines.Move(
            place=step.place,
            old=before,
            new=after,
            made=step.before is None,
            deleted=step.after is None,
            leap=step.leap,
        ),
    )


@lru_cache(maxsize=256)
def _compiled(seq: int, text: str) -> _Compiled:
    del seq  # the same text compiles to the same; the number makes the look-up short
    rules = Rules.model_validate_json(text)
    return _Compiled(rules, None if rules.json_schema is None else _validator(rules.json_schema))


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    # An empty registry: a reference to elsewhere is refused, never fetched.
    return Draft202012Validator(schema, registry=Registry())


def _check_schema(validator: Draft202012Validator, value: Any, *, place: str) -> None:
    error: ValidationError | None = best_match(validator.iter_errors(value))
    if error is not None:
        raise SchemaViolation(f"{place} does not fit its schema: {error.json_path}: {_cut(error.message)}")


def _cut(message: str) -> str:
    return message if len(message) <= 500 else f"{message[:250]} … {message[-250:]}"


def _check_rules(step: Step) -> None:
    if step.after is None:
        return
    try:
        rules = Rules.model_validate_json(step.after)
        if rules.json_schema is not None:
            Draft202012Validator.check_schema(rules.json_schema)
            _check_references(rules.json_schema)
        if rules.machine is not None:
            machines.check(rules.machine, rules.json_schema)
    except FieldError as error:
        first = error.errors()[0]
        raise BadRequest(f"{step.place}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from error
    except SchemaError as error:
        raise BadRequest(
            f"{step.place}: the JSON schema is wrong at {error.json_path}: {_cut(error.message)}"
        ) from error
    except InvalidExpression:
        raise
    except BadRequest as error:
        raise BadRequest(f"{step.place}: {error}") from error


def _check_references(schema: dict[str, Any]) -> None:
    resolver = Registry().resolver_with_root(DRAFT202012.create_resource(schema))
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except (Unresolvable, ValueError) as error:
            raise BadRequest(
                f"the JSON schema refers to {reference!r}, which is not there: references must stay inside the schema"
            ) from error


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for name, value in part.items():
            if name in {"$ref", "$dynamicRef"} and isinstance(value, str):
                yield value
            yield from _references(value)
    elif isinstance(part, list):
        for item in part:
            yield from _references(item)
