"""How the agents of the team `survey` answer without a real model: what they say is made of what tools returned."""

from __future__ import annotations

import json
import re

from agents import survey_markdown as markdown
from agents.scripts import script
from agents.situation import Reply, Situation, ToolCalls
from tools.files import FileList, Matches
from tools.kinds import is_code
from tools.measures import Measures

IMPOSSIBLE = "The folder cannot be surveyed"
WORTH_READING = "Worth reading"

_README_LINES = 400
_OTHER_LINES = 80
_STARTS = {
    "C": "int main(",
    "C++": "int main(",
    "Go": "func main(",
    "Java": "static void main(",
    "JavaScript": '"main":',
    "Python": "if __name__",
    "Rust": "fn main(",
    "Shell": "#!/",
    "TypeScript": '"main":',
}
_ANY_START = "main("
_KIND = re.compile(r"^\| ([^|*]+?) \| [\d,]+ \|", re.MULTILINE)
_LISTED = re.compile(r"^- `([^`\n]+)`$", re.MULTILINE)


@script("scout", tools=("list_files", "measure_files"))
def scout(situation: Situation) -> Reply:
    """List, measure, and lay the figures out."""
    failed = [answer.text for answer in situation.answers if answer.failed]
    if failed:
        return f"{IMPOSSIBLE}: {failed[-1]}"
    lists, measures = situation.answers_of("list_files"), situation.answers_of("measure_files")
    if not lists:
        return [("list_files", {"limit": 500})]
    if not measures:
        return [("measure_files", {})]
    figures = Measures.model_validate_json(measures[-1])
    return markdown.document(
        {
            "": markdown.summary(figures),
            "Files by kind": markdown.kinds(figures),
            "Largest files": markdown.largest(figures),
            "To-dos": markdown.todos(figures),
            "Left out": markdown.left_out(figures),
            WORTH_READING: markdown.worth_reading(FileList.model_validate_json(lists[-1]), figures),
        }
    )


@script("reader", tools=("read_file", "search_files"))
def reader(situation: Situation) -> Reply | None:
    """Read the README, then the other files and the place where the program starts, and quote."""
    found = _last(situation, "scout")
    if found is None:
        return None
    return _next_reading(situation, found) or _quoted(situation, found)


@script("writer", tools=("write_file",))
def writer(situation: Situation) -> Reply | None:
    """Put the sections together, write them, and say where."""
    found, read = _last(situation, "scout"), _last(situation, "reader")
    if found is None or read is None:
        return None
    answers = situation.answers
    figures, claims = markdown.sections(found), markdown.sections(read)
    if not answers:
        return [("write_file", {"name": "survey.md", "text": _survey(figures, claims)})]
    if answers[-1].failed:
        return f"The survey could not be written: {answers[-1].text}"
    return f"The survey is in {answers[-1].text}\n\n{figures['']} {markdown.first(figures.get('To-dos', ''))}"


def _next_reading(situation: Situation, found: str) -> ToolCalls:
    wanted = _LISTED.findall(found)
    if not situation.called:
        search = ("search_files", {"text": _start(found), "limit": 10})
        return [*(("read_file", {"path": path, "lines": _README_LINES}) for path in wanted[:1]), search]
    asked = {json.loads(call.arguments).get("path") for call in situation.called}
    return [("read_file", {"path": path, "lines": _OTHER_LINES}) for path in wanted if path not in asked]


def _quoted(situation: Situation, found: str) -> str:
    texts = dict(markdown.read(text) for text in situation.answers_of("read_file"))
    readme = next((path for path in texts if markdown.is_readme(path)), None)
    others = {path: text for path, text in texts.items() if path != readme}
    return markdown.document(
        {
            "What the README claims": markdown.claims(readme, texts[readme] if readme else ""),
            "Where it starts": markdown.places(_matches(situation), wanted=_start(found)),
            "What else was read": markdown.excerpts(others),
        }
    )


def _start(found: str) -> str:
    """What to search for, by the language that most of the code is in."""
    languages = (kind for kind in _KIND.findall(found) if is_code(kind))
    return _STARTS.get(next(languages, ""), _ANY_START)


def _survey(figures: dict[str, str], claims: dict[str, str]) -> str:
    kept = {title: text for title, text in (claims | figures).items() if title not in ("", WORTH_READING)}
    name = re.search(r"\*\*(.+?)\*\*", figures[""])
    title = f"# Survey of {name.group(1) if name else 'the folder'}"
    return markdown.document({"": f"{title}\n\n{figures['']}", **kept})


def _matches(situation: Situation) -> Matches:
    found = situation.answers_of("search_files")
    return Matches.model_validate_json(found[-1]) if found else Matches(matches=[], more=False)


def _last(situation: Situation, source: str) -> str | None:
    return next((one.text for one in reversed(situation.heard) if one.source == source), None)
