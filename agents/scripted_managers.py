"""Rules for those who lead a conversation: selectors, MagenticOne's orchestrator, a society's spokesman.

They are known by the wording of AutoGen's own prompts.
"""

from __future__ import annotations

import ast
import json
import re

from agents.situation import Situation, first_line

_CANDIDATES = re.compile(r"\['[^\[\]\n]*'\]|\[\"[^\[\]\n]*\"\]")
_SELECTS = re.compile(r"select the next (?:role|speaker|agent|participant)", re.IGNORECASE)
_LEDGER = ("is_request_satisfied", "next_speaker")
_LEDGER_NAMES = re.compile(r"select from: ([^)\n]+)\)")
_REQUEST = re.compile(r"(?:Here is the request|working on the following (?:request|task)):\s*\n+(.*?)\n\n", re.DOTALL)
_STANDALONE = "Output a standalone response to the original request"
_FINAL = "provide the final answer to the original request"
_TEAM = re.compile(r"following team[^\n]*:\s*\n+(.*?)\n\n", re.DOTALL)
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
    if not situation.asks_json or not all(f'"{key}"' in _wanted(situation) for key in _LEDGER):
        return None
    prompt = situation.heard[-1].text if situation.heard else ""
    found = _LEDGER_NAMES.search(prompt)
    names = found.group(1).split(", ") if found else ["nobody"]
    spoken = {one.source for one in situation.heard}
    answered = [name for name in names if name in spoken]
    waiting = [name for name in names if name not in spoken]
    said = f"{answered[-1]} has answered" if answered else "nobody has answered yet"
    ledger = {
        "is_request_satisfied": {"reason": said, "answer": bool(answered)},
        "is_in_loop": {"reason": said, "answer": False},
        "is_progress_being_made": {"reason": said, "answer": True},
        "next_speaker": {"reason": said, "answer": (waiting or names)[0]},
        "instruction_or_question": {"reason": said, "answer": f"Please work on this: {_request(prompt)}"},
    }
    return json.dumps(ledger, ensure_ascii=False)


def planning(situation: Situation) -> str | None:
    """MagenticOne's facts and plan."""
    prompt = situation.heard[-1].text if situation.heard else ""
    if "pre-survey" in prompt or "rewrite the following fact sheet" in prompt:
        given = f"1. GIVEN OR VERIFIED FACTS\n- {first_line(_request(prompt))}"
        return f"{given}\n\n2. FACTS TO LOOK UP\n- none\n\n3. FACTS TO DERIVE\n- none\n\n4. EDUCATED GUESSES\n- none"
    if "devise a short bullet-point plan" in prompt or "come up with a new plan" in prompt:
        team = _TEAM.search(f"{prompt}\n\n")
        members = [line.partition(":")[0] for line in (team.group(1) if team else "").splitlines() if ":" in line]
        return "\n".join(f"- Ask {name}." for name in members) or "- Ask each member of the team."
    return None


def closing(situation: Situation) -> str | None:
    """The last word of the conversation, where it is to be summed up."""
    heard = situation.heard
    if heard and _FINAL in heard[-1].text:
        heard = [one for one in heard if one.source != heard[-1].source]
    elif _STANDALONE not in situation.system and not (heard and _STANDALONE in heard[-1].text):
        return None
    spoken = [one for one in heard if one.source != "user"]
    return spoken[-1].text if spoken else None


def _lines_of(name: str, text: str) -> list[int]:
    return [found.start() for found in re.finditer(rf"^{re.escape(name)}:", text, re.MULTILINE)]


def _wanted(situation: Situation) -> str:
    prompt = situation.heard[-1].text if situation.heard else ""
    return json.dumps(situation.json_schema) + prompt


def _request(prompt: str) -> str:
    found = _REQUEST.search(prompt)
    return (found.group(1) if found else first_line(prompt)).strip()[:_INSTRUCTION_CHARS]
