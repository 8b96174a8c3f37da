"""The types of values, as far as they are known before a value is there, and how they follow from a JSON schema."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

JsonSchema = Mapping[str, Any]

_BY_JSON_TYPE = {
    "boolean": "bool",
    "integer": "int",
    "number": "number",
    "string": "string",
    "null": "null",
    "array": "list",
    "object": "map",
}
_MOST_REFERENCES = 20


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is known of a value's type.

    Attributes:
        name: any, bool, int, double, number (int or double, as in JSON), string, null, list, map, timestamp, duration.
        items: of a list.
        fields: of a map; None where nothing is known of them.
        is_open: whether a map may have fields that are not in `fields`.
        allowed: the only texts that are possible (`enum`).
        whole: the schema that `$ref` refers to.
    """

    name: str
    items: Kind | None = None
    fields: Mapping[str, Any] | None = None
    is_open: bool = True
    allowed: tuple[str, ...] | None = None
    whole: JsonSchema = field(default_factory=dict, repr=False)

    @property
    def is_any(self) -> bool:
        """Whether nothing is known."""
        return self.name == "any"

    @property
    def is_number(self) -> bool:
        """Whether it is a number of any sort."""
        return self.name in {"int", "double", "number"}

    def of_field(self, name: str) -> Kind:
        """Return what is known of a field that the schema does not deny."""
        if self.fields is None or name not in self.fields:
            return ANY
        return from_schema(self.fields[name], whole=self.whole)

    def lacks(self, name: str) -> bool:
        """Whether the schema denies that there is such a field."""
        return self.fields is not None and not self.is_open and name not in self.fields


ANY = Kind(name="any")
BOOL = Kind(name="bool")
INT = Kind(name="int")
DOUBLE = Kind(name="double")
STRING = Kind(name="string")
NULL = Kind(name="null")
TIMESTAMP = Kind(name="timestamp")
DURATION = Kind(name="duration")


def from_schema(schema: Any, *, whole: JsonSchema | None = None) -> Kind:
    """Return what a JSON schema says of a value's type; what it leaves open (anyOf, several types) is any.

    Args:
        schema: the schema; None, True and {} say nothing.
        whole: where `$ref` looks; by default the schema itself.
    """
    if not isinstance(schema, Mapping):
        return ANY
    whole = schema if whole is None else whole
    schema = _resolved(schema, whole)
    name = _name(schema)
    if name == "list":
        items = from_schema(schema.get("items"), whole=whole)
        return Kind(name=name, items=items)
    if name == "map":
        return _map(schema, whole)
    return Kind(name=name, allowed=_allowed(schema))


def merged(one: Kind, other: Kind) -> Kind:
    """Return what is known of a value that is one or the other."""
    if one == other:
        return one
    if one.is_number and other.is_number:
        return Kind(name="number")
    if one.name == other.name and one.name in {"string", "bool"}:
        return Kind(name=one.name)
    if one.name == other.name == "list":
        return list_of(merged(one.items or ANY, other.items or ANY))
    return Kind(name="map") if one.name == other.name == "map" else ANY


def list_of(items: Kind) -> Kind:
    """Return the kind of a list of such items."""
    return Kind(name="list", items=items)


def _resolved(schema: JsonSchema, whole: JsonSchema) -> JsonSchema:
    for _ in range(_MOST_REFERENCES):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        found: Any = whole if reference.startswith("#") else {}
        for part in reference.lstrip("#").strip("/").split("/") if reference != "#" else ():
            found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, Mapping) else {}
        schema = found if isinstance(found, Mapping) else {}
    return {}


def _name(schema: JsonSchema) -> str:
    names = _said(schema.get("type"))
    if names == {"integer", "number"}:
        return "number"
    if names:
        return _BY_JSON_TYPE.get(next(iter(names)), "any") if len(names) == 1 else "any"
    if _allowed(schema) is not None:
        return "string"
    return "map" if "properties" in schema else "any"


def _said(types: Any) -> set[str]:
    if isinstance(types, str):
        return {types}
    return {name for name in types if isinstance(name, str)} if isinstance(types, list | tuple) else set()


def _map(schema: JsonSchema, whole: JsonSchema) -> Kind:
    fields = schema.get("properties")
    more = schema.get("additionalProperties", schema.get("patternProperties", False))
    combined = any(word in schema for word in ("anyOf", "oneOf", "allOf", "if"))
    if not isinstance(fields, Mapping):
        return Kind(name="map")
    return Kind(name="map", fields=fields, is_open=combined or more is not False, whole=whole)


def _allowed(schema: JsonSchema) -> tuple[str, ...] | None:
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    if not isinstance(values, list) or not values or not all(isinstance(value, str) for value in values):
        return None
    return tuple(values)
