from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from autogen_agentchat.base import TaskResult
from autogen_agentchat.messages import BaseChatMessage, ToolCallRequestEvent
from autogen_core import CancellationToken
from autogen_core.models import ChatCompletionClient, CreateResult, LLMMessage
from autogen_core.tools import TextResultContent, ToolResult, ToolSchema, Workbench
from pydantic import BaseModel

from activities import tool_answers
from agents import survey_markdown as markdown
from agents.registry import REGISTRY
from agents.scripted import ScriptedModel
from agents.survey import survey
from contracts.errors import PerdureError
from tools.registry import TOOLS, ToolContext

# In two parts, so that this file has no to-dos of its own.
MARK = "TO" + "DO"
README = """# Robots

[![badge](https://example.com/b.svg)](https://example.com)

Robots *walk*. They also talk.

## Install

```sh
# not a heading
pip install robots
```

Use [pip](https://pip.pypa.io) 23 or later.

## Empty
"""


class PlainWorkbench(Workbench):
    """Runs registered tools at once, in this process."""

    component_config_schema = BaseModel

    def __init__(self, names: Sequence[str], context: ToolContext) -> None:
        self._names = names
        self._context = context

    async def list_tools(self) -> list[ToolSchema]:
        return [ToolSchema(**TOOLS.get(name).schema) for name in self._names]  # type: ignore[typeddict-item]

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        cancellation_token: CancellationToken | None = None,
        call_id: str | None = None,
    ) -> ToolResult:
        entry = TOOLS.get(name)
        try:
            value = await asyncio.to_thread(entry.function, **entry.bind(arguments or {}, self._context))
            outcome = tool_answers.answer(name, value)
        except (PerdureError, OSError) as error:
            outcome = tool_answers.failure(name, error)
        return ToolResult(name=name, result=[TextResultContent(content=outcome.text)], is_error=outcome.failed)

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def reset(self) -> None: ...

    async def save_state(self) -> Mapping[str, Any]:
        return {}

    async def load_state(self, state: Mapping[str, Any]) -> None: ...


class NamedModel(ScriptedModel):
    """Tells who asks, as the worker does for durable agents: here by the tools that were handed out last."""

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._names = names

    async def create(
        self, messages: Sequence[LLMMessage], *, extra_create_args: Mapping[str, Any] | None = None, **settings: Any
    ) -> CreateResult:
        system = str(messages[0].content)
        caller = next(name for name in ("scout", "reader", "writer") if f"You are the {name}" in system)
        self._names.append(caller)
        return await super().create(messages, extra_create_args={"caller": caller}, **settings)


class PlainContext:
    """Hands out a scripted model and tools that run in this process."""

    def __init__(self, context: ToolContext) -> None:
        self._context = context
        self.asked: list[str] = []

    def model(self, name: str | None = None) -> ChatCompletionClient:
        return NamedModel(self.asked)

    def tools(self, *names: str) -> Workbench:
        return PlainWorkbench(names, self._context)


@pytest.fixture
def ctx(tmp_path: Path) -> ToolContext:
    root = tmp_path / "robots"
    root.mkdir()
    return ToolContext(run_id="r", path="p", files=root, output=tmp_path / "out", idempotency_key="k")


def put(ctx: ToolContext, name: str, content: str) -> None:
    assert ctx.files is not None
    path = ctx.files / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


async def surveyed(ctx: ToolContext) -> TaskResult:
    context: Any = PlainContext(ctx)
    return await survey(context).run(task="Survey this folder")


def fill(ctx: ToolContext) -> None:
    put(ctx, "README.md", README)
    put(ctx, "pyproject.toml", '[project]\nname = "robots"\nversion = "1.2"\n')
    put(ctx, "src/walk.py", f'"""How robots walk."""\n\n# {MARK}: turn\n' + "x = 1\n" * 97)
    put(ctx, "src/main.py", "if __name__ == '__main__':\n    pass\n")
    put(ctx, ".git/config", "secret\n" * 1_000)
    put(ctx, "a|b`c.txt", "odd\n")


async def test_the_survey_has_real_figures(ctx: ToolContext) -> None:
    fill(ctx)
    result = await surveyed(ctx)
    text = (ctx.output / "survey.md").read_text()
    sections = markdown.sections(text)
    assert sections[""] == (
        "# Survey of robots\n\nThe folder **robots** holds 5 files with 122 lines (915 bytes), "
        "most of it Python (2 files, 102 lines)."
    )
    assert sections["Files by kind"].splitlines()[2:] == [
        "| Python | 2 | 102 | 655 |",
        "| Markdown | 1 | 16 | 214 |",
        "| TOML | 1 | 3 | 42 |",
        "| Text | 1 | 1 | 4 |",
        "| **all** | 5 | 122 | 915 |",
    ]
    assert "| `src/walk.py` | Python | 100 |" in sections["Largest files"]
    assert sections["To-dos"] == f"There is 1 to-do:\n\n- `src/walk.py:3` {MARK}: turn"
    assert sections["Left out"] == "- Folders passed over: `.git`"
    assert result.stop_reason == "Function 'write_file' was executed."


async def test_the_figures_are_those_of_the_folder(ctx: ToolContext) -> None:
    fill(ctx)
    await surveyed(ctx)
    assert ctx.files is not None
    counted = [path for path in ctx.files.rglob("*") if path.is_file() and ".git" not in path.parts]
    lines = sum(len(path.read_text().splitlines()) for path in counted)
    size = sum(path.stat().st_size for path in counted)
    table = markdown.sections((ctx.output / "survey.md").read_text())["Files by kind"]
    assert table.splitlines()[-1] == f"| **all** | {len(counted)} | {lines} | {size} |"


async def test_the_survey_quotes_what_was_read(ctx: ToolContext) -> None:
    fill(ctx)
    await surveyed(ctx)
    sections = markdown.sections((ctx.output / "survey.md").read_text())
    assert sections["What the README claims"].splitlines() == [
        "In its own words (`README.md`):",
        "",
        "- **Robots**: “Robots *walk*.”",
        "- **Install**: “Use pip 23 or later.”",
        "- **Empty**",
    ]
    assert sections["Where it starts"] == "- `src/main.py:1` `if __name__ == '__main__':`"
    assert sections["What else was read"].splitlines() == [
        "- `pyproject.toml`: name `robots`; version `1.2`",
        "- `src/walk.py`: begins “How robots walk.”",
        "- `src/main.py`: begins “if __name__ == '__main__':”",
    ]


async def test_the_answer_says_where_and_what(ctx: ToolContext) -> None:
    fill(ctx)
    result = await surveyed(ctx)
    answer = result.messages[-1]
    assert isinstance(answer, BaseChatMessage)
    assert answer.source == "writer"
    assert answer.to_text().splitlines()[0] == f"The survey is in {ctx.output / 'survey.md'}"
    assert "holds 5 files" in answer.to_text()
    assert "There is 1 to-do." in answer.to_text()


async def test_a_survey_of_the_same_folder_is_the_same(ctx: ToolContext, tmp_path: Path) -> None:
    fill(ctx)
    again = replace(ctx, output=tmp_path / "again")
    await surveyed(ctx)
    await surveyed(again)
    assert (ctx.output / "survey.md").read_bytes() == (again.output / "survey.md").read_bytes()


async def test_files_are_read_side_by_side(ctx: ToolContext) -> None:
    fill(ctx)
    result = await surveyed(ctx)
    asked = [
        [call.name for call in message.content]
        for message in result.messages
        if isinstance(message, ToolCallRequestEvent)
    ]
    assert asked == [
        ["list_files"],
        ["measure_files"],
        ["read_file", "search_files"],
        ["read_file", "read_file", "read_file"],
        ["write_file"],
    ]


async def test_an_empty_folder_is_surveyed_too(ctx: ToolContext) -> None:
    result = await surveyed(ctx)
    text = (ctx.output / "survey.md").read_text()
    assert "The folder **robots** holds 0 files with 0 lines (0 bytes)." in text
    assert "There is no README." in text
    assert result.messages[-1].to_text().startswith("The survey is in ")


async def test_without_a_folder_the_answer_says_so(ctx: ToolContext) -> None:
    result = await surveyed(replace(ctx, files=None))
    assert result.messages[-1].to_text() == (
        "The folder cannot be surveyed: this run was given no folder to read: start it with --files DIR"
    )
    assert not ctx.output.exists()


async def test_where_nothing_can_be_written_the_answer_says_so(ctx: ToolContext) -> None:
    fill(ctx)
    ctx.output.write_text("a file where the folder should be")
    result = await surveyed(ctx)
    assert result.messages[-1].to_text().startswith("The survey could not be written: FileExistsError")


def test_the_team_is_registered() -> None:
    entry = REGISTRY.team("survey")
    assert (entry.version, entry.factory) == ("1", survey)
    assert "survey.md" in entry.description
