"""Promises nobody could keep are refused when they are made."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from blog.app.errors import Invalid
from blog.app.llm.inputs import Reference
from blog.app.llm.output_type import OutputType, parse_output_type
from blog.app.llm.validators import EachOnce, ExactCount, KeyMaxChars, OneOf, UniqueItems


def refusal(kind: str, *rules: Mapping[str, object], schema: Mapping[str, object] | None = None) -> str:
    with pytest.raises(Invalid) as caught:
        parse_output_type(kind, schema, rules)
    return caught.value.message


def test_rules_become_values() -> None:
    rules: Sequence[Mapping[str, object]] = [
        {"rule": "exact_count", "n": 50},
        {"rule": "unique_items"},
        {"rule": "each_once", "of": "post.sections[].facts_to_include"},
    ]

    assert parse_output_type("list", None, rules) == OutputType(
        kind="list",
        validators=(
            ExactCount(n=50),
            UniqueItems(),
            EachOnce(of=Reference(scope="sections", field="facts_to_include"), key=None),
        ),
    )


def test_one_rule_may_be_given_for_several_keys() -> None:
    rules = [
        {"rule": "key_max_chars", "key": key, "n": n} for key, n in (("title", 60), ("description", 160))
    ]

    assert parse_output_type("json", None, rules).validators == (
        KeyMaxChars(key="title", n=60),
        KeyMaxChars(key="description", n=160),
    )


def test_a_choice_has_choices() -> None:
    rules = [{"rule": "one_of", "choices": ["dry ", "warm"]}]

    assert parse_output_type("choice", None, rules).validators == (OneOf(choices=("dry", "warm")),)
    assert "needs the validator “one_of”" in refusal("choice")


@pytest.mark.parametrize(
    ("kind", "rule", "words"),
    [
        ("list", {"rule": "exact_cuont", "n": 5}, "did you mean “exact_count”?"),
        ("list", {"rule": "zzzz"}, "There is no validator “zzzz”; there are"),
        ("list", {}, "There is no validator “None”"),
        ("list", {"rule": ["exact_count"]}, "There is no validator"),
        ("list", {"rule": "exact_count", "m": 5}, "knows no “m”"),
        ("list", {"rule": "unique_items", "n": 5}, "knows no “n”"),
        ("list", {"rule": "exact_count"}, "needs “n”, a whole number"),
        ("list", {"rule": "exact_count", "n": 0}, "a whole number from 1"),
        ("list", {"rule": "exact_count", "n": True}, "a whole number"),
        ("list", {"rule": "exact_count", "n": "5"}, "a whole number"),
        ("list", {"rule": "max_chars", "n": 5}, "cannot be asked of a list"),
        ("text", {"rule": "exact_count", "n": 5}, "cannot be asked of a text"),
        ("number", {"rule": "min_value", "n": float("nan")}, "needs “n”, a number"),
        ("json", {"rule": "key_max_chars", "key": " ", "n": 5}, "needs “key”, a text"),
        ("json", {"rule": "each_once", "of": "post.facts"}, "needs “key”"),
        ("list", {"rule": "each_once", "of": "post.facts", "key": "x"}, "only for JSON"),
        ("list", {"rule": "each_once", "of": "facts"}, "names no input"),
        ("text", {"rule": "pattern", "regex": "("}, "is not a regular expression"),
        ("text", {"rule": "pattern", "regex": "a", "on": "item"}, "each item of a list"),
        ("text", {"rule": "language", "code": "xx"}, "can tell en, de"),
        ("choice", {"rule": "one_of", "choices": []}, "a list of different texts"),
        ("choice", {"rule": "one_of", "choices": ["a", "A"]}, "a list of different texts"),
        ("choice", {"rule": "one_of", "choices": "ab"}, "a list of different texts"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(kind: str, rule: Any, words: str) -> None:
    assert words in refusal(kind, rule)


@pytest.mark.parametrize(
    ("kind", "rules", "words"),
    [
        ("text", [{"rule": "min_chars", "n": 9}, {"rule": "max_chars", "n": 5}], "nothing can be both"),
        ("list", [{"rule": "max_count", "n": 1}, {"rule": "min_count", "n": 2}], "nothing can be both"),
        ("list", [{"rule": "exact_count", "n": 5}, {"rule": "max_count", "n": 5}], "already says"),
        ("number", [{"rule": "min_value", "n": 0.5}, {"rule": "max_value", "n": 0}], "nothing can be both"),
        ("text", [{"rule": "no_urls"}, {"rule": "no_urls"}], "is given twice"),
    ],
)
def test_rules_that_contradict_each_other_are_refused(kind: str, rules: Any, words: str) -> None:
    assert words in refusal(kind, *rules)


def test_an_unknown_kind_is_refused() -> None:
    assert "There is no output type “html”" in refusal("html")


@pytest.mark.parametrize(
    ("kind", "schema", "words"),
    [
        ("text", {"type": "string"}, "describes JSON or a list"),
        ("json", {"type": "liste"}, "The schema is wrong at type"),
        ("json", {"$ref": "https://example.org/x.json"}, "write it out in full"),
        ("json", {"items": {"$ref": "#"}}, "write it out in full"),
        ("json", {"$schema": "http://json-schema.org/draft-07/schema#"}, "only draft 2020-12"),
        ("json", {"items": {"pattern": "(a+)+"}}, "repeats a group"),
        ("json", {"patternProperties": {"(a|a)*": {}}}, "repeats a group"),
    ],
)
def test_a_schema_that_cannot_be_used_is_refused(kind: str, schema: Any, words: str) -> None:
    assert words in refusal(kind, schema=schema)


@pytest.mark.parametrize(
    "regex", ["(a+)+", "(a|b)*", "((a)*b)*", "(a{2,})+", "([a-z]+ ?){2,}", r"(a)\1", "a" * 301]
)
def test_a_pattern_that_could_run_away_is_refused(regex: str) -> None:
    assert refusal("text", {"rule": "pattern", "regex": regex})


@pytest.mark.parametrize(
    "regex", [r"[A-Z].*[.?!]", r"(\d{4}-\d\d-\d\d)", r"(ab)+", r"[(+*]+", r"\(a+\)+", "(a|b)?c{2}"]
)
def test_an_ordinary_pattern_is_accepted(regex: str) -> None:
    assert parse_output_type("text", None, [{"rule": "pattern", "regex": regex}]).validators
