"""A passage of a text: that it stands where it is said to, and that nothing else is ever changed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.automation import passages
from blog.app.automation.models import Passage
from blog.app.errors import Invalid
from blog.app.posts.diff import diff, take
from blog.app.workflow.models import Field

FIELD = Field(
    id=1,
    sub_stage_id=1,
    name="draft",
    label="Draft",
    kind="markdown",
    scope="post",
    help="",
    max_chars=None,
    choices=[],
    title_rank=None,
    on_accept="save",
    actions=[],
)
TEXT = "🧶 Wool is warm.\n\n  Kilts are old, very old.  \nKilts are old."

# Few letters, so that the same words stand in many places, and characters outside of the first plane.
WORDS = st.text(alphabet="aab \n.🧶é", max_size=60)


def at(words: str, text: str = TEXT) -> Passage:
    start = text.index(words)
    return Passage(start=start, end=start + len(words), text=words)


@st.composite
def replacements(draw: st.DrawFn) -> tuple[str, Passage, str]:
    """A text, a passage of it, and other words for that."""
    text = draw(WORDS.filter(bool))
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    return text, Passage(start=start, end=end, text=text[start:end]), draw(WORDS)


@given(replacements())
def test_outside_of_the_passage_every_character_stays(case: tuple[str, Passage, str]) -> None:
    text, passage, words = case
    new = passages.replaced(text, passage, words)
    assert new == text[: passage.start] + words.strip() + text[passage.end :]


@given(replacements(), st.data())
def test_whichever_changes_are_taken_they_are_inside_the_passage(
    case: tuple[str, Passage, str], data: st.DataObject
) -> None:
    text, passage, words = case
    new = passages.replaced(text, passage, words)
    segments = diff(text, new, within=(passage.start, passage.end))
    hunks = sorted({segment.hunk for segment in segments if segment.hunk})
    taken = take(segments, data.draw(st.sets(st.sampled_from(hunks))) if hunks else ())
    assert take(segments, ()) == text
    assert take(segments, hunks) == new
    assert taken.startswith(text[: passage.start])
    assert taken.endswith(text[passage.end :])
    assert len(taken) >= len(text) - (passage.end - passage.start)


@given(replacements())
def test_a_passage_loses_only_the_white_space_around_it(case: tuple[str, Passage, str]) -> None:
    text, passage, _ = case
    if not passage.text.strip():
        with pytest.raises(Invalid, match="Select some words"):
            passages.checked(FIELD, text, passage)
        return
    found = passages.checked(FIELD, text, passage)
    assert found.text == passage.text.strip() == text[found.start : found.end]
    assert passage.start <= found.start < found.end <= passage.end


@pytest.mark.parametrize(
    "passage",
    [
        Passage(start=1, end=5, text="Wool"),
        Passage(start=2, end=6, text="wool"),
        Passage(start=2, end=2, text="Wool"),
        Passage(start=6, end=2, text=""),
        Passage(start=-4, end=len(TEXT), text=TEXT[-4:]),
        Passage(start=50, end=5000, text=TEXT[50:]),
    ],
)
def test_a_passage_that_stands_elsewhere_is_refused(passage: Passage) -> None:
    with pytest.raises(Invalid, match="do not stand at this place of Draft"):
        passages.checked(FIELD, TEXT, passage)


def test_of_what_stands_around_prompts_read_whole_words_nearby() -> None:
    text = f"{'before ' * 500}here {'behind ' * 500}"
    read = passages.read_as(text, at("here", text))
    assert read["text"] == "here"
    assert set(read["before"].split()) == {"before"}
    assert set(read["after"].split()) == {"behind"}
    assert passages.NEAR - 10 < len(read["before"]) <= passages.NEAR
    assert passages.read_as("a b c", at("b", "a b c")) == {"text": "b", "before": "a ", "after": " c"}


def test_a_passage_is_found_again_where_it_was_or_where_it_alone_is() -> None:
    passage = at("Kilts are old.")
    assert passages.found_again(TEXT, passage) == passage
    assert passages.found_again("New. " + TEXT, passage) == at("Kilts are old.", "New. " + TEXT)
    assert passages.found_again("New. " + TEXT + " Kilts are old.", passage) is None
    assert passages.found_again("Gone.", passage) is None


def test_blank_lines_divide_paragraphs_and_lose_no_words() -> None:
    text = "\n# One\n\n  two\nthree  \n \n\n🧶 four\n"
    found = passages.paragraphs(text)
    assert [passage.text for passage in found] == ["# One", "two\nthree", "🧶 four"]
    assert all(text[passage.start : passage.end] == passage.text for passage in found)
