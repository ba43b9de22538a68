"""Every check of a case holds for an answer that has it and fails, in a sentence, for one that has not."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.llm.cases import answers
from blog.app.llm.cases.checks import parse_checks
from blog.app.llm.cases.holding import Held, asked, hold
from blog.app.llm.cases.similarity import similarity
from blog.app.llm.validators import OutputKind

REFERENCE = "The kilt began as a blanket, pleated and belted."
ENGLISH = "The kilt was a blanket that men of the Highlands folded, and it was held with a belt for the day."
GERMAN = "Der Kilt war eine Decke, und die Männer der Highlands haben sie mit einem Gürtel gehalten."
SCHEMA = {"type": "array", "items": {"type": "string"}, "minItems": 2}


def held(check: dict, output: str, kind: OutputKind = "text") -> Held:
    checks = parse_checks([check], has_reference=True)
    [one] = hold(checks, answers.read(output, kind), REFERENCE)
    return one


@pytest.mark.parametrize(
    ("check", "kind", "good", "bad", "words"),
    [
        ({"rule": "exact_count", "n": 2}, "list", '["a", "b"]', '["a"]', "exactly 2"),
        ({"rule": "min_count", "n": 2}, "list", '["a", "b"]', '["a"]', "at least 2"),
        ({"rule": "max_count", "n": 1}, "list", '["a"]', '["a", "b"]', "at most 1"),
        ({"rule": "exact_count", "n": 1}, "text", None, "not a list", "not a list"),
        ({"rule": "min_chars", "n": 3}, "text", "abc", "ab", "2 characters"),
        ({"rule": "max_chars", "n": 3}, "text", "abc", "abcd", "4 characters"),
        ({"rule": "min_words", "n": 2}, "text", "two words", "one", "1 words"),
        ({"rule": "max_words", "n": 1}, "text", "one", "two words", "2 words"),
        ({"rule": "language", "code": "en"}, "text", ENGLISH, GERMAN, "German"),
        ({"rule": "contains", "texts": ["kilt", "a plaid"]}, "text", "A\nPlaid, a KILT", "kilts", "a plaid"),
        ({"rule": "contains", "texts": ["b"]}, "list", '["a", "b"]', '["a"]', "“b”"),
        ({"rule": "lacks", "texts": ["as an AI"]}, "text", "Kilts.", "As an  ai, I cannot", "as an AI"),
        ({"rule": "lacks", "texts": ["secret"]}, "json", '{"secret": "x"}', '{"x": ["a secret"]}', "secret"),
        ({"rule": "matches", "regex": r"\b1[5-9]\d\d\b"}, "text", "In 1746.", "Long ago.", "matches"),
        ({"rule": "matches", "regex": r"^Kilts"}, "text", "Kilts are old", "Old kilts", "matches"),
        ({"rule": "schema", "schema": SCHEMA}, "json", '["a", "b"]', '["a"]', "at least 2"),
        ({"rule": "schema", "schema": {"type": "object"}}, "json", '{"a": 1}', '["a"]', "object"),
        ({"rule": "similar", "least": 0.6}, "text", "The kilt began as a blanket.", "Ships sail.", "60%"),
    ],
)  # fmt: skip
def test_a_check_holds_or_says_why_not(
    check: dict, kind: OutputKind, good: str | None, bad: str, words: str
) -> None:
    failed = held(check, bad, kind)
    assert not failed.holds
    assert words.casefold() in failed.problem.casefold()
    if good is not None:
        assert held(check, good, kind).problem == ""
    assert failed.rule == check["rule"]


def test_the_similarity_is_told_also_when_it_is_enough() -> None:
    one = held({"rule": "similar", "least": 0.5}, REFERENCE.upper())
    assert (one.holds, one.score, one.asked) == (True, 1.0, "at least 50% like the reference")


def test_what_falls_short_of_the_whole_never_reads_as_the_whole() -> None:
    words = " ".join(f"w{number}" for number in range(400))
    [one] = hold(
        parse_checks([{"rule": "similar", "least": 1}], has_reference=True),
        answers.read(f"{words} more", "text"),
        words,
    )
    assert one.problem == "The answer is 99% like the reference, at least 100% was asked for."


def test_the_measure_can_be_worked_out_by_hand() -> None:
    # "the kilt is" is common: 2 * 3 words of 4 + 5
    assert similarity("The kilt is old", "the kilt is not new!") == pytest.approx(6 / 9)
    assert similarity("one two", "three") == 0
    assert similarity("It's “fine”.", "it’s fine") == 1


@given(st.text(max_size=60), st.text(max_size=60))
@settings(max_examples=60, deadline=None)
def test_similarity_is_the_same_both_ways_and_whole_with_itself(one: str, other: str) -> None:
    assert similarity(one, other) == pytest.approx(similarity(other, one))
    assert 0 <= similarity(one, other) <= 1
    assert similarity(one, one) == 1


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([{"rule": "contain", "texts": ["a"]}], "no check “contain”"),
        ([{}], "There is no check"),
        ([{"rule": "contains", "texts": []}], "list of 1 to"),
        ([{"rule": "contains", "texts": [" "]}], "list of 1 to"),
        ([{"rule": "contains", "texts": "a"}], "list of texts"),
        ([{"rule": "contains", "texts": ["a"], "n": 1}], "knows no “n”"),
        ([{"rule": "lacks", "texts": [1]}], "list of 1 to"),
        ([{"rule": "matches", "regex": "("}], "not a regular expression"),
        ([{"rule": "matches", "regex": "(a+)+"}], "for ever"),
        ([{"rule": "matches", "regex": ""}], "a regular expression"),
        ([{"rule": "schema", "schema": {"type": "strange"}}], "schema is wrong"),
        ([{"rule": "schema", "schema": {"$ref": "#"}}], "write it out"),
        ([{"rule": "schema", "schema": []}], "JSON Schema"),
        ([{"rule": "similar", "least": 0}], "above 0"),
        ([{"rule": "similar", "least": 2}], "above 0"),
        ([{"rule": "exact_count"}], "needs “n”"),
        ([{"rule": "min_words", "n": 5}, {"rule": "max_words", "n": 4}], "nothing can be both"),
        ([{"rule": "max_words", "n": 5}, {"rule": "max_words", "n": 4}], "given twice"),
        ([{"rule": "language", "code": "tlh"}], "tlh"),
        ([{"rule": "max_words", "n": 1}] * 41, "at most 40"),
    ],
)
def test_checks_that_mean_nothing_are_refused(checks: list[dict], said: str) -> None:
    with pytest.raises(Invalid, match=said.replace("(", r"\(")):
        parse_checks(checks, has_reference=True)


def test_a_similarity_without_a_reference_is_refused() -> None:
    with pytest.raises(Invalid, match="reference"):
        parse_checks([{"rule": "similar", "least": 0.5}], has_reference=False)


def test_a_check_is_told_in_words() -> None:
    [check] = parse_checks([{"rule": "lacks", "texts": ["a", "b", "c", "d"]}], has_reference=False)
    assert asked(check) == "does not contain “a”, “b”, “c” and 1 more"


def test_the_words_of_json_are_its_texts_and_not_its_keys() -> None:
    output = json.dumps({"facts": ["one", {"year": 1746, "true": None}], "done": True})
    assert answers.read(output, "json").text == "one\n1746\ntrue"
