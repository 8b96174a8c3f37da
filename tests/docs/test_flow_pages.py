"""What `docs/flows.md` shows is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from contracts.errors import InvalidFlow
from contracts.flows import STEP_KINDS
from docs.pictures import drawings
from examples.support.tickets import tickets
from flows.loading import load, read
from flows.registry import FLOWS
from flows.schema import json_schema
from tests.docs.pages import ROOT, block

PAGE = (ROOT / "docs" / "flows.md").read_text()
DEFINITION = block("docs/flows.md, A definition, yaml 1")
BUILT = block("docs/flows.md, In Python, python 1")
DEFINITIONS = sorted(ROOT.glob("examples/*/*.yaml"))


def test_the_definition_is_one_and_its_faults_are_told_as_shown() -> None:
    load(DEFINITION.text)
    wrong = DEFINITION.text.replace('"open" &&', '"opne" &&').replace("on_deadline: refuse", "on_deadline: refus")
    with pytest.raises(InvalidFlow) as refused:
        load(wrong)
    shown = re.findall(r"^refund\.yaml:(.+)$", PAGE, re.MULTILINE)
    assert [fault.removeprefix("<text>:").partition(", in ")[0] for fault in refused.value.faults] == shown


def test_the_built_flow_is_registered() -> None:
    exec(BUILT.text, {})
    assert FLOWS.get("refund").start == "decide"


def test_every_kind_of_step_is_in_the_table() -> None:
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == list(STEP_KINDS)


def test_the_pictures_are_those_of_the_examples() -> None:
    assert drawings.drawn(PAGE) == PAGE, "run `python -m docs.pictures.drawings`"


@pytest.mark.parametrize("file", DEFINITIONS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_the_examples_fit_the_schema_of_definitions(file: Path) -> None:
    Draft202012Validator(json_schema()).validate(read(file)[1].value)


def test_there_are_twenty_tickets() -> None:
    found = tickets()
    assert len({ticket.id for ticket in found}) == 20
    assert len({ticket.text for ticket in found}) == 20
