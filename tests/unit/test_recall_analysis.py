from __future__ import annotations

import pytest

from memory.recall.analysis import embedded_text, stems_of, words_of


@pytest.mark.parametrize(
    ("text", "stems"),
    [
        ("She painted two paintings", ("paint", "two", "paint")),
        ("What's the cat's name?", ("cat", "name")),
        ("I don't know; she didn\u2019t", ("know",)),
        ("the and of", ()),
        ("", ()),
        ("Caf\u00e9 na\u00efve STRASSE stra\u00dfe", ("cafe", "naiv", "strass", "strass")),
        ("\u6771\u4eac\u30bf\u30ef\u30fc", ("\u6771\u4eac", "\u4eac\u30bf", "\u30bf\u30ef", "\u30ef\u30fc")),
        ("\u732b", ("\u732b",)),
        ("party \U0001f389\U0001f389", ("parti", "\U0001f389", "\U0001f389")),
        ("snake_case e-mail v2.1", ("snake", "case", "e", "mail", "v2", "1")),
        (
            "\u041f\u0440\u0438\u0432\u0435\u0442 \u043c\u0438\u0440",
            ("\u043f\u0440\u0438\u0432\u0435\u0442", "\u043c\u0438\u0440"),
        ),
    ],
)
def test_stems_leave_out_small_words_and_stand_in_order(text: str, stems: tuple[str, ...]) -> None:
    assert stems_of(text) == stems


def test_a_word_without_end_is_cut() -> None:
    assert [len(word) for word in words_of("a" * 5_000)] == [64]


@pytest.mark.parametrize(
    ("text", "speaker", "embedded"),
    [
        ("Ada: I moved to Oslo", "Ada", "I moved to Oslo"),
        ("ada : I moved", "Ada", "I moved"),
        ("I moved, Ada said", "Ada", "I moved, Ada said"),
        ("Ada: I moved", None, "Ada: I moved"),
        ("Ada:", "Ada", "Ada:"),
    ],
)
def test_the_name_of_who_speaks_is_not_embedded(text: str, speaker: str | None, embedded: str) -> None:
    assert embedded_text(text, speaker) == embedded
