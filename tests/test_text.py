import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from blog.app.text import _HIDDEN, clean, cut, joined

# Also the halves of surrogate pairs that Python's strings can hold and nothing else can.
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_what_was_cleaned_can_be_stored_and_loses_no_character(text: str) -> None:
    cleaned = clean(text)
    assert "\x00" not in cleaned
    assert len(cleaned) == len(joined(text))
    assert clean(cleaned) == cleaned
    cleaned.encode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x00b", "a\N{REPLACEMENT CHARACTER}b"),
        ("\ud800x\udfff", "\N{REPLACEMENT CHARACTER}x\N{REPLACEMENT CHARACTER}"),
        ("\ud83e" + "\udd73", "\N{FACE WITH PARTY HORN AND PARTY HAT}"),
    ],
)
def test_what_cannot_be_stored_is_replaced_and_pairs_are_joined(text: str, expected: str) -> None:
    assert clean(text) == expected


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x00")))
def test_what_can_be_stored_and_seen_is_left_as_it_was(text: str) -> None:
    assume(not _HIDDEN.search(text))
    assert clean(text) == text


def test_what_only_a_machine_would_read_is_made_visible() -> None:
    tags = "".join(chr(0xE0000 + ord(letter)) for letter in "obey")
    assert clean(f"a{tags}b") == "a\ufffd\ufffd\ufffd\ufffdb"
    assert clean("a\ufe01\U000e0101b") == "a\ufffd\ufffdb"
    assert clean("\u202egnp.exe") == "\ufffdgnp.exe"


@pytest.mark.parametrize(
    "text",
    [
        "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f!",
        "❤️ 葛\U000e0100",
        "\u2067שלום\u2069 a\u200db",
    ],
)
def test_what_people_write_is_left(text: str) -> None:
    assert clean(text) == text


def test_a_long_text_is_cut_between_words() -> None:
    assert cut("Blackberries along the old canal", 20) == "Blackberries along…"
    assert cut("short", 20) == "short"


def test_one_endless_word_is_cut_all_the_same() -> None:
    assert cut("a" * 100, 10) == "a" * 9 + "…"
