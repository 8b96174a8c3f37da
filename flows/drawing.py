"""Draws a flow as a Mermaid flowchart, which GitHub and most editors show as a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from contracts.flows import END, Action, Flow, Step
from flows.graph import Edge, edges

_SHAPES = {
    "team": "([{}])",
    "call": "[{}]",
    "set": "[({})]",
    "branch": "{{{}}}",
    "wait": "{{{{{}}}}}",
    "ask": "[/{}/]",
    "emit": ">{}]",
    "map": "[\\{}\\]",
    "parallel": "[/{}\\]",
    "flow": "[[{}]]",
}
# What Mermaid would take for its own signs, in texts or in texts that it takes for Markdown or HTML.
_SIGNS = frozenset('"#<>&`;%\\$*~')
_LINE_CHARS = 32
_TEXT_CHARS = 80
_START = "start_"
_END = "finish_"


def mermaid(flow: Flow, path: Sequence[str] = ()) -> str:
    """Draw a flow.

    Args:
        flow: the definition.
        path: names of steps as they were taken, "end" included; they and the ways between them are shown bold.

    Returns:
        The text of a Mermaid diagram, ending with a new line.
    """
    ways = edges(flow)
    lines = ["flowchart TD", f"    {_START}(( )) --> {_id(flow.start)}"]
    lines += [f"    {_node(name, step)}" for name, step in flow.steps.items()]
    lines += [f'    {_END}((("end")))']
    lines += [f"    {_arrow(edge)}" for edge in ways]
    lines += [f"    {line}" for line in _bold(ways, path)]
    return "\n".join(lines) + "\n"


def _id(name: str) -> str:
    """A prefix keeps names apart from Mermaid's own words, such as "end" and "style"."""
    return _END if name == END else f"s_{name}"


def _node(name: str, step: Step) -> str:
    about = step.title or _about(step)
    label = f"<b>{escaped(name)}</b><br/>{_wrapped(about)}" if about else f"<b>{escaped(name)}</b>"
    return _id(name) + _SHAPES[step.kind].format(f'"{label}"')


def _about(step: Step) -> str:
    """What a step does, in a few words."""
    if step.branch:
        return ""
    if step.ask:
        return f"ask {step.ask.of}" if step.ask.of else "ask"
    if step.map:
        return f"each of {_short(str(step.map.over))}: {_of_action(step.map.do)}"
    if step.parallel:
        return ", ".join(_of_action(action) for action in step.parallel.do.values())
    return _of_wait(step) if step.wait else _of_action(step)


def _of_wait(step: Step) -> str:
    wait = step.wait
    if wait is None:
        return ""
    what = wait.until or (wait.event and f"event {wait.event.type}") or wait.time or wait.duration
    return f"wait: {what}"


def _of_action(action: Action | Step) -> str:
    if action.team:
        return f"team {action.team.name}"
    if action.call:
        return f"call {action.call.tool}"
    if action.emit:
        return f"emit {action.emit.type}"
    if action.flow:
        return f"flow {action.flow.name}"
    return f"set {', '.join(one.document for one in action.set.write)}" if action.set else ""


def _arrow(edge: Edge) -> str:
    line = "-.->" if edge.kind in ("error", "beyond", "timeout", "deadline") else "-->"
    label = f'|"{_wrapped(edge.label)}"|' if edge.label else ""
    return f"{_id(edge.source)} {line}{label} {_id(edge.target)}"


def _bold(ways: Sequence[Edge], path: Sequence[str]) -> Iterator[str]:
    if not path:
        return
    steps: Collection[str] = dict.fromkeys(_id(name) for name in path)
    taken = set(pairwise(path))
    # Mermaid counts ways in their order in the text; the first leads to the start.
    numbers = [0] + [place for place, edge in enumerate(ways, 1) if (edge.source, edge.target) in taken]
    yield "classDef taken stroke:#0a7d33,stroke-width:3px"
    yield f"class {','.join(steps)} taken"
    yield f"linkStyle {','.join(map(str, numbers))} stroke:#0a7d33,stroke-width:3px"


def _wrapped(text: str) -> str:
    lines = textwrap.wrap(_short(text), _LINE_CHARS, break_long_words=False, break_on_hyphens=False)
    return "<br/>".join(map(escaped, lines))


def _short(text: str) -> str:
    # Two of these signs begin a formula, however they are written.
    text = " ".join(text.split()).replace("$$", "$ $")
    return text if len(text) <= _TEXT_CHARS else text[: _TEXT_CHARS - 1].rstrip() + "…"


def escaped(text: str) -> str:
    """A text in which Mermaid finds no signs of its own: such are written by their numbers."""
    return "".join(f"#{ord(char)};" if char in _SIGNS or ord(char) < 32 else char for char in text)
