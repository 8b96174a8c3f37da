from __future__ import annotations

import pytest

from memory.relations.entities import MOST_ENTITIES, entities_of, entity_node


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Melanie went to Paris with Anna Smith.", ("Paris", "Anna Smith")),
        ("Anna's dog is called Rex. Anna loves it.", ("Anna", "Rex")),
        ("Moved to New York City and works at Bank of America.", ("New York City", "Bank of America")),
        ("Hey! My iPhone broke, I'll call Dr. Brown on Monday", ("iPhone", "Dr Brown")),
        ("Running is fun. Running keeps me well.", ()),
        ('She read "The Little Prince" and said "I liked it very much!"', ("The Little Prince",)),
        ("We met on 8 May 2023, and again May 12th, 2024 (or 2025-01)", ("2025-01", "2023-05-08", "2024-05-12")),
        ("ALL OF THIS IS SHOUTED OUT LOUD", ()),
        ("安娜住在里斯本", ()),
        ("", ()),
    ],
)
def test_names_are_found_by_their_capitals_quotes_and_dates(text: str, named: tuple[str, ...]) -> None:
    assert entities_of(text, None, ()) == named


def test_who_says_it_and_its_tags_come_first_and_each_name_once() -> None:
    assert entities_of("I told Ada about Lisbon, and ada about lisbon.", "Ada", ("Travel", "lisbon")) == (
        "Ada",
        "Travel",
        "lisbon",
    )


def test_a_node_is_the_same_however_the_name_is_written() -> None:
    assert {entity_node(name) for name in ("Ada", " ada ", "ADA's", "#ada", "Ada.")} == {"entity:ada"}


def test_long_texts_give_a_bounded_number_of_names() -> None:
    text = " and ".join(f"we saw Person{number}" for number in range(5_000))
    assert len(entities_of(text, "Ada", ())) == MOST_ENTITIES
