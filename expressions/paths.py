"""Templates whose expressions are plain paths, such as `${input.customer.name}`: filled without an engine.

Pure and deterministic, so that workflows may use it. `expressions.templates` fills templates of any expression.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from contracts.errors import ExpressionFailed, InvalidExpression

_WORDS = frozenset({"true", "false", "null", "in"})
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_STEP = re.compile(rf"""\s*(?:\.\s*({_NAME})|\[\s*(?:(\d{{1,9}})|"([^"\\\n]*)"|'([^'\\\n]*)')\s*\])""")
_ROOT = re.compile(rf"\s*({_NAME})")
# Braces inside of a text do not end an expression: what is skipped are raw texts, texts with escapes, and braces.
_TOKEN = re.compile(r"""[rR](?:"[^"\n]*"|'[^'\n]*')|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|[{}]""")
_OPENING = re.compile(r"\$\$\{|\$\{")


class Part(NamedTuple):
    """A piece of a template: text as it is, or an expression (without its `${` and `}`)."""

    text: str
    is_expression: bool


def is_template(value: Any) -> bool:
    """Whether a value (text, or dicts and lists of such) holds any `${…}`; `$${` stands for the signs themselves."""
    return any(_OPENING.search(text) for text in _texts(value))


def is_plain(template: Any) -> bool:
    """Whether all expressions in a template are plain paths, so that `fill` of this module can fill it."""
    return all(plain_path(expression) is not None for expression in expressions_in(template))


def expressions_in(template: Any) -> list[str]:
    """Return the expressions of all `${…}` in a template, in their order.

    Raises:
        InvalidExpression: a `${` has no `}`, or nothing is inside.
    """
    return [part.text for text in _texts(template) for part in parts(text) if part.is_expression]


def fill(template: Any, bindings: Mapping[str, Any]) -> Any:
    """Put values into a template of plain paths.

    A text that is exactly one `${…}` becomes the value with its type; in other texts values are put in as text
    (anything but text as JSON). Dicts and lists are walked, names in dicts stay as they are. What is put in is not
    searched for `${` again.

    Raises:
        ExpressionFailed: a path leads to nothing.
        InvalidExpression: an expression is not a plain path.
    """
    if isinstance(template, str):
        return joined([look_up(part.text, bindings) if part.is_expression else part for part in parts(template)])
    if isinstance(template, Mapping):
        return {name: fill(value, bindings) for name, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, bindings) for value in template]
    return template


def look_up(path: str, bindings: Mapping[str, Any]) -> Any:
    """Return what a plain path leads to, such as `steps.find.output.items[0]`.

    Raises:
        ExpressionFailed: it leads to nothing.
        InvalidExpression: it is not a plain path.
    """
    steps = plain_path(path)
    if steps is None:
        raise InvalidExpression("this is not a plain path such as input.customer.name", expression=path)
    value: Any = bindings
    for number, step in enumerate(steps):
        value = _inner(value, step, path=path, before=steps[:number])
    return value


@lru_cache(maxsize=4096)
def plain_path(expression: str) -> tuple[str | int, ...] | None:
    """Return the names and places that a plain path goes through; None if the expression is anything else."""
    root = _ROOT.match(expression)
    if root is None or root[1] in _WORDS:
        return None
    steps: list[str | int] = [root[1]]
    place, end = root.end(), len(expression.rstrip())
    while place < end:
        match = _STEP.match(expression, place)
        if match is None or match[1] in _WORDS:
            return None
        steps.append(int(match[2]) if match[2] else next(name for name in match.group(1, 3, 4) if name is not None))
        place = match.end()
    return tuple(steps)


@lru_cache(maxsize=4096)
def parts(text: str) -> tuple[Part, ...]:
    """Cut a text into what stays and what is an expression.

    Raises:
        InvalidExpression: a `${` has no `}`, or nothing is inside.
    """
    found: list[Part] = []
    place, plain = 0, ""
    while opening := _OPENING.search(text, place):
        plain += text[place : opening.start()]
        if opening.group() == "$${":
            plain, place = plain + "${", opening.end()
            continue
        end = _end(text, opening.end())
        found += [Part(plain, is_expression=False)] if plain else []
        found += [Part(text[opening.end() : end], is_expression=True)]
        plain, place = "", end + 1
    plain += text[place:]
    return (*found, Part(plain, is_expression=False)) if plain or not found else tuple(found)


def joined(pieces: list[Any]) -> Any:
    """Put together what became of a template's parts: plain `Part`s and values. One value alone keeps its type."""
    if len(pieces) == 1 and not isinstance(pieces[0], Part):
        return pieces[0]
    return "".join(piece.text if isinstance(piece, Part) else as_text(piece) for piece in pieces)


def as_text(value: Any) -> str:
    """Return how a value reads inside of a text: text as it is, anything else as JSON with sorted names."""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(", ", ": "))


def written(steps: tuple[str | int, ...]) -> str:
    """Return a path as people write it: `steps.find.output.items[0]`."""
    text = str(steps[0])
    for step in steps[1:]:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if re.fullmatch(_NAME, step) and step not in _WORDS else f"[{json.dumps(step)}]"
    return text


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _end(text: str, start: int) -> int:
    depth = 0
    for token in _TOKEN.finditer(text, start):
        if token.group() == "{":
            depth += 1
        elif token.group() == "}" and depth:
            depth -= 1
        elif token.group() == "}":
            if not text[start : token.start()].strip():
                raise _fault("there is nothing between ${ and }", text, start)
            return token.start()
    raise _fault("the ${ that begins here has no }; write $${ for the signs themselves", text, start)


def _fault(message: str, text: str, start: int) -> InvalidExpression:
    before = text[: start - 2]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    return InvalidExpression(message, expression=text, line=line, column=column)


def _inner(value: Any, step: str | int, *, path: str, before: tuple[str | int, ...]) -> Any:
    if isinstance(step, str) and isinstance(value, Mapping) and step in value:
        return value[step]
    if isinstance(step, int) and isinstance(value, list | tuple) and step < len(value):
        return value[step]
    if not before:
        known = ", ".join(sorted(map(str, value))) or "none"
        raise ExpressionFailed(f"there is no {step!r}; known are {known}", expression=path.strip(), values={})
    raise ExpressionFailed(_lack(value, step), expression=path.strip(), values={written(before): shortened(value)})


def _lack(value: Any, step: str | int) -> str:
    if isinstance(step, int) and isinstance(value, list | tuple):
        return f"the list has {len(value)} items and none at {step}"
    if isinstance(step, str) and isinstance(value, Mapping):
        return f"there is no field {step!r}"
    return f"{type(value).__name__} has no {step!r}"


def shortened(value: Any, *, most: int = 200) -> Any:
    """Return a value for people and records: cut where its JSON has more than `most` characters."""
    try:
        text = as_text(value)
    except TypeError:  # It is no JSON, and that is what is being told.
        return repr(value)[:most]
    return value if len(text) <= most else text[:most] + f"… ({len(text):,} characters)"
