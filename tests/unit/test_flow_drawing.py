from __future__ import annotations

import re

from flows.drawing import escaped, mermaid
from flows.loading import load
from tests.support.flow_texts import EVERY_KIND, flow_of

SHAPES = {
    "triage": ("([", "])"),
    "decide": ("{", "}"),
    "write": ("[(", ")]"),
    "later": ("{{", "}}"),
    "each": ("[\\", "\\]"),
    "both": ("[/", "\\]"),
    "tell": (">", "]"),
    "child": ("[[", "]]"),
    "look": ("[", "]"),
    "person": ("[/", "/]"),
}
_NODE = re.compile(r'    s_(?P<name>\w+)(?P<opening>[^\w\s|"]+)"(?P<label>[^"]*)"(?P<closing>[^\w\s"]+)')
_ARROW = re.compile(r'    (?P<source>\w+)(?:\(\( \)\))? (?P<line>-->|-\.->)(?:\|"(?P<label>[^"]*)"\|)? (?P<target>\w+)')
_STYLE = re.compile(r"    (?:classDef taken \S+|class [\w,]+ taken|linkStyle [\d,]+ \S+)")


def test_every_line_is_a_node_an_arrow_or_a_style() -> None:
    first, *lines = mermaid(load(EVERY_KIND), ["triage", "decide", "person", "end"]).splitlines()
    assert first == "flowchart TD"
    odd = [line for line in lines if not any(form.fullmatch(line) for form in (_NODE, _ARROW, _STYLE))]
    assert odd == ['    finish_((("end")))']


def test_each_kind_has_its_shape() -> None:
    nodes = {match["name"]: (match["opening"], match["closing"]) for match in _NODE.finditer(mermaid(load(EVERY_KIND)))}
    assert {name: nodes[name] for name in SHAPES} == SHAPES


def test_branches_say_why_and_failures_are_dashed() -> None:
    arrows = {
        (match["source"], match["target"]): (match["line"], match["label"])
        for match in _ARROW.finditer(mermaid(load(EVERY_KIND)))
    }
    assert arrows["s_decide", "s_person"] == ("-->", "else")
    line, label = arrows["s_decide", "s_write"]
    assert line == "-->"
    assert label.replace("<br/>", " ") == escaped("ticket.confidence >= 0.8 && steps.triage.output.value.ok")
    assert arrows["s_triage", "s_person"] == ("-.->", "on error")
    assert arrows["s_later", "s_person"] == ("-.->", "too late")
    assert arrows["start_", "s_triage"] == ("-->", None)


def test_the_path_taken_is_bold() -> None:
    text = mermaid(load(EVERY_KIND), ["triage", "decide", "person", "end"])
    arrows = [f"{match['source']}>{match['target']}" for match in _ARROW.finditer(text)]
    numbers = re.findall(r"linkStyle ([\d,]+)", text)[0].split(",")
    assert {arrows[int(number)] for number in numbers} == {
        "start_>s_triage",
        "s_triage>s_decide",
        "s_decide>s_person",
        "s_person>finish_",
    }
    assert "class s_triage,s_decide,s_person,finish_ taken" in text


def test_no_text_of_an_author_is_taken_for_a_sign() -> None:
    title = 'a "quoted" <b>`x`</b> %%{init}%% ]) end; #1 | \n x'
    step = {"emit": {"type": "x"}, "title": title, "next": "end"}
    text = mermaid(flow_of({"style": step}))
    (label,) = (match["label"] for match in _NODE.finditer(text))
    assert set(re.sub(r"#\d+;|<b>style</b>|<br/>", "", label)) <= set("abcdefghijklmnopqrstuvwxyz 1/:{}[]()|")
