from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from perdure import connection, temporal_server

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_OFF = {"temporal-schema", "temporal-namespace"}


def test_the_file_keeps_to_the_compose_specification() -> None:
    schema = json.loads(Path(__file__).with_name("compose-spec.json").read_text())
    faults = [fault.message for fault in Draft202012Validator(schema).iter_errors(COMPOSE)]
    assert faults == []


def test_every_part_of_production_is_there() -> None:
    parts = {"postgresql", "temporal", "temporal-ui", "redis", "qdrant", "neo4j", "worker"}
    assert set(SERVICES) == parts | ONE_OFF


@pytest.mark.parametrize("name", sorted(set(SERVICES) - ONE_OFF))
def test_a_service_that_stays_says_how_it_is(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_images_are_pinned_and_ports_are_local(name: str) -> None:
    service = SERVICES[name]
    assert "build" in service or re.search(r":v?\d+\.\d+\.\d+|:\d+\.\d+-", service["image"]), service["image"]
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ()))


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_what_a_service_needs_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("depends_on", ())) <= set(SERVICES)
    for volume in service.get("volumes", ()):
        source = volume.split(":")[0]
        assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]


def test_a_service_is_waited_for_only_until_it_can_be_ready() -> None:
    for service in SERVICES.values():
        for name, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if name in ONE_OFF else "service_healthy"
            assert how["condition"] == wanted


def test_no_password_stands_alone() -> None:
    for service in SERVICES.values():
        secret = {k: v for k, v in service.get("environment", {}).items() if re.search("PASSWORD|PWD|AUTH|KEY$", k)}
        assert all(re.search(r"\$\{[A-Z0-9_]+:-", value) for value in secret.values()), secret


def test_the_server_gets_the_values_of_the_local_stack() -> None:
    given = yaml.safe_load((DEPLOY / "temporal-dynamicconfig.yaml").read_text())
    values = {key: entry["value"] for key, (entry,) in given.items()}
    local = dict(pair.split("=", 1) for pair in temporal_server.DYNAMIC_CONFIG)
    assert {key: values.get(key) for key in local} == {key: json.loads(value) for key, value in local.items()}


def test_the_namespace_gets_our_search_attributes() -> None:
    words = (DEPLOY / "temporal-namespace.sh").read_text().split()
    assert set(connection.SEARCH_ATTRIBUTES) <= {word.rstrip(";") for word in words}


def test_the_worker_keeps_its_state_in_the_servers_that_stand_beside_it() -> None:
    given = SERVICES["worker"]["environment"]
    assert "@postgresql:5432/perdure" in given["PERDURE_DATABASE_URL"]
    assert "redis://redis:6379/" in given["PERDURE_REDIS_URL"]
    assert given["QDRANT_URL"].endswith("http://qdrant:6333}")
    assert given["NEO4J_URL"].endswith("bolt://neo4j:7687}")
    assert {"postgresql", "redis"} <= set(SERVICES["worker"]["depends_on"])


def test_the_image_is_built_from_the_locks_and_runs_as_nobody_special() -> None:
    lines = (DEPLOY / "Dockerfile").read_text()
    installs = re.findall(r"pip install (--\S+)", lines)
    assert set(installs) == {"--require-hashes", "--no-deps"}
    assert re.search(r"^USER (?!root)\w+$", lines, re.MULTILINE)
    assert "latest" not in lines


def test_the_image_sees_all_that_the_wheel_is_built_from() -> None:
    seen = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "examples"}
    assert packages | {"worker.py", "pyproject.toml", "requirements.lock", "requirements-dev.lock"} <= seen
