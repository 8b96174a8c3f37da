"""What expressions name, read off their text: enough to hand an activity no more than it needs.

A name too many costs a little, as a document that is read in vain; a name too few cannot be, so the grammar of
conditions, which workflows must not load, is not asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

# What a workflow knows without asking: a path that begins otherwise names a document.
KNOWN = frozenset({"input", "steps", "item", "index", "event"})
_TEXT = re.compile(r"""[rR]?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_ROOT = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_STEP = re.compile(r"""(?<![\w.])steps\s*(?:\.\s*([A-Za-z_]\w*)|\[\s*["']([A-Za-z_]\w*)["']\s*\])""")
_STEPS = re.compile(r"(?<![\w.])steps\b")


def roots(expressions: Iterable[str]) -> frozenset[str]:
    """Return the names that stand where a path may begin."""
    return frozenset(name for text in expressions for name in _ROOT.findall(_TEXT.sub('""', text)))


def steps(expressions: Iterable[str]) -> frozenset[str] | None:
    """Return the steps that are named; None where that cannot be seen, so that it may be any."""
    found: set[str] = set()
    for text in expressions:
        named = [dotted or quoted for dotted, quoted in _STEP.findall(text)]
        if len(named) < len(_STEPS.findall(text)):
            return None
        found.update(named)
    return frozenset(found)
