"""What the support teams can look up: articles of the help centre, and accounts of customers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class Article:
    """A known question. `words` are those by which it is found."""

    title: str
    category: str
    words: tuple[str, ...]
    answer: str


ARTICLES = (
    Article(
        title="Reset a password",
        category="account",
        words=("password", "reset", "forgot", "forgotten", "link", "mail"),
        answer="Choose 'Forgot password' below the sign-in form. The link in the mail holds for one hour.",
    ),
    Article(
        title="Invite a colleague",
        category="account",
        words=("invite", "colleague", "team", "seat", "member", "add"),
        answer="Open Settings, Members, Invite. An administrator can do this; each member takes one seat.",
    ),
    Article(
        title="Download an invoice",
        category="billing",
        words=("invoice", "download", "pdf", "receipt", "find", "accountant"),
        answer="All invoices are under Settings, Billing, Documents, each as a PDF.",
    ),
    Article(
        title="Change the plan",
        category="billing",
        words=("plan", "upgrade", "downgrade", "change", "yearly", "monthly"),
        answer="Settings, Billing, Plan. An upgrade holds at once, a downgrade from the next period on.",
    ),
    Article(
        title="Export data",
        category="technical",
        words=("export", "csv", "data", "backup", "download", "table"),
        answer="Open the table, then Export, CSV. Exports above 100,000 rows are sent by mail.",
    ),
    Article(
        title="Connect the calendar",
        category="technical",
        words=("calendar", "connect", "sync", "outlook", "google", "appointments"),
        answer="Settings, Integrations, Calendar, Connect. Appointments appear within five minutes.",
    ),
)

# What the books and the monitoring say of customers; nothing is known of those who are not here.
ACCOUNTS = {
    "bruno": "Invoice 4711 of 49.00 EUR was paid twice, on the 2nd and the 3rd; a refund of 49.00 EUR can be made.",
    "chen": "The yearly plan was renewed on the 1st; the cancellation came on the 30th, in time: refund it.",
    "erik": "The webhook answers 410 since the 14th; it was switched off after 50 failures. Switch it on again.",
    "fatima": "Imports fail since release 8.2 for files with a byte order mark; 8.2.1 mends it and is out.",
    "noor": "The card was refused by the bank on the 5th; the next attempt is on the 12th.",
}

_CATEGORIES = {
    "billing": ("bill", "billed", "charge", "charged", "invoice", "paid", "payment", "refund", "plan", "card", "vat"),
    "technical": ("api", "bug", "crash", "error", "export", "fails", "import", "slow", "sync", "webhook", "calendar"),
    "account": ("account", "login", "member", "password", "colleague", "sign"),
}


def words(text: str) -> set[str]:
    """The words of a text in lower case."""
    return set(_WORD.findall(text.lower()))


def search(text: str) -> list[tuple[Article, int]]:
    """Articles that share words with a text, the one that shares most first."""
    said = words(text)
    found = [(article, len(said & set(article.words))) for article in ARTICLES]
    return sorted(((one, score) for one, score in found if score), key=lambda pair: -pair[1])


def category(text: str) -> str:
    """What a text is about, by its words."""
    said = words(text)
    best = max(_CATEGORIES, key=lambda name: len(said & set(_CATEGORIES[name])))
    return best if said & set(_CATEGORIES[best]) else "other"


def any_of(text: str, phrases: Sequence[str]) -> bool:
    """Whether a text holds one of some phrases."""
    return any(phrase in text.lower() for phrase in phrases)
