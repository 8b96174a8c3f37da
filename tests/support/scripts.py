"""What stand-in models say: rules that depend on the request alone, so a repeated call gets the same answer.

The script `teams` brings each team of `tests.support.teams` to its end. Most answers hold a digest of the prompt that
the model saw, so that two conversations with equal transcripts had equal prompts.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.support.answers import Answer, Call, Rule, Slow, Text, Tools
from tests.support.chat import ChatRequest, short_digest

LONG_ANSWER = "It goes without saying that every word counts. " * 44  # 2 KB

_CANDIDATES = re.compile(r"select the next role from (\[.*?\]) to play")


def chat(request: ChatRequest) -> Answer:
    """Say whose turn of its own it is, and name the prompt."""
    turn = len(request.texts_of("assistant")) + 1
    return Text(f"{request.speaker or 'nobody'} turn {turn} saw {seen(request)}")


def seen(request: ChatRequest) -> str:
    """Name the texts of the prompt, in order."""
    return short_digest("\x00".join(request.texts).encode())[:8]


def seen_in_any_order(request: ChatRequest) -> str:
    """Name the texts of the prompt, whatever their order."""
    return short_digest("\x00".join(sorted(request.texts)).encode())[:8]


def select(request: ChatRequest) -> Answer:
    """Choose the next speaker; now and then say what names nobody, and choose when asked again."""
    candidates = ast.literal_eval(_candidates(request.texts[0]))
    number = int(seen(request), 16)
    if len(request.messages) == 1 and number % 3 == 0:
        return Text("Whoever feels like it.")
    return Text(candidates[number % len(candidates)])


def _candidates(text: str) -> str:
    found = _CANDIDATES.search(text)
    return found.group(1) if found else "[]"


def _say_after_tools(request: ChatRequest) -> Text:
    return Text(f"{request.speaker} got {' and '.join(request.texts_of('tool'))}, saw {seen(request)}")


def _tools_first(*calls: Call) -> Rule:
    """Ask for these tools, and speak of the results."""

    def rule(request: ChatRequest) -> Answer:
        return _say_after_tools(request) if request.last_role == "tool" else Tools(calls)

    return rule


def _count_up(request: ChatRequest) -> Answer:
    """Add one to the last sum until it is 3."""
    total = int(request.last_text) if request.last_role == "tool" else 0
    return _say_after_tools(request) if total >= 3 else Tools((Call("add", {"a": total, "b": 1}),), text="One more.")


def _triage(request: ChatRequest) -> Answer:
    """Hand over to billing, and end when it comes back."""
    if any("billing turn" in text or "Invoice" in text for text in request.texts):
        return Text(f"triage saw {seen(request)} DONE")
    return Tools((Call("transfer_to_billing"),))


def _billing(request: ChatRequest) -> Answer:
    """Look the invoice up, then hand back."""
    if request.last_role == "tool" and "Invoice" in request.last_text:
        return Tools((Call("transfer_to_triage"),))
    return Tools((Call("lookup_invoice", {"number": 7}),))


def _review(request: ChatRequest) -> Answer:
    """Ask for another draft twice, then approve."""
    again = len(request.texts_of("assistant")) < 2
    return Text(f"{'AGAIN' if again else 'APPROVED'} {seen(request)}")


def _after(seconds: float) -> Rule:
    """Chat after some seconds, so that parallel agents end in a known order."""
    return lambda request: Slow(seconds, chat(request))


def _join(request: ChatRequest) -> Answer:
    return Text(f"join of {seen_in_any_order(request)}")


def _verdict(request: ChatRequest) -> Answer:
    return Text(json.dumps({"verdict": "good", "score": 7, "reason": f"saw {seen(request)}"}))


def _ask(tool: str) -> Rule:
    """Give the task to a tool that is an agent or a team."""
    return _tools_first(Call(tool, {"task": "Find the answer."}))


_SPEAKERS: Mapping[str, Rule] = {
    "triage": _triage,
    "billing": _billing,
    "reviewer": _review,
    "alpha": _after(0.0),
    "bravo": _after(0.1),
    "charlie": _after(0.2),
    "delta": _after(0.3),
    "echo": _after(0.4),
    "join": _join,
    "adder": _tools_first(Call("add", {"a": 1, "b": 2})),
    "twice": _tools_first(
        Call("add", {"a": 1, "b": 2}), Call("add", {"a": 3, "b": 4}), Call("lookup_invoice", {"number": 9})
    ),
    "same": _tools_first(Call("add", {"a": 5, "b": 5}), Call("add", {"a": 5, "b": 5})),
    "anonymous": _tools_first(Call("add", {"a": 1, "b": 1}, id=""), Call("add", {"a": 2, "b": 2}, id="")),
    "doubled": _tools_first(Call("add", {"a": 1, "b": 1}, id="x"), Call("add", {"a": 2, "b": 2}, id="x")),
    "failing": _tools_first(Call("break_down", {"reason": "no paper"})),
    "counter": _count_up,
    "judge": _verdict,
    "boss": _ask("expert"),
    "director": _ask("crew"),
    "editor": lambda request: Text(f"APPROVED {seen(request)}"),
}


def _facts(request: ChatRequest) -> Answer:
    return Text(f"1. GIVEN OR VERIFIED FACTS: {seen(request)}")


def _plan(request: ChatRequest) -> Answer:
    return Text(f"- researcher looks, coder computes ({seen(request)})")


def _new_facts(request: ChatRequest) -> Answer:
    return Text(f"SECOND FACTS {seen(request)}")


def _ledger(request: ChatRequest) -> Answer:
    """No progress until there is a second fact sheet; then the researcher, the coder, and the end."""
    replanned = any("SECOND FACTS" in text for text in request.texts)
    spoken = sum(text.startswith(("researcher turn", "coder turn")) for text in request.texts)
    speaker = "coder" if spoken else "researcher"
    return Text(json.dumps(_ledger_entry(done=replanned and spoken >= 2, moving=replanned, speaker=speaker)))


def _ledger_entry(*, done: bool, moving: bool, speaker: str) -> dict[str, Any]:
    return {
        "is_request_satisfied": {"reason": "both spoke" if done else "not yet", "answer": done},
        "is_in_loop": {"reason": "no", "answer": False},
        "is_progress_being_made": {"reason": "by the fact sheet", "answer": moving},
        "next_speaker": {"reason": "in turn", "answer": speaker},
        "instruction_or_question": {"reason": "next step", "answer": f"Now do your part, {speaker}."},
    }


def _final(request: ChatRequest) -> Answer:
    return Text(f"The final answer, after {seen(request)}.")


# What is recognised by a passage of the last message, as AutoGen's own prompts say no name.
_PASSAGES: Mapping[str, Callable[[ChatRequest], Answer]] = {
    "select the next role from": select,
    "No valid name was mentioned": select,
    "Expected exactly one name": select,
    "Repeated speaker is not allowed": select,
    "Here is the pre-survey": _facts,
    "devise a short bullet-point plan": _plan,
    "Please rewrite the following fact sheet": _new_facts,
    "come up with a new plan": _plan,
    "output an answer in pure JSON format": _ledger,
    "provide the final answer to the original request": _final,
    "Output a standalone response": lambda request: Text(f"Society says {seen(request)}"),
}


def teams(request: ChatRequest) -> Answer:
    """Answer for every team of `tests.support.teams`."""
    for passage, rule in _PASSAGES.items():
        if passage in request.last_text:
            return rule(request)
    return _SPEAKERS.get(request.speaker, chat)(request)


def long_answers(request: ChatRequest) -> Answer:
    """Answer 2 KB that begin with the prompt's name; choose speakers when asked to."""
    answer = teams(request)
    is_chat = isinstance(answer, Text) and request.speaker and "turn" in answer.text
    return Text(f"{answer.text} {LONG_ANSWER}") if is_chat and isinstance(answer, Text) else answer


SCRIPTS: Mapping[str, Rule] = {"teams": teams, "chat": chat, "long_answers": long_answers}
