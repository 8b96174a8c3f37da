"""What the research teams say where no real model is configured: rules over words, which understand nothing.

A note tells of a word of the question when it holds that word; the quality is the share of words that are told of.
"""

from __future__ import annotations

import json
import re

from agents.scripts import script
from agents.situation import Situation

_WORD = re.compile(r"[a-z]{4,}")
_SENTENCE = re.compile(r"[^.!?]+[.!?]")
_COMMON = frozenset(
    {"does", "from", "have", "many", "much", "that", "their", "them", "they", "what", "when", "which", "with"}
)
_FIELD = re.compile(r"^(Question|Missing|Notes): (.*)$", re.MULTILINE)


@script("reader")
def reader(situation: Situation) -> str | None:
    """Quote the sentence that tells most of what is missing; in the first round, of the question."""
    fields = _fields(situation.task)
    if "\nSource " not in situation.task:
        return None
    text = situation.task.partition("\nSource ")[2].partition("\n")[2]
    wanted = _words(fields.get("Missing") or fields.get("Question", ""))
    best = max(_SENTENCE.findall(text), key=lambda sentence: len(wanted & _words(sentence)), default="")
    return json.dumps({"quotes": [best.strip()] if wanted & _words(best) else []})


@script("judge")
def judge(situation: Situation) -> str | None:
    """Count which words of the question the notes tell of."""
    fields = _fields(situation.task)
    asked = _words(fields.get("Question", ""))
    if not asked or "Notes" not in fields:
        return None
    missing = asked - _words(fields.get("Notes", ""))
    quality = round(1 - len(missing) / len(asked), 2)
    return json.dumps({"quality": quality, "missing": " ".join(sorted(missing))})


@script("author")
def author(situation: Situation) -> str | None:
    """Put the notes one after another."""
    fields = _fields(situation.task)
    if "Notes" not in fields:
        return None
    notes = json.loads(fields["Notes"])
    missing = f" Nothing was found about: {fields['Missing']}." if fields.get("Missing") else ""
    return f"{' '.join(notes)}{missing}" or "Nothing was found."


def _fields(task: str) -> dict[str, str]:
    return {name: text.strip() for name, text in _FIELD.findall(task)}


def _words(text: str) -> set[str]:
    return set(_WORD.findall(text.lower())) - _COMMON
