"""Reads the scripts that conversations are composed of: `benchmarks/data/domains/*.txt`.

- `@goods: frozen peas; violin cases`: values of {goods}, {goods2}, and {goods#} in a block that happens several times.
- `== trip times 6`: a block; also `after OTHER` (in a later session) and `only 1` (in the first conversation).
- `A: Where is it?|Any news?`: a turn, in two wordings.
- `B*2: Stuck, {delay#}.`: a turn that is evidence, with a label (1 if none is given).
- `? 4 2 | Question? | Other? = Answer`: category, labels; `+other`: those of that block, `all2`: those of each time.
- `~ A: …`: a turn that sounds like an answer and is none.
- `% A: … // B: …`: talk; `<` begins a session, `>` ends one, `^` is a short reaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_TURN = re.compile(r"([A-D])(\*?)(\d?): (.+)")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A turn: who speaks, in which wordings, and under which label it is evidence ("" is none)."""

    who: str
    wordings: tuple[str, ...]
    label: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A question about a block. `labels` are empty where all evidence of the block counts."""

    category: int
    wordings: tuple[str, ...]
    answer: str
    labels: frozenset[str]
    others: tuple[str, ...]
    each: bool


@dataclass(kw_only=True)
class Block:
    """Turns that belong together, and what is asked about them."""

    name: str
    times: int = 1
    after: str = ""
    only: int = 0
    lines: list[Line] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


@dataclass(kw_only=True)
class Script:
    """Everything that is known of a domain. `talk` has exchanges by their mark."""

    values: dict[str, list[str]] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    talk: dict[str, list[tuple[Line, ...]]] = field(default_factory=lambda: {mark: [] for mark in "~%<>"})
    reactions: list[str] = field(default_factory=list)
    undated: bool = False
    monologue: bool = False


def parsed(text: str) -> Script:
    """Read a script.

    Raises:
        ValueError: a line cannot be read.
    """
    script = Script()
    for line in filter(None, map(str.strip, text.splitlines())):
        _read(line, script)
    return script


def _read(line: str, script: Script) -> None:
    mark, rest = line[0], line[1:].strip()
    if mark == "@":
        _declare(rest, script)
    elif mark == "=":
        script.blocks.append(_block(line))
    elif mark == "?":
        script.blocks[-1].asked.append(_asked(rest))
    elif mark == "^":
        script.reactions.append(rest)
    elif mark in script.talk:
        script.talk[mark].append(tuple(_line(part.strip()) for part in rest.split(" // ")))
    else:
        script.blocks[-1].lines.append(_line(line))


def _declare(text: str, script: Script) -> None:
    name, _, values = text.partition(":")
    if not values:
        setattr(script, name, True)
        return
    script.values[name] = [value.strip() for value in values.split(";")]


def _block(line: str) -> Block:
    _, name, *words = line.split()
    options = dict(zip(words[::2], words[1::2], strict=True))
    return Block(
        name=name,
        times=int(options.get("times", 1)),
        after=options.get("after", ""),
        only=int(options.get("only", 0)),
    )


def _line(text: str) -> Line:
    found = _TURN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no turn: it must be like 'B*2: What is said.'")
    who, star, label, said = found.groups()
    return Line(who=who, wordings=tuple(part.strip() for part in said.split("|")), label=star and (label or "1"))


def _asked(text: str) -> Asked:
    words, _, rest = text.partition("|")
    wordings, _, answer = rest.rpartition(" = ")
    category, *labels = words.split()
    each = [label[3:] for label in labels if label.startswith("all")]
    own = [label for label in labels if label.isdigit()] + [label for label in each if label]
    return Asked(
        category=int(category),
        wordings=tuple(part.strip() for part in wordings.split("|")),
        answer=answer.strip(),
        labels=frozenset(own),
        others=tuple(label[1:] for label in labels if label.startswith("+")),
        each=bool(each),
    )
