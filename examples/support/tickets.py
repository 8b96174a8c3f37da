"""The tickets of the demo, and what the people in it say: all of them are made up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from contracts.base import Contract

FILE = Path(__file__).parents[1] / "tickets.jsonl"

# What customers write after a reply; all others confirm that it helped.
COMPLAINTS = {
    "T-05": ["It went silent again an hour later."],
    "T-10": ["Connected, but last week is still missing."],
    "T-18": ["The mail still goes to him.", "Third time now: he has LEFT. Nobody here can read that mailbox."],
}

# What the support lead decides. Each decision fits the schema that the step `ask_lead` gives.
DECISIONS: dict[str, dict[str, Any]] = {
    "T-07": {
        "decision": "reply",
        "reply": "Your projects are back from the backup of last night. I will call you today.",
    },
    "T-09": {"decision": "reply", "reply": "Thank you, dark mode is planned. We will write when it is there."},
    "T-11": {"decision": "reply", "reply": "Tuesday's release made a query slow. It was taken back an hour ago."},
    "T-13": {
        "decision": "reply",
        "reply": "Your address is removed from all lists. We are sorry that it took three mails.",
    },
    "T-17": {"decision": "dismiss"},
    "T-19": {"decision": "reply", "reply": "The number is corrected, and all invoices of this year are made anew."},
}
DEFAULT_DECISION = {"decision": "reply", "reply": "I look into this myself and call you this afternoon."}
LEAD = "Petra, played by the demo"


class Ticket(Contract):
    """A mail to the support."""

    id: str
    customer: str
    subject: str
    text: str


def tickets(file: Path = FILE) -> list[Ticket]:
    """Read tickets from a file, one JSON object a line."""
    return [Ticket.model_validate(json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines() if line]


def decision(ticket: str) -> dict[str, Any]:
    """What the support lead says of a ticket."""
    return DECISIONS.get(ticket, DEFAULT_DECISION)


def complaint(ticket: str, reopened: int) -> str | None:
    """What the customer complains of after a reply; None where it helped.

    Args:
        ticket: its id.
        reopened: how often it was reopened before.
    """
    said = COMPLAINTS.get(ticket, [])
    return said[reopened] if reopened < len(said) else None
