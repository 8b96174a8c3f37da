from __future__ import annotations

import pytest

from memory.recall import questions
from memory.recall.index import ScopeIndex
from memory.recall.questions import Question
from tests.support.recall_entries import NOW, entry, index_of, talk

TALK = talk(
    "Caroline: I went hiking in the mountains with my brother",
    "Bob: Which mountains? I painted a horse",
    "Caroline: The ones near Lake Bled, we celebrated my birthday there",
    "Bob: I play the ukulele in a band called Zwirbl",
)


def asked(text: str, *indexes: ScopeIndex) -> Question:
    return questions.asked(text, indexes or (index_of(*TALK),), now=NOW)


def test_the_one_speaker_who_is_named_is_known_and_is_not_embedded() -> None:
    question = asked("When did caroline's brother go hiking with Caroline?")
    assert (question.speaker, question.embedded) == ("Caroline", "When did brother go hiking with ?")
    assert question.weights["hike"] == 1 > question.weights["carolin"] / 2


def test_of_two_who_are_named_none_is_the_speaker() -> None:
    question = asked("What did Caroline tell Bob?")
    assert (question.named, question.speaker) == (("Bob", "Caroline"), None)


def test_a_full_name_and_a_first_name_mean_the_same() -> None:
    index = index_of(*talk("Ada Byron: hello", "Bo: hello", "Ann Lee: hello", "Ann Poe: hello", "user: hello"))
    for text in ("Where does Ada live?", "where does ada byron live?", "Ada Byron's house, Ada's home"):
        assert asked(text, index).speaker == "Ada Byron"
    assert "ada" not in asked("Ada Byron's house, Ada's home", index).embedded.lower()
    assert asked("What of Ann?", index).named == ()
    assert asked("What does the user want?", index).named == ()


def test_who_speaks_no_more_is_not_named() -> None:
    index = index_of(*TALK)
    index.apply([turn._replace(live=False) for turn in TALK if turn.speaker == "Bob"], upto=9)
    assert asked("What did Bob and Caroline do?", index).named == ("Caroline",)


def test_of_a_long_text_only_the_first_words_are_put_right() -> None:
    assert len(asked(" ".join(f"hikin{letter}" for letter in "abcdefghijklmnopqrstuvwxyz")).corrections) <= 16


def test_a_name_inside_a_word_names_nobody() -> None:
    assert asked("the bobsleigh").named == ()


def test_a_question_of_names_alone_has_nothing_to_embed() -> None:
    question = asked("Caroline, Bob")
    assert (question.embedded.strip(" ,"), question.stems) == ("", ("carolin", "bob"))


def test_a_date_is_known_by_what_memories_tell_of() -> None:
    said = entry("a", "We met", said=NOW)
    assert len(asked("Whom did we meet in July?", index_of(said)).spans) == 1
    assert asked("Whom did we meet in July?", ScopeIndex(0)).spans == ()


@pytest.mark.parametrize(
    ("typed", "used"),
    [
        ("hikng", "hiking"),
        ("montains", "mountains"),
        ("bithrday", "birthday"),
        ("ukulelle", "ukulel"),
        ("Carolne", "Caroline"),
        ("yestreday", "yesterday"),
    ],
)
def test_a_misspelt_word_is_put_right(typed: str, used: str) -> None:
    (correction,) = asked(f"And {typed}?").corrections
    assert (correction.word, correction.used) == (typed, used)


@pytest.mark.parametrize("word", ["mother", "hikes", "bnd", "b4nd", "whta", "xylqzt", "gl\u00fcck", "a" * 60])
def test_right_short_numbered_and_strange_words_are_left_alone(word: str) -> None:
    assert asked(f"And {word}?").corrections == ()


def test_what_is_put_right_counts_everywhere() -> None:
    question = asked("Where did Carolne celebrate her birthdya last Firday?")
    assert question.speaker == "Caroline"
    assert "birthday" in question.stems
    assert "birthday" in question.embedded
    assert len(question.spans) == 1


def test_of_words_alike_the_one_that_memories_hold_most_is_meant() -> None:
    texts = ["the qorvan", "the qorvan", "the qorvin"]
    index = index_of(*[entry(str(place), text) for place, text in enumerate(texts)])
    assert asked("qorvun", index).corrections[0].used == "qorvan"


def test_a_word_of_removed_memories_is_no_model() -> None:
    index = index_of(entry("a", "the qorvan"), entry("b", "something"))
    index.apply([entry("a", live=False, sequence=2)], upto=2)
    assert asked("qorvun", index).corrections == ()
