"""Values from outside, made into contracts."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from contracts.errors import BadRequest
from contracts.state import DEFAULT_TENANT, MAIN, Place
from perdure.settings import one_line

_Model = TypeVar("_Model", bound=BaseModel)


def made(model: type[_Model], values: Any, *, what: str = "") -> _Model:
    """Return a contract made of these values.

    Args:
        model: the contract.
        values: its fields.
        what: goes before the fault, such as "the trigger".

    Raises:
        BadRequest: a field is wrong; the message names each of them.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise BadRequest(f"{what}: {one_line(error)}" if what else one_line(error)) from error


def place(name: str, *, branch: str = MAIN, tenant: str = DEFAULT_TENANT) -> Place:
    """Return the place of a document that is called "namespace/key".

    Raises:
        BadRequest: it has no key, or a part of it is not allowed.
    """
    namespace, found, key = name.partition("/")
    if not found:
        raise BadRequest(f"{name!r} names no document: write NAMESPACE/KEY, such as tickets/17")
    values = {"namespace": namespace, "key": key, "branch": branch, "tenant": tenant}
    return made(Place, values, what=f"the document {name[:200]!r}")
