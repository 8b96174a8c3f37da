from __future__ import annotations

from pathlib import Path

import pytest

from contracts.errors import ConfigurationError, InvalidFlow, UnknownName
from flows.registry import FLOWS, FlowRegistry, flow_file, register_flow
from tests.support.flow_texts import flow_of, text_of

END = {"emit": {"type": "x"}, "next": "end"}


def test_a_flow_is_found_by_its_name() -> None:
    flows = FlowRegistry()
    flows.add(flow_of({"a": END}))
    flows.add(flow_of({"a": END}))
    assert flows.get("tested") == flow_of({"a": END})
    assert flows.names() == ["tested"]
    with pytest.raises(UnknownName, match="unknown flow 'testd': did you mean 'tested'"):
        flows.get("testd")


def test_two_flows_of_one_name_are_refused() -> None:
    flows = FlowRegistry()
    flows.add(flow_of({"a": END}))
    with pytest.raises(
        ConfigurationError, match="the flow 'tested' is registered twice, as version '1' and as version '2'"
    ):
        flows.add(flow_of({"a": END}, version="2"))


def test_a_flow_travels_with_all_its_children() -> None:
    flows = FlowRegistry()
    child = flow_of({"a": {"flow": {"name": "grandchild"}, "next": "end"}}, name="child")
    parent = flow_of({"a": {"map": {"over": [1], "do": {"flow": {"name": "child"}}}, "next": "end"}})
    flows.add(child)
    with pytest.raises(UnknownName, match="unknown flow 'grandchild'"):
        flows.children(parent)
    flows.add(flow_of({"a": END}, name="grandchild"))
    assert set(flows.children(parent)) == {"child", "grandchild"}


def test_only_flows_that_can_run_are_registered(tmp_path: Path) -> None:
    file = tmp_path / "flow.yaml"
    file.write_text(text_of("a: {emit: {type: x}, next: b}\n"))
    with pytest.raises(InvalidFlow, match=r"flow.yaml:4:30: steps.a.next: there is no step 'b'"):
        flow_file(file)
    with pytest.raises(InvalidFlow, match=r"steps.a.next: there is no step 'b'"):
        register_flow(flow_of({"a": {**END, "next": "b"}}))
    assert "tested" not in FLOWS.names()
