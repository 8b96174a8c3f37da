from __future__ import annotations

from typing import Any

import pytest

from contracts.errors import BadRequest, NotFound
from contracts.state import Filter, Query
from tests.conformance.state_backends import State, put, write

VALUES: dict[str, Any] = {
    "a": {"n": 1, "name": "anna", "tags": ["x", "y"], "deep": {"flag": True}},
    "b": {"n": 2.5, "name": "Bert", "tags": [], "deep": {"flag": False}},
    "c": {"n": "2", "name": "zoë", "tags": "xyz", "deep": {"flag": 1}},
    "d": {"n": None, "name": "𝄞", "tags": [1, True, None, 1.5], "deep": [{"flag": True}]},
    "e": {"n": 2**60, "name": "ﬀ", "deep": {"0": "zero"}},
    "f": ["n", 1],
    "g": 2,
}


@pytest.fixture
async def filled(state: State) -> State:
    await state.commit(*(put(f"docs/{key}", value) for key, value in VALUES.items()), put("other/a", VALUES["a"]))
    return state


async def keys(state: State, **query: Any) -> str:
    page = await state.store.query(Query(namespace="docs", tenant=state.tenant, **query))
    return "".join(found.place.key for found in page.documents)


@pytest.mark.parametrize(
    ("field", "test", "value", "expected"),
    [
        ("n", "eq", 1, "a"),
        ("n", "eq", 1.0, "a"),
        ("n", "eq", "2", "c"),
        ("n", "eq", True, ""),
        ("n", "eq", None, "d"),
        ("n", "eq", 2**60, "e"),
        ("n", "eq", 2**70, ""),
        ("n", "ne", 1, "be"),
        ("n", "ne", "x", "c"),
        ("n", "ne", None, ""),
        ("n", "lt", 2.5, "a"),
        ("n", "le", 2.5, "ab"),
        ("n", "gt", 2, "be"),
        ("n", "ge", 2.5, "be"),
        ("n", "lt", "3", "c"),
        ("n", "in", [1, "2", None], "acd"),
        ("n", "in", [], ""),
        ("n", "exists", None, "abcde"),
        ("n", "missing", None, "fg"),
        ("name", "lt", "b", "aB".replace("B", "b")),
        ("name", "ge", "ﬀ", "de"),
        ("name", "contains", "nn", "a"),
        ("name", "contains", "N", ""),
        ("name", "contains", "%", ""),
        ("tags", "contains", "x", "ac"),
        ("tags", "contains", 1, "d"),
        ("tags", "contains", True, "d"),
        ("tags", "contains", None, "d"),
        ("tags", "contains", 1.5, "d"),
        ("tags", "missing", None, "efg"),
        ("deep.flag", "eq", True, "a"),
        ("deep.flag", "ne", True, "b"),
        ("deep.flag", "eq", 1, "c"),
        ("deep.flag", "missing", None, "defg"),
        ("deep.0", "eq", "zero", "e"),
        ("deep.0", "missing", None, "abcdfg"),
        ("nö such ' field", "missing", None, "abcdefg"),
    ],
)
async def test_a_filter_holds_for(filled: State, field: str, test: Any, value: Any, expected: str) -> None:
    assert await keys(filled, where=(Filter(field=field, test=test, value=value),)) == expected


async def test_all_filters_must_hold(filled: State) -> None:
    number, text = Filter(field="n", test="gt", value=0), Filter(field="name", test="contains", value="n")
    assert await keys(filled, where=(number, text)) == "a"


@pytest.mark.parametrize(
    ("filter_", "why"),
    [
        (Filter(field="n", value=[1]), "compare with a text"),
        (Filter(field="n", test="in", value=1), "give a list"),
        (Filter(field="n", test="in", value=[{}]), "compare with a text"),
        (Filter(field="n", test="lt", value=True), "only texts and numbers have an order"),
        (Filter(field="n", test="ge", value=None), "only texts and numbers have an order"),
        (Filter(field="n", test="ne", value={}), "only texts and numbers have an order"),
        (Filter(field="n", test="contains", value=[1]), "compare with a text"),
        (Filter(field="a..b", value=1), "must be names with dots"),
        (Filter(field='a"b', value=1), "must be names with dots"),
    ],
)
async def test_a_filter_that_cannot_be_used_is_refused(filled: State, filter_: Filter, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        await keys(filled, where=(filter_,))


@pytest.mark.parametrize(
    ("order", "descending", "expected"),
    [
        ("key", False, "abcdefg"),
        ("key", True, "gfedcba"),
        ("$sequence", False, "abcdefg"),
        ("$sequence", True, "gfedcba"),
        ("n", False, "abecdfg"),
        ("n", True, "ebacdgf"),
        ("name", False, "baced" + "fg"),
        ("name", True, "decab" + "gf"),
        ("deep.flag", False, "cba" + "defg"),
        ("tags", False, "c" + "abd" + "efg"),
    ],
)
@pytest.mark.parametrize("limit", [1, 3])
async def test_pages_follow_the_order(filled: State, order: str, descending: bool, expected: str, limit: int) -> None:
    found, after = "", None
    while True:
        query = Query(
            namespace="docs", order=order, descending=descending, limit=limit, after=after, tenant=filled.tenant
        )
        page = await filled.store.query(query)
        assert len(page.documents) <= limit
        found += "".join(one.place.key for one in page.documents)
        after = page.after
        if after is None:
            break
    assert found == expected


async def test_a_page_goes_on_where_it_was_whatever_is_written(filled: State) -> None:
    first = await filled.store.query(Query(namespace="docs", limit=3, tenant=filled.tenant))
    await filled.put("docs/aa", 1)
    await filled.commit(write("delete", "docs/c"))
    assert await keys(filled, after=first.after) == "defg"


@pytest.mark.parametrize("after", ["nonsense", "bnVsbA", "W10", "WyJrZXkiLGZhbHNlXQ", "WyJrZXkiLGZhbHNlLDEsMiwzXQ"])
async def test_a_page_that_is_none_is_refused(filled: State, after: str) -> None:
    with pytest.raises(BadRequest, match="`after`"):
        await keys(filled, after=after)


async def test_a_page_of_another_order_is_refused(filled: State) -> None:
    page = await filled.store.query(Query(namespace="docs", limit=1, tenant=filled.tenant))
    with pytest.raises(BadRequest, match="another order"):
        await keys(filled, after=page.after, descending=True)


async def test_only_keys_with_the_prefix(state: State) -> None:
    names = ["a", "a/b", "a/c", "ab", "b", "a\ud7ff", "a\ue000", "a\U0010ffff", "a\U0010ffff/x", "_", "%"]
    await state.commit(*(put(f"docs/{name}", 1) for name in names))
    assert await keys(state, prefix="a/") == "a/ba/c"
    assert await keys(state, prefix="a\ud7ff") == "a\ud7ff"
    assert await keys(state, prefix="a\U0010ffff") == "a\U0010ffffa\U0010ffff/x"
    assert await keys(state, prefix="_") == "_"
    assert await keys(state, prefix="z") == ""


async def test_what_is_deleted_is_not_found(filled: State) -> None:
    await filled.commit(write("delete", "docs/a"))
    assert await keys(filled) == "bcdefg"


async def test_a_query_returns_whole_documents(filled: State) -> None:
    page = await filled.store.query(Query(namespace="docs", prefix="b", tenant=filled.tenant))
    assert page.documents == (await filled.get("docs/b"),)
    assert page.after is None


async def test_a_branch_shows_its_own_and_what_its_forefathers_had(filled: State) -> None:
    await filled.fork("one")
    await filled.commit(put("docs/a", {"n": 10}), put("docs/new", 1))  # not seen by the branch
    await filled.commit(put("docs/b", {"n": 20}), write("delete", "docs/c"), branch="one")
    await filled.fork("two", parent="one")
    await filled.commit(put("docs/b", {"n": 30}), branch="one")
    await filled.commit(put("docs/h", {"n": 40}), branch="two")
    assert await keys(filled) == "abcdefgnew"
    assert await keys(filled, branch="one") == "abdefg"
    assert await keys(filled, branch="two") == "abdefgh"
    numbers = (Filter(field="n", test="ge", value=1),)
    assert await keys(filled, branch="two", where=numbers, order="n") == "abhe"
    page = await filled.store.query(Query(namespace="docs", branch="two", prefix="b", tenant=filled.tenant))
    assert page.documents[0].value == {"n": 20}
    assert page.documents[0].place.branch == "two"


async def test_a_branch_that_is_not_there_is_said(state: State) -> None:
    with pytest.raises(NotFound, match="no branch 'none'"):
        await keys(state, branch="none")
