from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUNTIME: list[str] = PROJECT["project"]["dependencies"]
DEVELOPMENT: list[str] = PROJECT["dependency-groups"]["dev"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]


def names(requirements: Iterable[str]) -> set[str]:
    """The packages that are required."""
    return {canonicalize_name(Requirement(requirement).name) for requirement in requirements}


def entries(lock: str) -> list[str]:
    """The requirements of a lock, each with its hashes, on one line."""
    joined = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package, more than one where they differ by platform or by Python."""
    found: dict[str, set[str]] = {}
    for entry in entries(lock):
        name, version = re.split(r"[=;\s]+", entry)[:2]
        found.setdefault(canonicalize_name(name), set()).add(version)
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_pinned_by_hash(lock: str) -> None:
    assert [e for e in entries(lock) if not re.match(r"\S+==\S+.*--hash=sha256:[0-9a-f]{64}", e)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.findall(r"://|--(?:extra-)?index|--find-links|--trusted-host| @ ", text) == []


@pytest.mark.parametrize(
    ("lock", "requirements"),
    [("requirements.lock", RUNTIME), ("requirements-dev.lock", RUNTIME + DEVELOPMENT)],
)
def test_a_lock_fits_what_the_project_asks_for(lock: str, requirements: list[str]) -> None:
    locked = pins(lock)
    for requirement in map(Requirement, requirements):
        versions = locked.get(canonicalize_name(requirement.name), set())
        assert versions, f"{requirement} is not in {lock}: run make lock"
        assert all(version in requirement.specifier for version in versions), f"{requirement} in {lock}: run make lock"


def test_developers_run_what_users_run() -> None:
    development = pins("requirements-dev.lock")
    assert {name: development.get(name) for name in pins("requirements.lock")} == pins("requirements.lock")


def test_no_development_tool_reaches_users() -> None:
    extras = names(requirement for extra in EXTRAS.values() for requirement in extra)
    tools = names(DEVELOPMENT) - extras
    assert tools & pins("requirements.lock").keys() == set()


def test_agents_is_our_name() -> None:
    assert "openai-agents" not in pins("requirements-dev.lock")
    assert set(packages_distributions().get("agents", ["perdure"])) == {"perdure"}
