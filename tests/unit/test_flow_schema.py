from __future__ import annotations

from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from flows.schema import json_schema
from tests.support.flow_texts import EVERY_KIND


def faults(steps: dict[str, Any]) -> list[str]:
    """The places that the schema refuses."""
    value = {"name": "tested", "start": "a", "steps": steps}
    return [".".join(map(str, error.absolute_path)) for error in Draft202012Validator(json_schema()).iter_errors(value)]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json_schema())


def test_what_the_loader_reads_fits() -> None:
    Draft202012Validator(json_schema()).validate(yaml.safe_load(EVERY_KIND))


@pytest.mark.parametrize(
    ("step", "place"),
    [
        ({"next": "end"}, "steps.a"),
        ({"emit": {"type": "x"}, "call": {"tool": "x"}, "next": "end"}, "steps.a"),
        ({"emit": {"type": "x"}, "nxt": "end"}, "steps.a"),
        ({"wait": {"duration": 5}, "next": "end"}, "steps.a.wait.duration"),
        ({"wait": {"duration": "5s", "time": "x"}, "next": "end"}, "steps.a.wait"),
        ({"set": {"write": [{"document": "d"}]}, "next": "end"}, "steps.a.set.write.0"),
        ({"branch": {"cases": [{"when": "true", "to": "End"}], "else": "end"}}, "steps.a.branch.cases.0.to"),
        ({"team": {"name": "x", "task": "x", "budget": {"token": 1}}, "next": "end"}, "steps.a.team.budget"),
    ],
)
def test_editors_show_what_the_loader_would_refuse(step: dict[str, Any], place: str) -> None:
    assert faults({"a": step}) == [place]


def test_names_of_steps_are_checked_by_editors() -> None:
    assert faults({"A": {"emit": {"type": "x"}, "next": "end"}}) == ["steps"]


def test_everything_that_people_write_is_described() -> None:
    schema = json_schema()
    fields = {**schema["properties"], **schema["$defs"]["Step"]["properties"]}
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert [name for name, part in schema["$defs"].items() if not part.get("description")] == []


def test_each_asker_gets_a_schema_of_its_own() -> None:
    json_schema()["properties"].clear()
    assert json_schema()["properties"]
