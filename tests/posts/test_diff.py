import random
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.posts.diff import Segment, diff, take

# Few letters and many separators, so that texts share words, lines and repetitions.
PROSE = st.text(st.sampled_from("ab é’'.\n\r\t "), max_size=120)


def old_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments if segment.kind != "added")


def new_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments if segment.kind != "removed")


@settings(max_examples=300)
@given(PROSE, PROSE)
def test_no_character_is_lost_or_made_up(old: str, new: str) -> None:
    segments = diff(old, new)
    assert old_of(segments) == old
    assert new_of(segments) == new


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_character_is_lost_in_any_script(old: str, new: str) -> None:
    segments = diff(old, new)
    assert (old_of(segments), new_of(segments)) == (old, new)


@given(PROSE, PROSE)
def test_taking_all_hunks_makes_the_new_text_and_none_the_old(old: str, new: str) -> None:
    segments = diff(old, new)
    hunks = {segment.hunk for segment in segments if segment.hunk is not None}
    assert take(segments, hunks) == new
    assert take(segments, set()) == old
    assert hunks == set(range(1, len(hunks) + 1))


@given(PROSE)
def test_equal_texts_have_no_change(text: str) -> None:
    assert [segment.kind for segment in diff(text, text)] == (["same"] if text else [])


def test_a_changed_word_is_the_change_and_not_its_sentence() -> None:
    assert diff("The cat sat on the mat.", "The dog sat on the mat.") == [
        Segment(kind="same", text="The ", hunk=None),
        Segment(kind="removed", text="cat", hunk=1),
        Segment(kind="added", text="dog", hunk=1),
        Segment(kind="same", text=" sat on the mat.", hunk=None),
    ]


def test_one_hunk_of_two_can_be_taken() -> None:
    segments = diff("The cat sat on the mat.", "The dog sat on the rug.")
    assert take(segments, {2}) == "The cat sat on the rug."


def test_a_rewritten_sentence_is_one_change_and_not_confetti() -> None:
    segments = diff("We walk to the sea.", "They drove a car.")
    assert {segment.hunk for segment in segments if segment.kind != "same"} == {1}


def test_a_moved_paragraph_leaves_the_others_alone() -> None:
    old = "".join(f"Paragraph number {n} is here.\n\n" for n in range(50))
    moved = "Paragraph number 7 is here.\n\n"
    segments = diff(old, old.replace(moved, "") + moved)
    assert [len(s.text) for s in segments if s.kind != "same"] == [len(moved), len(moved)]


@pytest.mark.parametrize("paragraph", [100, 20_000])
@pytest.mark.parametrize("changed", [0.02, 1.0])
def test_twenty_thousand_words_are_compared_in_a_moment(paragraph: int, changed: float) -> None:
    chance = random.Random(1)
    words = [f"word{n}" for n in range(3000)]
    weights = [1 / (n + 1) for n in range(3000)]
    old = chance.choices(words, weights, k=20_000)
    other = chance.choices(words, weights, k=20_000)
    new = [a if chance.random() > changed else b for a, b in zip(old, other, strict=True)]
    texts = [
        "\n\n".join(" ".join(text[n : n + paragraph]) for n in range(0, len(text), paragraph))
        for text in (old, new)
    ]
    started = time.process_time()
    diff(*texts)
    assert time.process_time() - started < 2  # about 0.2 s alone; tests share the machine


def test_many_equal_words_do_not_make_it_slow() -> None:
    started = time.process_time()
    diff("a " * 20_000, "b a " * 10_000)
    assert time.process_time() - started < 1
