"""Reads YAML as its version 1.2 does, so that `on`, `no` and `12:30` are the texts that they look like.

Aliases, anchors and tags are refused: a small text could grow beyond all memory by them, and none is needed here.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import Any

from yaml import MappingNode, Node, ScalarNode, SequenceNode, YAMLError
from yaml.composer import Composer, ComposerError
from yaml.error import Mark
from yaml.events import AliasEvent, Event, NodeEvent
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

from flows.faults import Fault, Path
from flows.sources import Span

MAX_DEPTH = 40
_TAG = "tag:yaml.org,2002:"
# What YAML 1.1 takes for true and false, and many people and editors still do.
_DOUBTFUL = {"yes", "no", "on", "off"}


class _Composer(Reader, Scanner, Parser, Composer, BaseResolver):
    """PyYAML's own parts, but for the types that a plain word can have, and without aliases."""

    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)
        self._depth = 0

    def compose_node(self, parent: Node | None, index: int) -> Node | None:
        """Compose one node. See PyYAML's `Composer.compose_node`."""
        event: Event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, NodeEvent) and event.anchor is not None:
            sign = "*" if isinstance(event, AliasEvent) else "&"
            problem = f"{sign}{event.anchor} is not read: write out what it stands for, without anchors and aliases"
            raise ComposerError(None, None, problem, event.start_mark)  # type: ignore[arg-type]
        self._depth += 1
        if self._depth > MAX_DEPTH:
            problem = f"this is nested deeper than {MAX_DEPTH}"
            raise ComposerError(None, None, problem, event.start_mark)  # type: ignore[arg-type]
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


for _name, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("float", r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)", list("-+.")),
):
    _Composer.add_implicit_resolver(f"{_TAG}{_name}", re.compile(rf"(?:{_pattern})\Z"), _first)


@dataclass(kw_only=True)
class Reading:
    """What was read: the value, where its parts stand, and what is wrong with it.

    Attributes:
        doubtful: plain words that YAML 1.1 takes for true or false.
    """

    value: Any = None
    names: dict[Path, Span] = field(default_factory=dict)
    values: dict[Path, Span] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    doubtful: dict[Path, str] = field(default_factory=dict)

    def take(self, node: Node, path: Path) -> Any:
        """Return a node's value, and note where it stands."""
        self.values[path] = Span(start=node.start_mark.index, end=node.end_mark.index)
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            self._refuse_tag(node, path, "seq")
            return [self.take(part, (*path, place)) for place, part in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> dict[str, Any]:
        self._refuse_tag(node, path, "map")
        found: dict[str, Any] = {}
        for name_node, part in node.value:
            if not isinstance(name_node, ScalarNode):
                self.faults.append(Fault(path=path, message="a name is a list or a mapping here: names are texts"))
                continue
            name = str(name_node.value)
            here = (*path, name)
            if name in found:
                self.faults.append(Fault(path=here, message="stands here twice: remove one", at_name=True))
            self.names[here] = Span(start=name_node.start_mark.index, end=name_node.end_mark.index)
            found[name] = self.take(part, here)
        return found

    def _scalar(self, node: Node, path: Path) -> Any:
        if isinstance(node, ScalarNode) and node.style is None and node.value.lower() in _DOUBTFUL:
            self.doubtful[path] = node.value
        try:
            return _converted(node.tag, _whole_characters(node.value))
        except ValueError as error:
            self.faults.append(Fault(path=path, message=str(error)))
            return None

    def _refuse_tag(self, node: Node, path: Path, kind: str) -> None:
        if node.tag != f"{_TAG}{kind}":
            self.faults.append(Fault(path=path, message=f"the tag {node.tag!r} is not known here: leave it out"))


def _whole_characters(text: str) -> str:
    """Put characters together that JSON writes in two halves."""
    try:
        found = text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError as error:
        raise ValueError("the text holds half a character (a lone surrogate): remove it") from error
    if "\x00" in found:
        raise ValueError("the text holds the character NUL: remove it")
    return found


def _converted(tag: str, text: str) -> Any:
    kind = tag.removeprefix(_TAG)
    if kind == "str":
        return text
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind == "int":
        return _whole(text)
    if kind != "float":
        raise ValueError(f"the tag {tag!r} is not known here: leave it out")
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number that JSON knows")
    return number


def _whole(text: str) -> int:
    number = int(text, 16) if text.startswith("0x") else int(text[:40])
    if len(text) > 40 or not -(2**63) <= number < 2**63:
        raise ValueError(f"{text[:40]} is beyond the whole numbers that conditions know (64 bits): write it as text")
    return number


def read(text: str) -> Reading:
    """Read a text.

    Raises:
        yaml.YAMLError: it is no YAML.
    """
    composer = _Composer(text)
    node = composer.get_single_node()
    reading = Reading()
    if node is not None:
        reading.value = reading.take(node, ())
    return reading


def read_json(text: str) -> Reading:
    """Read JSON. YAML reads it, too, but for tabs, and is not as strict.

    Raises:
        yaml.YAMLError, json.JSONDecodeError: it is no JSON.
    """
    reading = read(text.replace("\t", " "))
    json.loads(text, parse_constant=_refuse_constant)
    return reading


def _refuse_constant(name: str) -> None:
    raise YAMLError(f"{name} is no number that JSON knows")


def position(mark: Mark | None) -> str:
    """Line and column of a mark, from 1."""
    return f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
