"""JSON schemas of answers and inputs: what is wrong with a value, in one line."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.exceptions import Unresolvable

from contracts.errors import SchemaViolation

_MOST_CHARACTERS = 500
# Empty: nothing is ever fetched for a schema.
_REGISTRY: Registry[Any] = Registry()


def fault(value: Any, schema: dict[str, Any]) -> str | None:
    """Say why a value does not fit a schema (2020-12); None where it fits."""
    try:
        found = best_match(_validator(json.dumps(schema, sort_keys=True)).iter_errors(value))
    except Unresolvable as error:
        return f"the schema refers to {error.ref!r}, which is not in it"
    if found is None:
        return None
    where = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found.absolute_path).lstrip(".")
    said = found.message if len(found.message) <= _MOST_CHARACTERS else f"{found.message[:_MOST_CHARACTERS]}…"
    return f"{where}: {said}" if where else said


def check(what: str, value: Any, schema: dict[str, Any]) -> None:
    """Refuse a value that does not fit.

    Raises:
        SchemaViolation: it does not; the message names the field and the rule.
    """
    if (wrong := fault(value, schema)) is not None:
        raise SchemaViolation(f"{what} does not fit its schema: {wrong}")


@lru_cache(maxsize=256)
def _validator(schema: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema), registry=_REGISTRY)
