import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.text import clean
from blog.app.workflow.models import Kind
from blog.app.workflow.values import canonical, counted, from_json, is_filled, parsed, shown
from tests.workflow.workflows import field_of

TEXT = st.text(st.characters(codec="utf-8")).map(clean)  # as it comes to be stored
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


# --- whatever is stored can be shown and saved again ---------------------------------------------


@given(st.sampled_from(["text", "markdown"]), TEXT)
def test_prose_is_kept_as_it_was_typed(kind: Kind, text: str) -> None:
    assert canonical(field_of(kind), text) == text == shown(kind, text) == parsed(kind, text)


@given(st.lists(TEXT, max_size=6))
def test_a_list_shown_and_saved_unchanged_is_the_same_list(items: list[str]) -> None:
    stored = canonical(field_of("list"), json.dumps(items))
    assert parsed("list", stored) == [item.strip() for item in items if item.strip()]
    assert canonical(field_of("list"), shown("list", stored)) == stored
    assert from_json(field_of("list"), parsed("list", stored)) == stored


@given(st.lists(JSON, max_size=4) | st.dictionaries(TEXT, JSON, max_size=4))
def test_json_shown_and_saved_unchanged_is_the_same_json(value: object) -> None:
    stored = from_json(field_of("json"), value)  # type: ignore[arg-type]
    assert canonical(field_of("json"), shown("json", stored)) == stored
    assert parsed("json", stored) == value


@given(st.integers(-(10**14), 10**14) | st.decimals(-(10**6), 10**6, places=4).map(float))
def test_a_number_comes_back_as_it_was(number: float) -> None:
    stored = from_json(field_of("number"), number)
    assert parsed("number", stored) == number
    assert canonical(field_of("number"), shown("number", stored)) == stored


@given(st.sampled_from(["list", "json", "choice", "number", "date", "url"]), st.text())
def test_any_text_is_stored_in_its_one_form_or_refused(kind: Kind, text: str) -> None:
    field = field_of(kind)
    try:
        stored = canonical(field, text)
    except Invalid:
        return
    assert canonical(field, shown(kind, stored)) == stored
    parsed(kind, stored)


# --- by kind -------------------------------------------------------------------------------------


def test_a_list_is_one_item_per_line() -> None:
    assert canonical(field_of("list"), "  one\n\n two é\n") == '["one", "two é"]'


def test_a_list_may_come_as_a_json_array() -> None:
    assert canonical(field_of("list"), '["one", "two"]') == '["one", "two"]'


def test_a_line_that_begins_with_a_bracket_is_an_item() -> None:
    assert canonical(field_of("list"), "[draft] one\ntwo") == '["[draft] one", "two"]'


def test_an_item_of_several_lines_is_shown_as_json() -> None:
    assert shown("list", '["one\\ntwo"]') == '[\n  "one\\ntwo"\n]'
    assert shown("list", '["one", "two"]') == "one\ntwo"


def test_a_list_of_anything_but_texts_is_refused() -> None:
    with pytest.raises(Invalid, match="must be a list of texts"):
        canonical(field_of("list"), "[1, 2]")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1', "line 1, column 8"),
        ('{"a": 1, "a": 2}', "“a” occurs twice"),
        ("[NaN]", "NaN is not a number"),
        ("[1e999]", "too large"),
        ("[" * 200 + "]" * 200, "nested"),
        ("[" * 100_000, "nested"),
        ('"words"', "must be a JSON object or array"),
        ("7", "must be a JSON object or array"),
    ],
)
def test_what_is_wrong_with_json_is_said(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason):
        canonical(field_of("json"), text)


def test_characters_that_cannot_be_stored_are_replaced_inside_json_too() -> None:
    stored = canonical(field_of("json"), '["\\u0000", "\\ud800"]')
    assert parsed("json", stored) == ["\ufffd", "\ufffd"]


@pytest.mark.parametrize(
    ("kind", "text", "stored"),
    [
        ("choice", " dry ", "dry"),
        ("number", " 007 ", "7"),
        ("number", "-0.50", "-0.5"),
        ("number", "-0", "0"),
        ("number", "1200", "1200"),
        ("date", "2026-02-28", "2026-02-28"),
        ("url", " https://example.org/a?b=c ", "https://example.org/a?b=c"),
        ("json", " ", ""),
        ("list", "\n \n", ""),
        ("number", "", ""),
    ],
)
def test_a_good_value_is_stored_in_its_one_form(kind: Kind, text: str, stored: str) -> None:
    assert canonical(field_of(kind), text) == stored


@pytest.mark.parametrize(
    ("kind", "text", "reason"),
    [
        ("choice", "loud", "must be one of: dry, warm"),
        ("number", "a dozen", "must be a number"),
        ("number", "1e5", "must be a number"),
        ("number", "9" * 400, "must be a number"),
        ("date", "2026-02-30", "must be a date"),
        ("date", "20260228", "must be a date"),
        ("url", "javascript:alert(1)", "must be an address"),
        ("url", "https://", "must be an address"),
        ("url", "https://[", "must be an address"),
        ("url", "https://example.org/a b", "must be an address"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_wanted(kind: Kind, text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=f"^{kind.capitalize()} {reason}"):
        canonical(field_of(kind), text)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", ["a"]), ("text", 1), ("number", True), ("number", "x"), ("number", float("nan")),
     ("json", '{"a": 1}'), ("json", 3), ("list", {"a": 1}), ("choice", 1)],
)  # fmt: skip
def test_a_json_value_of_another_kind_is_refused(kind: Kind, value: object) -> None:
    with pytest.raises(Invalid):
        from_json(field_of(kind), value)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["text", "list", "json", "choice", "number", "date", "url"])
def test_null_clears_a_field_of_any_kind(kind: Kind) -> None:
    assert from_json(field_of(kind), None) == ""
    assert not is_filled("")


def test_a_cleared_field_has_the_empty_value_of_its_kind() -> None:
    assert parsed("list", "") == []
    assert parsed("json", "") is None
    assert parsed("number", "") is None
    assert parsed("markdown", "") == ""


# --- limits --------------------------------------------------------------------------------------


def test_a_text_over_its_limit_is_refused_with_label_size_and_limit() -> None:
    with pytest.raises(Invalid, match="Text has 61 characters; at most 60 are allowed") as refused:
        canonical(field_of("text", max_chars=60), "x" * 61)
    assert refused.value.details == {"field": "text", "limit": 60}


def test_of_a_list_the_words_count_and_not_the_quotes() -> None:
    assert canonical(field_of("list", max_chars=7), "one\ntwo") == '["one", "two"]'
    assert counted("list", '["one", "two"]') == 7


def test_a_field_without_a_limit_of_its_own_has_the_general_one() -> None:
    assert len(canonical(field_of("text"), "x" * 2_000_000)) == 2_000_000
    with pytest.raises(Invalid, match="at most 2,000,000"):
        canonical(field_of("text"), "x" * 2_000_001)
