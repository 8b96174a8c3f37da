"""What the support teams say where no real model is configured: rules over the words of a ticket and what tools found.

They are rules and no more: a real model reads the ticket, these only look for words.
"""

from __future__ import annotations

import json
import re
from typing import Any

from agents.scripts import script
from agents.situation import Reply, Situation
from examples.support import knowledge

_CUSTOMER = re.compile(r"^Ticket of ([^\s,]+)")
_REOPENED = re.compile(r"reopened (\d+) times")
_URGENT = ("data loss", "lost all", "outage", "nobody can", "lawyer", "breach", "leaked")
_HIGH = ("immediately", "as soon as possible", "blocked", "urgent")
_LOW = ("would be nice", "wish", "suggestion", "no hurry")
# How sure so many words of an article make the sorter.
_SURE = {0: 0.2, 1: 0.45, 2: 0.7}
_VERY_SURE = 0.92


@script("sorter", tools=("find_articles",))
def sorter(situation: Situation) -> Reply:
    """Search once, then take what was found best."""
    found = situation.answers_of("find_articles")
    if not found:
        return [("find_articles", {"text": situation.task[:2_000]})]
    articles = json.loads(found[-1])
    best: dict[str, Any] = articles[0] if articles else {"title": "", "answer": "", "score": 0}
    about = knowledge.category(situation.task)
    value = {
        "category": best["category"] if best["score"] > 2 else about,
        "priority": _priority(situation.task),
        "confidence": _SURE.get(best["score"], _VERY_SURE),
        "why": f"the article '{best['title']}' shares {best['score']} words" if articles else "no article fits",
        "reply": best["answer"],
    }
    return json.dumps(value)


@script("checker")
def checker(situation: Situation) -> Reply | None:
    """Take what the sorter said, and trust a reply less that did not help before."""
    said = [one.text for one in situation.heard if one.source == "sorter"]
    if not said:
        return None
    value = json.loads(said[-1])
    reopened = _REOPENED.search(situation.task)
    if reopened and int(reopened[1]):
        value["confidence"] = round(value["confidence"] * 0.5, 2)
        value["why"] += ", and did not help before"
    return json.dumps(value)


@script("expert", tools=("look_up_account",))
def expert(situation: Situation) -> Reply | None:
    """Look the customer up, and say what is there."""
    found = situation.answers_of("look_up_account")
    customer = _CUSTOMER.search(situation.task)
    if customer is None:
        return None
    return f"The account says: {found[-1]}" if found else [("look_up_account", {"customer": customer[1]})]


@script("editor")
def editor(situation: Situation) -> Reply | None:
    """Write what the expert found, and be as sure as that is much."""
    said = [one.text for one in situation.heard if one.source == "expert"]
    if not said:
        return None
    fact = said[-1].removeprefix("The account says: ")
    if fact == "nothing":
        return json.dumps({"confidence": 0.3, "reply": "We look into it."})
    return json.dumps({"confidence": 0.9, "reply": f"Thank you for telling us. {fact}"})


@script("desk", tools=("find_articles",))
def desk(situation: Situation) -> Reply:
    """Take what is remembered and shares words with the question, else the best article."""
    found = situation.answers_of("find_articles")
    if not found:
        return [("find_articles", {"text": situation.task[:2_000]})]
    known = [line.partition("] ")[2] for line in situation.system.splitlines() if line.startswith("- [")]
    fitting = [line for line in known if knowledge.words(line) & knowledge.words(situation.task)]
    articles = json.loads(found[-1])
    return " ".join(["As I remember:", *fitting] if fitting else [one["answer"] for one in articles[:1]])


def _priority(text: str) -> str:
    for priority, phrases in (("urgent", _URGENT), ("high", _HIGH), ("low", _LOW)):
        if knowledge.any_of(text, phrases):
            return priority
    return "normal"
