"""Rules that the linters have no words for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = (
    "activities",
    "agents",
    "benchmarks",
    "contracts",
    "events",
    "examples",
    "expressions",
    "flows",
    "memory",
    "perdure",
    "tests",
    "tools",
    "workflows",
)
FILES = sorted(path for name in PACKAGES for path in (ROOT / name).rglob("*.py"))
IN_WORKFLOWS = [path for path in FILES if path.relative_to(ROOT).parts[0] in {"agents", "workflows"}]
MAX_LINES = 400
NOT_IN_A_WORKFLOW = {"breakpoint", "eval", "exec", "input", "open", "print"}


def place(path: Path, line: int) -> str:
    """A line as editors name it."""
    return f"{path.relative_to(ROOT)}:{line}"


def nodes(path: Path) -> Iterator[ast.AST]:
    """All that a file is made of."""
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def called_names(path: Path) -> Iterator[tuple[str, int]]:
    """The plain names that a file calls, each with its line."""
    for node in nodes(path):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node.lineno


def arguments(path: Path) -> Iterator[tuple[str, int]]:
    """The arguments of a file's functions, each with its line."""
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from ((argument.arg, argument.lineno) for argument in node.args.args + node.args.kwonlyargs)


def test_files_are_short() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert [place(path, count) for path, count in lines.items() if count > MAX_LINES] == []


def test_what_runs_in_a_workflow_does_no_io() -> None:
    calls = [(name, place(path, line)) for path in IN_WORKFLOWS for name, line in called_names(path)]
    assert [(name, where) for name, where in calls if name in NOT_IN_A_WORKFLOW] == []


def test_tests_hold_no_mocks() -> None:
    found = [(name, place(path, line)) for path in FILES for name, line in arguments(path)]
    assert [(name, where) for name, where in found if name in {"mocker", "monkeypatch"}] == []
