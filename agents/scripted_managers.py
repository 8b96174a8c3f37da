"""Rules for those who lead a conversation: selectors, MagenticOne's orchestrator, a society's spokesman.

They are known by the wording of AutoGen's own prompts.
"""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from agents.situation import Situation, first_line

_CANDIDATES = re.compile(r"\['[^\[\]\n]*'\]|\[\"[^\[\]\n]*\"\]")
_SELECTS = re.compile(r"select the next (?:role|speaker|agent|participant)", re.IGNORECASE)
_LEDGER = ("is_request_satisfied", "next_speaker")
_LEDGER_NAMES = re.compile(r"select from: ([^)\n]+)\)")
_REQUEST = re.compile(r"(?:Here is the request|working on the following (?:request|task)):\s*\n+(.*?)\n\n", re.DOTALL)
_STANDALONE = "Output a standalone response to the original request"
_FINAL = "provide the final answer to the original request"
_TEAM = re.compile(r"following team[^\n]*:\s*\n+(.*?)\n\n", re.DOTALL)
_ASKS_FACTS = ("pre-survey", "rewrite the following fact sheet")
_ASKS_PLAN = ("devise a short bullet-point plan", "come up with a new plan")
_INSTRUCTION_CHARS = 4_000


def next_speaker(situation: Situation) -> str | None:
    """The candidate who has not spoken for the longest time, where a speaker is to be selected."""
    text = "\n".join([situation.system, *(one.text for one in situation.heard)])
    lists = _CANDIDATES.findall(text)
    if not lists or not (situation.name == "selector" or _SELECTS.search(text)):
        return None
    candidates: list[str] = ast.literal_eval(lists[-1])
    # Stock prompts name the roles first, each at the beginning of a line like a speaker: who never spoke comes first.
    return min(candidates, key=lambda name: max(_lines_of(name, text), default=-1))


def progress(situation: Situation) -> str | None:
    """MagenticOne's ledger: the next one who has not answered is asked; the request is met once somebody has."""
    prompt = _prompt(situation)
    wanted = json.dumps(situation.json_schema) + prompt
    if not situation.asks_json or not all(f'"{key}"' in wanted for key in _LEDGER):
        return None
    found = _LEDGER_NAMES.search(prompt)
    names = found.group(1).split(", ") if found else ["nobody"]
    return json.dumps(_ledger(situation, names, prompt), ensure_ascii=False)


def _ledger(situation: Situation, names: list[str], prompt: str) -> dict[str, Any]:
    spoken = {one.source for one in situation.heard}
    answered = [name for name in names if name in spoken]
    waiting = [name for name in names if name not in spoken]
    said = f"{answered[-1]} has answered" if answered else "nobody has answered yet"
    answers = {
        "is_request_satisfied": bool(answered),
        "is_in_loop": False,
        "is_progress_being_made": True,
        "next_speaker": (waiting or names)[0],
        "instruction_or_question": f"Please work on this: {_request(prompt)}",
    }
    return {key: {"reason": said, "answer": answer} for key, answer in answers.items()}


def planning(situation: Situation) -> str | None:
    """MagenticOne's facts and plan."""
    prompt = _prompt(situation)
    if any(words in prompt for words in _ASKS_FACTS):
        given = f"1. GIVEN OR VERIFIED FACTS\n- {first_line(_request(prompt))}"
        return f"{given}\n\n2. FACTS TO LOOK UP\n- none\n\n3. FACTS TO DERIVE\n- none\n\n4. EDUCATED GUESSES\n- none"
    return _plan(prompt) if any(words in prompt for words in _ASKS_PLAN) else None


def _plan(prompt: str) -> str:
    found = _TEAM.search(f"{prompt}\n\n")
    lines = found.group(1).splitlines() if found else []
    members = [line.partition(":")[0] for line in lines if ":" in line]
    return "\n".join(f"- Ask {name}." for name in members) or "- Ask each member of the team."


def closing(situation: Situation) -> str | None:
    """The last word of the conversation, where it is to be summed up."""
    prompt = _prompt(situation)
    if _FINAL not in prompt and _STANDALONE not in situation.system + prompt:
        return None
    asking = {"user", situation.heard[-1].source if _FINAL in prompt else "user"}
    spoken = [one.text for one in situation.heard if one.source not in asking]
    return spoken[-1] if spoken else None


def _prompt(situation: Situation) -> str:
    heard = situation.heard
    return heard[-1].text if heard else ""


def _lines_of(name: str, text: str) -> list[int]:
    return [found.start() for found in re.finditer(rf"^{re.escape(name)}:", text, re.MULTILINE)]


def _request(prompt: str) -> str:
    found = _REQUEST.search(prompt)
    return (found.group(1) if found else first_line(prompt)).strip()[:_INSTRUCTION_CHARS]
