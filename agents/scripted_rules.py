"""What the scripted model does for agents that have no script: use each tool once, hand over once, then sum up."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from autogen_core.models import SystemMessage, UserMessage

from agents import scripted_managers
from agents.scripted_json import Sample
from agents.scripts import scripted
from agents.situation import Reply, Situation, ToolCalls, first_line, numbers, quoted

_HANDOFF = "transfer_to_"
_ANSWER_CHARS = 1_000
_WHOLE_TASK = {"content", "input", "message", "prompt", "query", "question", "request", "task", "text", "topic"}
_PLACES = {
    "email": re.compile(r"[\w.+-]+@[\w-]+\.[\w.]*\w"),
    "file": re.compile(r"(?<![\w/])[\w./-]*\w\.\w{1,8}(?!\w)"),
    "path": re.compile(r"(?<![\w/])[\w./-]*\w\.\w{1,8}(?!\w)"),
    "url": re.compile(r"https?://[^\s<>\"')]*[\w/]"),
}
# How authors tell an agent which word ends the conversation: "Reply with TERMINATE when the task has been completed."
_LAST_WORD = re.compile(
    r"\b(?i:(?:repl|respond|answer|end)\w*\b[^.\n]{0,30}?\bwith|say|write|output)\s+['\"]?(?!JSON|YAML|HTML)([A-Z]{4,})\b"
)


def reply(situation: Situation) -> Reply:
    """Decide by the first rule that applies."""
    for rule in (
        scripted,
        scripted_managers.next_speaker,
        scripted_managers.progress,
        scripted_managers.planning,
        scripted_managers.closing,
        _next_tool,
        _hand_over,
        _any_tool,
        _json,
    ):
        found = rule(situation)
        if found is not None:
            return found
    return _with_last_word(_text(situation), situation.system)


def _next_tool(situation: Situation) -> ToolCalls | None:
    now = _since_task(situation)
    called = {call.name for call in now.called}
    for name in situation.tools:
        if name in called or name.startswith(_HANDOFF):
            continue
        arguments = _arguments(situation, name)
        if arguments is not None:
            return [(name, arguments)]
    return None


def _hand_over(situation: Situation) -> ToolCalls | None:
    done = {call.name.lower() for call in situation.called}
    done |= {f"{_HANDOFF}{one.source}".lower() for one in situation.heard}
    waiting = [name for name in situation.tools if name.startswith(_HANDOFF) and name.lower() not in done]
    return [(waiting[0], {})] if waiting else None


def _any_tool(situation: Situation) -> ToolCalls | None:
    if not situation.must_call or not situation.tools:
        return None
    name = next(iter(situation.tools))
    return [(name, _sample(situation, situation.tools[name].get("parameters", {"type": "object"})))]


def _json(situation: Situation) -> str | None:
    if not situation.asks_json:
        return None
    value = _sample(situation, situation.json_schema) if situation.json_schema else {"answer": _text(situation)}
    return json.dumps(value, ensure_ascii=False)


def _text(situation: Situation) -> str:
    answers = _since_task(situation).answers
    if answers:
        return "\n".join(f"{one.tool} {'failed' if one.failed else 'says'}: {_cut(one.text)}" for one in answers)
    others = [one for one in situation.heard if one.source not in ("user", situation.name)]
    before = f" {others[-1].source} said before: {first_line(others[-1].text)}" if others else ""
    return f"Scripted answer, no model key is set. The task is: {first_line(situation.task)}{before}"


def _cut(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _ANSWER_CHARS else text[:_ANSWER_CHARS].rstrip() + "…"


def _with_last_word(text: str, system: str) -> str:
    found = _LAST_WORD.search(system)
    return f"{text}\n{found.group(1)}" if found else text


def _since_task(situation: Situation) -> Situation:
    """The situation without what went before the last message of the user."""
    messages = situation.messages
    asked = [at for at, one in enumerate(messages) if isinstance(one, UserMessage) and one.source == "user"]
    kept = [one for at, one in enumerate(messages) if isinstance(one, SystemMessage) or at >= (asked or [0])[-1]]
    return replace(situation, messages=kept)


def _arguments(situation: Situation, tool: str) -> dict[str, Any] | None:
    """Arguments for the tool's required parameters, None where the task does not say one of them."""
    task = situation.task
    words, figures = quoted(task), numbers(task)
    parameters = situation.parameters(tool)
    found: dict[str, Any] = {}
    for name in situation.required(tool):
        value = _argument(name, parameters.get(name, {}), task=task, words=words, figures=figures)
        if value is None:
            return None
        found[name] = value
    return found


def _argument(name: str, rule: Mapping[str, Any], *, task: str, words: list[str], figures: list[float]) -> Any:
    if "enum" in rule:
        return next((word for word in rule["enum"] if str(word) in task), rule["enum"][0])
    kind = rule.get("type", "string")
    if kind == "boolean":
        return True
    if kind in ("integer", "number"):
        return _figure(figures, whole=kind == "integer")
    if kind == "array":
        return _several(rule, words=words, figures=figures)
    return _word(name, task=task, words=words) if kind == "string" else None


def _figure(figures: list[float], *, whole: bool) -> float | int | None:
    if not figures:
        return None
    figure = figures.pop(0)
    return int(figure) if whole or figure.is_integer() else figure


def _several(rule: Mapping[str, Any], *, words: list[str], figures: list[float]) -> list[Any] | None:
    kind = rule.get("items", {}).get("type", "string")
    if kind == "string":
        return list(words) or None
    if kind in ("integer", "number"):
        return [_figure([one], whole=kind == "integer") for one in figures] or None
    return None


def _word(name: str, *, task: str, words: list[str]) -> str | None:
    for part, place in _PLACES.items():
        if part in name.lower() and (match := place.search(task)):
            return match.group()
    if words:
        return words.pop(0)
    return first_line(task) if name.lower() in _WHOLE_TASK else None


def _sample(situation: Situation, schema: Mapping[str, Any]) -> Any:
    return Sample(schema, text=_text(situation), task=situation.task).value()
