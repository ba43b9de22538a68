"""A text divided and joined again has every word it had."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.workflow.dividing import divided, is_divided, joined, split_places
from tests.workflow.workflows import field_of

TEXT = "Wool is warm.\n\n## Pleats\n\nThere are many.\n\n```\n# no heading\n\nstill code\n```\n\nThe end."


def test_a_heading_at_the_place_names_the_second_half() -> None:
    halves = divided(TEXT, TEXT.index("## Pleats"))
    assert (halves.before, halves.heading) == ("Wool is warm.", "Pleats")
    assert halves.after.startswith("There are many.")


def test_elsewhere_the_words_are_only_divided() -> None:
    halves = divided("One two", 4)
    assert (halves.before, halves.heading, halves.after) == ("One", "", "two")


@pytest.mark.parametrize("offset", [0, 2, 7, 100])
def test_no_half_may_be_empty(offset: int) -> None:
    with pytest.raises(Invalid):
        divided("  words", offset)


@given(st.text(alphabet="a# \n", max_size=40), st.integers(min_value=0, max_value=40))
def test_no_word_is_lost(text: str, offset: int) -> None:
    try:
        halves = divided(text, offset)
    except Invalid:
        return
    there = halves.before + halves.heading + halves.after
    assert there.count("a") == text.count("a")
    assert joined(field_of("markdown"), halves.before, halves.after).count("a") == (
        halves.before + halves.after
    ).count("a")


def test_the_places_are_paragraphs_and_headings_outside_of_code() -> None:
    found = split_places(TEXT)
    assert [TEXT[place.offset :].splitlines()[0] for place in found] == [
        "## Pleats",
        "There are many.",
        "```",
        "The end.",
    ]
    assert found[0].heading == "Pleats"


def test_the_place_of_the_cursor_comes_first() -> None:
    assert [place.is_cursor for place in split_places(TEXT, 4)][:2] == [True, False]
    assert len(split_places(TEXT, TEXT.index("##"))) == len(split_places(TEXT))


def test_what_is_joined_depends_on_the_kind() -> None:
    assert joined(field_of("markdown"), "One. ", "\nTwo.") == "One.\n\nTwo."
    assert joined(field_of("list"), '["a"]', '["b"]') == '["a", "b"]'
    assert joined(field_of("choice"), "dry", "warm") == "dry"
    assert joined(field_of("choice"), "", "warm") == "warm"
    assert not is_divided(field_of("list"))
