"""Who is named by a question, of those who speak in memories."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from memory.recall.analysis import STOP_WORDS

# Parts that somebody plays; whoever writes these words means no name.
_ROLES = {"agent", "ai", "assistant", "bot", "human", "model", "speaker", "system", "tool", "user"}
_LEAST_CHARS = 3
_WORD = re.compile(r"\w+")


def forms_of(speakers: Iterable[str]) -> dict[str, str]:
    """Return how speakers are called, in small letters: by their names, and by first names that only one has."""
    names = {_plain(speaker): speaker for speaker in sorted(speakers)}
    firsts = Counter(name.split()[0] for name in names if " " in name)
    first_names = {
        first: speaker
        for name, speaker in names.items()
        if firsts[first := name.partition(" ")[0]] == 1 and len(first) >= _LEAST_CHARS and first not in names
    }
    return {form: speaker for form, speaker in (names | first_names).items() if _is_name(form)}


def _is_name(form: str) -> bool:
    return bool(form) and form not in _ROLES and form not in STOP_WORDS


def named_in(text: str, forms: dict[str, str]) -> dict[str, str]:
    """Return those forms that stand in a text, each with its speaker; a form inside a longer one is not meant."""
    rest = f" {_plain(text)} "
    found: dict[str, str] = {}
    for form in sorted(forms, key=len, reverse=True):
        if f" {form} " in rest:
            found[form] = forms[form]
            rest = rest.replace(f" {form} ", " | ")
    return found


def without(text: str, forms: Iterable[str]) -> str:
    """Return a text without names, and without what makes them possessive."""
    for form in forms:
        words = r"\W+".join(map(re.escape, form.split()))
        text = re.sub(rf"(?<!\w){words}(?!\w)(?:['\u2019]s(?!\w))?", " ", text, flags=re.IGNORECASE)
    return " ".join(text.split())


def _plain(text: str) -> str:
    return " ".join(_WORD.findall(text.lower()))
