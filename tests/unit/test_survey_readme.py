from __future__ import annotations

import pytest

from agents.readme import outline


def told(text: str) -> list[tuple[str, str]]:
    return [(one.heading, one.sentence) for one in outline(text)]


def test_headings_and_first_sentences() -> None:
    text = "# One\nFirst of one. Second.\n\nNext.\n\n## Two ##\n\n### Three\n\nWith `code`. `More`.\n"
    assert told(text) == [("One", "First of one."), ("Two", ""), ("Three", "With `code`.")]


def test_underlined_headings() -> None:
    text = "Robots\n======\n\nThey walk.\n\nInstall\n-------\n.. code-block:: sh\n\nUse it.\n"
    assert told(text) == [("Robots", "They walk."), ("Install", "Use it.")]


def test_words_before_the_first_heading() -> None:
    assert told("Just some words\nover two lines.\n") == [("Opening", "Just some words over two lines.")]
    assert told("") == []


@pytest.mark.parametrize(
    "line",
    [
        "![logo](logo.png)",
        "[![badge](b.svg)](https://example.com)",
        "<p align='center'>",
        "| a | b |",
        "---",
        "[link]: https://example.com",
        "```\ncode. Code.\n```",
        "~~~\n# code\n~~~",
    ],
)
def test_what_says_nothing_in_words_is_passed_over(line: str) -> None:
    assert told(f"# Title\n\n{line}\n\nWords.\n") == [("Title", "Words.")]


def test_lists_give_their_first_item() -> None:
    assert told("# Title\n\n- one thing\n- another\n") == [("Title", "one thing")]
    assert told("# Title\n1. one thing\n2. another\n") == [("Title", "one thing")]


def test_links_are_words_and_long_sentences_are_cut() -> None:
    assert told("# [Robots](https://example.com)\n\nSee [the docs](a.md).\n") == [("Robots", "See the docs.")]
    ((_, sentence),) = told("# Title\n\n" + "word " * 200)
    assert len(sentence) <= 300
    assert sentence.endswith("…")


def test_a_fence_that_is_never_closed_hides_the_rest() -> None:
    assert told("# Title\n\nWords.\n\n```\n# code\n") == [("Title", "Words.")]
