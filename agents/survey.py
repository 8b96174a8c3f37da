"""The team `survey`: three agents that look through a folder and write down what is in it."""

from __future__ import annotations

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.base import Team
from autogen_agentchat.conditions import FunctionCallTermination, TextMentionTermination
from autogen_agentchat.teams import RoundRobinGroupChat

import tools.files  # noqa: F401 - registers the tools
from agents import TeamContext, team
from agents.survey_script import IMPOSSIBLE, WORTH_READING

SCOUT = f"""You are the scout of a team that surveys a folder. Call list_files and measure_files, each once.
Then answer in Markdown: one sentence with the number of files and lines and what most of them are; then the sections
"Files by kind" (a table of files, lines and bytes), "Largest files" (a table), "To-dos" (each with its place) and
"Left out"; last a section "{WORTH_READING}", a list of at most five paths: the README, the file that describes the
project (pyproject.toml, package.json, ...) and the largest sources. Copy each figure exactly as the tools give it.
If the tools cannot read the folder, answer "{IMPOSSIBLE}" and say why, nothing else."""

READER = f"""You are the reader of a team that surveys a folder. Read with read_file what the scout lists under
"{WORTH_READING}", the README first, and find with search_files where the program starts. Then answer in Markdown:
"What the README claims" (its headings, each with its first sentence, quoted), "Where it starts" (places), and
"What else was read" (one line for each file). Quote; do not judge, and do not invent what you have not read."""

WRITER = """You are the writer of a team that surveys a folder. Put together one Markdown document out of what the scout
and the reader said: a title "Survey of FOLDER", the scout's sentence, what the README claims, then all other sections
except the list of what was worth reading. Keep every figure exactly as it is. Call write_file once, with the name
survey.md and the whole document. When it is written, answer in two or three sentences: the path that write_file
returned, and the key figures."""


@team("survey", version="1")
def survey(ctx: TeamContext) -> Team:
    """Looks through the folder given with --files and writes survey.md: figures, to-dos, what the README claims."""
    scout = AssistantAgent(
        "scout",
        model_client=ctx.model(),
        workbench=ctx.tools("list_files", "measure_files"),
        description="Lists and measures the folder.",
        system_message=SCOUT,
        max_tool_iterations=4,
        reflect_on_tool_use=True,
    )
    reader = AssistantAgent(
        "reader",
        model_client=ctx.model(),
        workbench=ctx.tools("read_file", "search_files"),
        description="Reads what matters in the folder.",
        system_message=READER,
        max_tool_iterations=8,
        reflect_on_tool_use=True,
    )
    writer = AssistantAgent(
        "writer",
        model_client=ctx.model(),
        workbench=ctx.tools("write_file"),
        description="Writes the survey.",
        system_message=WRITER,
        max_tool_iterations=3,
        reflect_on_tool_use=True,
    )
    written = FunctionCallTermination("write_file")
    impossible = TextMentionTermination(IMPOSSIBLE, sources=["scout"])
    # Two rounds: a model that forgets to write in the first is reminded by its own system message in the second.
    return RoundRobinGroupChat([scout, reader, writer], termination_condition=written | impossible, max_turns=6)
