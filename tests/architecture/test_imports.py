from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DRIVERS = {
    *("aiosqlite", "alembic", "asyncpg", "fastapi", "mem0", "neo4j", "psycopg", "qdrant_client", "redis", "sqlalchemy"),
    "sqlite3",
}
# Replay reads what was decided, and never decides again.
DECIDES = {"cel", "lark"}
MODEL_CLIENTS = {"autogen_ext", "httpx", "httpx2", "openai", "tiktoken"}
EVERY_WORKFLOW = """
import importlib, pkgutil, workflows
for module in pkgutil.walk_packages(workflows.__path__, "workflows."):
    importlib.import_module(module.name)
"""


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after some code."""
    report = "import atexit, sys; atexit.register(lambda: print(*sys.modules, sep='\\n', file=sys.stderr))\n"
    command = [sys.executable, "-W", "ignore", "-c", report + code]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    return {line.split(".")[0] for line in ended.stderr.splitlines()}


def test_workflows_load_no_driver_and_no_model_client() -> None:
    loaded = loaded_by(EVERY_WORKFLOW)
    assert "workflows" in loaded
    assert loaded & (DRIVERS | MODEL_CLIENTS | DECIDES) == set()


def test_workflows_load_nothing_that_leaves_a_workflow() -> None:
    assert loaded_by(EVERY_WORKFLOW) & {"activities", "memory", "perdure", "worker"} == set()


@pytest.mark.parametrize(
    "words", [["--help"], ["run", "--help"], ["state", "get", "--help"], ["flow", "start", "--help"]]
)
def test_help_loads_neither_engine_nor_agents(words: list[str]) -> None:
    loaded = loaded_by(f"import sys; sys.argv = {['perdure', *words]!r}\nfrom perdure.cli.app import main\nmain()")
    heavy = {"activities", "autogen_agentchat", "autogen_core", "temporalio", "workflows"}
    assert loaded & (heavy | DRIVERS | MODEL_CLIENTS | DECIDES) == set()


@pytest.mark.parametrize("name", ["contracts", "agents", "events", "expressions", "flows", "tools", "perdure"])
def test_importing_a_package_loads_no_engine(name: str) -> None:
    heavy = {"autogen_agentchat", "autogen_core", "temporalio"}
    assert loaded_by(f"import {name}") & (heavy | DRIVERS | MODEL_CLIENTS) == set()


def test_agents_is_ours() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", "import agents; print(agents.__file__)"],
        cwd="/", capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert Path(ended.stdout.strip()) == ROOT / "agents" / "__init__.py"
