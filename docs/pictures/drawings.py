"""Draw the example flows into `docs/flows.md`.

Usage: `.venv/bin/python -m docs.pictures.drawings` in the repository's folder.
"""

from __future__ import annotations

import re
from pathlib import Path

from flows.drawing import mermaid
from flows.loading import load

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "flows.md"
EXAMPLES = ("support", "release", "research")


def drawn(page: str) -> str:
    """The page with the pictures as they are now, in the order of `EXAMPLES`."""
    texts = iter(mermaid(load(ROOT / "examples" / name / "flow.yaml")) for name in EXAMPLES)
    return re.sub(r"```mermaid\n.*?```", lambda _: f"```mermaid\n{next(texts)}```", page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
