"""The parts of a survey as Markdown, made of what the file tools return."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from agents.readme import outline
from agents.situation import first_line
from tools.files import FileList, Matches
from tools.measures import Measures

_DESCRIPTIONS = (
    "pyproject.toml",
    "package.json",
    "Cargo.toml",
    "go.mod",
    "pom.xml",
    "build.gradle",
    "composer.json",
    "Gemfile",
    "CMakeLists.txt",
)
_READMES = {"readme", "readme.adoc", "readme.markdown", "readme.md", "readme.rst", "readme.txt"}
_SOURCES = 3
_SHOWN_TODOS = 30
_SHOWN_CLAIMS = 20
_HEAD = re.compile(r"(.+), lines \d+ to \d+ of \d+:")
_RIGHTS = re.compile(r"copyright|licen[sc]e|spdx|^#!", re.IGNORECASE)
_COMMENT = re.compile(r"""#(?!include|!?\[)|//|/\*|\*|--|<!--|;|%|\"\"\"|'''""")
_LONGEST_LINE = 160
_TEST = re.compile(r"(^|/)(tests?|testdata|spec)/|(^|/)test_|[._]test\.|_spec\.", re.IGNORECASE)
_SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
_FIELD = re.compile(r"^(name|version|description|requires-python|license|edition|module|go)\s*=?\s*(\S.*)$")
_FIELDS_OF_JSON = ("name", "version", "description", "license")


def document(parts: Mapping[str, str]) -> str:
    """Put sections under their titles; empty ones are left out. The part called "" stands first, without a title."""
    return "\n\n".join(f"## {title}\n\n{text}" if title else text for title, text in parts.items() if text) + "\n"


def sections(text: str) -> dict[str, str]:
    """Take a document apart again: its sections by title, and under "" what stands before the first."""
    pieces = _SECTION.split(text)
    return {
        "": pieces[0].strip(),
        **{title: part.strip() for title, part in zip(pieces[1::2], pieces[2::2], strict=True)},
    }


def first(text: str) -> str:
    """The first line of a section, as a sentence."""
    return re.sub(r":$", ".", text.partition("\n")[0])


def summary(figures: Measures) -> str:
    """The key figures in one sentence."""
    text = f"The folder **{_plain(figures.folder)}** holds {_count(figures.files, 'file')}"
    text += f" with {_count(figures.lines, 'line')} ({_size(figures.bytes)})"
    if figures.kinds:
        most = figures.kinds[0]
        text += f", most of it {most.kind} ({_count(most.files, 'file')}, {_count(most.lines, 'line')})"
    return f"{text}."


def kinds(figures: Measures) -> str:
    """Files, lines and bytes by kind."""
    rows = [[one.kind, f"{one.files:,}", f"{one.lines:,}", f"{one.bytes:,}"] for one in figures.kinds]
    total = ["**all**", f"{figures.files:,}", f"{figures.lines:,}", f"{figures.bytes:,}"]
    return _table(["Kind", "Files", "Lines", "Bytes"], [*rows, total])


def largest(figures: Measures) -> str:
    """The largest files by bytes."""
    rows = [[_code(one.path), one.kind, f"{one.lines:,}", f"{one.bytes:,}"] for one in figures.largest]
    return _table(["File", "Kind", "Lines", "Bytes"], rows) if rows else ""


def todos(figures: Measures) -> str:
    """The to-dos with their places."""
    if not figures.todos:
        return "There are no to-dos."
    shown = figures.todo_list[:_SHOWN_TODOS]
    lines = [f"- {_code(f'{one.path}:{one.line}')} {_plain(one.text)}" for one in shown]
    more = [f"- and {figures.todos - len(shown):,} more"] if figures.todos > len(shown) else []
    return "\n".join(
        [f"There {'is' if figures.todos == 1 else 'are'} {_count(figures.todos, 'to-do')}:", "", *lines, *more]
    )


def left_out(figures: Measures) -> str:
    """What the figures do not count."""
    lines = []
    if figures.left_out:
        names = [f"{_code(name)}{f' ({count})' if count > 1 else ''}" for name, count in figures.left_out.items()]
        lines.append(f"- Folders passed over: {', '.join(names)}")
    if figures.unreadable:
        lines.append(f"- Could not be read ({figures.unreadable:,}): {_codes(figures.unreadable_list)}")
    if figures.without_lines:
        lines.append(f"- Too large to count their lines: {_codes(figures.without_lines)}")
    if figures.truncated:
        lines.append("- There are more files than were counted.")
    return "\n".join(lines)


def worth_reading(files: FileList, figures: Measures) -> str:
    """The README, what describes the project, and the largest sources."""
    readmes = sorted((path for path in files.files if is_readme(path)), key=lambda path: (path.count("/"), path))
    described = [path for path in _DESCRIPTIONS if path in files.files]
    # Tests are read only where there is nothing else.
    sources = sorted((one.path for one in figures.largest_code), key=lambda path: bool(_TEST.search(path)))[:_SOURCES]
    chosen = dict.fromkeys([*readmes[:1], *described[:1], *sources])
    return "\n".join(f"- `{path}`" for path in chosen if "`" not in path)


def is_readme(path: str) -> bool:
    """Whether a file is a README by its name."""
    return PurePosixPath(path).name.lower() in _READMES


def read(answer: str) -> tuple[str, str]:
    """Take the answer of read_file apart: path and text."""
    head, _, text = answer.partition("\n")
    found = _HEAD.fullmatch(head)
    return (found.group(1) if found else head), text


def claims(path: str | None, text: str) -> str:
    """The README's headings, each with its first sentence, in the README's own words."""
    if path is None:
        return "There is no README."
    found = outline(text)
    lines = [f"- **{one.heading}**: “{one.sentence}”" if one.sentence else f"- **{one.heading}**" for one in found]
    more = [f"- and {len(found) - _SHOWN_CLAIMS} more sections"] if len(found) > _SHOWN_CLAIMS else []
    intro = f"In its own words ({_code(path)}):" if found else f"{_code(path)} holds no prose."
    return "\n".join([intro, "", *lines[:_SHOWN_CLAIMS], *more]).strip()


def places(found: Matches, *, wanted: str) -> str:
    """Lines that were found, with their places: those that begin with what was searched for, if there are any."""
    chosen = [one for one in found.matches if one.text.startswith(wanted)] or found.matches
    lines = [f"- {_code(f'{one.path}:{one.line}')} {_code(one.text)}" for one in chosen]
    return "\n".join([*lines, "- and more"] if found.more else lines)


def excerpts(texts: Mapping[str, str]) -> str:
    """One line for each file: what it says of itself."""
    return "\n".join(f"- {_code(path)}: {_excerpt(path, text)}" for path, text in texts.items())


def _excerpt(path: str, text: str) -> str:
    if path.endswith(".json"):
        return _json_fields(text) or "read"
    if path.endswith((".toml", ".mod")):
        return "; ".join(f"{name} {_code(value)}" for name, value in _fields(text).items()) or "read"
    line = _opening(text)
    return f"begins “{_plain(line)}”" if line else "is empty"


def _opening(text: str) -> str:
    """The first line that tells something: of a comment or docstring if there is one, never who holds the rights."""
    lines = [line.strip() for line in text.splitlines() if not _RIGHTS.search(line)]
    told = [line for line in lines if _COMMENT.match(line)] or lines
    words = (line.strip(" \t#/*-<!>\"';%") for line in told)
    return first_line(next((line for line in words if line), ""), limit=_LONGEST_LINE)


def _fields(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        if match := _FIELD.match(line.strip()):
            found.setdefault(match.group(1), match.group(2).strip("\"'"))
    return found


def _json_fields(text: str) -> str:
    try:
        fields = json.loads(text)
    except ValueError:  # Only its first lines were read.
        return ""
    found = {name: fields[name] for name in _FIELDS_OF_JSON if isinstance(fields, dict) and name in fields}
    return "; ".join(f"{name} {_code(str(value))}" for name, value in found.items())


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    # Figures stand to the right, so that they can be compared.
    rule = ["---", *("---:" if title in ("Files", "Lines", "Bytes") else "---" for title in head[1:])]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in [head, rule, *rows])


def _code(text: str) -> str:
    return f"`{_printable(text).replace('`', chr(0x2018))}`"


def _codes(texts: Iterable[str]) -> str:
    return ", ".join(map(_code, texts))


def _plain(text: str) -> str:
    return _printable(text).replace("<", "&lt;")


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else " " for char in text)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _size(count: int) -> str:
    for unit, size in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return _count(count, "byte")
