"""Makes small JSON values that fit a schema, out of what the task says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from agents.situation import numbers

_DEEPEST = 12
_FAR = 1e300
_FORMATS = {
    "date": "2000-01-01",
    "date-time": "2000-01-01T00:00:00Z",
    "duration": "PT0S",
    "email": "nobody@example.com",
    "ipv4": "127.0.0.1",
    "time": "00:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}


class Sample:
    """Values for schemas, taken from a text where they can be.

    Args:
        schema: the whole schema, in which `$ref` is looked up.
        text: what plain strings say.
        task: where numbers are taken from, each once.
    """

    def __init__(self, schema: Mapping[str, Any], *, text: str, task: str) -> None:
        self._schema = schema
        self._text = text
        self._numbers: Iterator[float] = iter(numbers(task))

    def value(self, schema: Mapping[str, Any] | None = None, *, depth: int = 0) -> Any:
        """The smallest value that fits; the whole schema's without an argument."""
        rule = self._resolved(self._schema if schema is None else schema)
        if "const" in rule:
            return rule["const"]
        if "enum" in rule:
            return rule["enum"][0]
        if "default" in rule:
            return rule["default"]
        if choices := rule.get("anyOf") or rule.get("oneOf"):
            return self.value(self._choice(choices, depth), depth=depth + 1)
        if parts := rule.get("allOf"):
            return self.value(_merged([self._resolved(part) for part in parts]), depth=depth + 1)
        return self._plain(rule, depth)

    def _plain(self, rule: Mapping[str, Any], depth: int) -> Any:
        kind = rule.get("type", "object" if "properties" in rule else "string")
        kind = kind[0] if isinstance(kind, list) else kind
        if kind == "object":
            return self._object(rule, depth)
        if kind == "array":
            return self._array(rule, depth)
        if kind in ("integer", "number"):
            return self._number(rule, whole=kind == "integer")
        if kind == "string":
            return self._string(rule)
        return True if kind == "boolean" else None

    def _object(self, rule: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = rule.get("properties", {})
        # No finite value fits a schema that needs itself again and again.
        needed = rule.get("required", []) if depth < 2 * _DEEPEST else []
        return {name: self.value(properties.get(name, {}), depth=depth + 1) for name in needed}

    def _array(self, rule: Mapping[str, Any], depth: int) -> list[Any]:
        fixed = [self.value(item, depth=depth + 1) for item in rule.get("prefixItems", [])]
        missing = max(0, int(rule.get("minItems", 0)) - len(fixed))
        return fixed + [self.value(rule.get("items", {}), depth=depth + 1) for _ in range(missing)]

    def _number(self, rule: Mapping[str, Any], *, whole: bool) -> float:
        step = 1 if whole else 0.5
        low = rule.get("minimum", rule.get("exclusiveMinimum", -_FAR) + step)
        high = rule.get("maximum", rule.get("exclusiveMaximum", _FAR) - step)
        found = next(self._numbers, None)
        if found is None or not low <= found <= high:
            found = min(max(0, low), high)
        return int(found) if whole else found

    def _string(self, rule: Mapping[str, Any]) -> str:
        if rule.get("format") in _FORMATS:
            return _FORMATS[rule["format"]]
        text = self._text
        shortest = int(rule.get("minLength", 0))
        return text.ljust(shortest, ".")[: int(rule.get("maxLength", len(text) + shortest))]

    def _choice(self, choices: list[Mapping[str, Any]], depth: int) -> Mapping[str, Any]:
        simple = [one for one in choices if self._resolved(one).get("type") == "null"]
        full = [one for one in choices if one not in simple]
        return (full if full and depth < _DEEPEST else simple or full)[0]

    def _resolved(self, rule: Mapping[str, Any]) -> Mapping[str, Any]:
        while "$ref" in rule:
            found: Any = self._schema
            for part in rule["$ref"].removeprefix("#/").split("/"):
                found = found[part]
            rule = {**found, **{key: value for key, value in rule.items() if key != "$ref"}}
        return rule


def _merged(parts: list[Mapping[str, Any]]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        merged |= part
    merged["properties"] = {name: rule for part in parts for name, rule in part.get("properties", {}).items()}
    merged["required"] = [name for part in parts for name in part.get("required", [])]
    return merged
