from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.state import Place, Write
from memory.state.differences import differences, same
from memory.state.patches import merged

_SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)
)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_patch_is_merged_as_the_rfc_says(target: Any, patch: Any, result: Any) -> None:
    before = json.dumps([target, patch])
    assert merged(target, patch) == result
    assert json.dumps([target, patch]) == before


def test_differences_name_each_place() -> None:
    before = {"a": 1, "b": {"c": [1, 2, 3], "d/e~": "x"}, "same": {"x": [1]}}
    after = {"a": True, "b": {"c": [1, 5], "new": None}, "same": {"x": [1]}}
    found = [(one.path, one.kind, one.before, one.after) for one in differences(before, after)]
    assert found == [
        ("/a", "changed", 1, True),
        ("/b/c/1", "changed", 2, 5),
        ("/b/c/2", "removed", 3, None),
        ("/b/d~1e~0", "removed", "x", None),
        ("/b/new", "added", None, None),
    ]


def test_a_whole_value_has_the_empty_path() -> None:
    assert [one.path for one in differences({"a": 1}, [1])] == [""]


@given(_VALUES, _VALUES)
def test_there_are_differences_where_values_differ(one: Any, other: Any) -> None:
    assert (differences(one, other) == ()) == same(one, other)
    assert differences(one, one) == ()


@given(_VALUES, st.dictionaries(st.text(max_size=5), _VALUES, max_size=4))
def test_a_patch_twice_is_a_patch_once(target: Any, patch: Any) -> None:
    once = merged(target, patch)
    assert same(merged(once, patch), once)


def test_a_document_of_5_mb_is_refused_before_it_is_sent() -> None:
    with pytest.raises(ValidationError, match="at most 1,048,576 are allowed"):
        Write(kind="put", namespace="tickets", key="a", value="x" * 5_000_000)


@pytest.mark.parametrize("key", ["", "a//b", "../a", "a/..", "a\x00b", "a\nb", "a\u202eb", "*", "x" * 301, " a"])
def test_a_key_with_tricks_is_refused(key: str) -> None:
    with pytest.raises(ValidationError, match="the key"):
        Place(namespace="tickets", key=key)
