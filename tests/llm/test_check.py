"""What counts as a reply, what is repaired around it, and what is refused in which words."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.llm.check import Checked, Failed, check
from blog.app.llm.inputs import Inputs
from blog.app.llm.output_type import OutputKind, parse_output_type
from blog.app.llm.reply import CUT_OFF
from blog.app.text import clean

KINDS: tuple[OutputKind, ...] = ("text", "markdown", "list", "json", "number")
PLAN = {
    "type": "array",
    "minItems": 2,
    "items": {
        "type": "object",
        "required": ["heading", "description"],
        "properties": {"heading": {"type": "string", "maxLength": 20}, "description": {"type": "string"}},
        "additionalProperties": False,
    },
}

Rules = Sequence[Mapping[str, object]]


def checked(
    reply: str, kind: str, rules: Rules = (), schema: Mapping[str, object] | None = None
) -> Checked | Failed:
    return check(reply, parse_output_type(kind, schema, rules), Inputs())


def saved(reply: str, kind: str, rules: Rules = ()) -> str:
    result = checked(reply, kind, rules)
    assert isinstance(result, Checked), result
    return result.text


def problems(reply: str, kind: str, rules: Rules = (), schema: Mapping[str, object] | None = None) -> str:
    result = checked(reply, kind, rules, schema)
    assert isinstance(result, Failed), result
    return " ".join(result.problems)


@pytest.mark.parametrize(
    ("reply", "kind", "text"),
    [
        ("  A title\n", "text", "A title"),
        ("\ufeffA title", "text", "A title"),
        ("```\nA title\n```", "text", "A title"),
        ("```markdown\n# A\n\ntext\n```", "markdown", "# A\n\ntext"),
        ("```python\nprint()\n```", "markdown", "```python\nprint()\n```"),
        ("```\na\n```\nand\n```\nb\n```", "markdown", "```\na\n```\nand\n```\nb\n```"),
        ('["a", "é"]', "list", '["a", "é"]'),
        ('```json\n["a", "b"]\n```', "list", '["a", "b"]'),
        ('Here you are [1]:\n["a [x]", "b"]\nEnjoy!', "list", '["a [x]", "b"]'),
        ('{"facts": ["a"]}', "list", '["a"]'),
        ('Sure:\n```json\n{"facts": ["a"]}\n```', "list", '["a"]'),
        ('[{"fact": " a "}, "b", 1590]', "list", '["a", "b", "1590"]'),
        ("1. a\n2. b [see 1]\n", "list", '["a", "b [see 1]"]'),
        ("Here are two:\n\n- a\n- b\n\nThat is all.", "list", '["a", "b"]'),
        ("* a\n\n* b", "list", '["a", "b"]'),
        ('{"a": [1, 2.5, null, true]}', "json", '{"a": [1, 2.5, null, true]}'),
        ('{"a": "two\nlines"}', "json", '{"a": "two\\nlines"}'),
        ('I thought. {"a": "}"} Done.', "json", '{"a": "}"}'),
        ("42", "number", "42"),
        ("```\n-1,200.50\n```", "number", "-1200.50"),
        ("+7", "number", "7"),
    ],
)
def test_only_the_wrapping_is_taken_off(reply: str, kind: str, text: str) -> None:
    assert saved(reply, kind) == text


def test_what_was_repaired_is_said() -> None:
    result = checked('```json\n{"facts": ["a\x00"]}\n```', "list")

    assert isinstance(result, Checked)
    assert result.repaired == (
        "The code fence around the reply was taken off.",
        "The list was taken out of “facts”.",
        "Characters that cannot be stored were replaced.",
    )
    assert checked('["a"]', "list") == Checked(text='["a"]', repaired=())


@pytest.mark.parametrize(
    ("reply", "kind", "problem"),
    [
        ("", "text", "empty"),
        (" \n\t", "json", "empty"),
        ("```\n```", "text", "empty"),
        ("[]", "list", "The list is empty."),
        ('["a", " "]', "list", "Item 2 of the list is empty."),
        ('["a", ["b"]]', "list", "Item 2 of the list is not a text."),
        ('["a", {"x": 1, "y": 2}]', "list", "Item 2 of the list is not a text."),
        ("- a\n  - b\n- c", "list", "lists inside it"),
        ("- a\nwords\n- c", "list", "interrupted"),
        ("Just some prose.", "list", "no JSON"),
        ('{"a": "x", "b": "y"}', "list", "an object, not a list"),
        ('["a"] or ["b"]', "list", "2 pieces of JSON"),
        ('["a", "b', "list", CUT_OFF),
        ('Here:\n["a", "b"', "list", CUT_OFF),
        ('[{"a": 1}, {"b": ', "json", CUT_OFF),
        ('```json\n{"a": {"b": 1}, "c": "x\\', "json", CUT_OFF),
        ('[{"a": 1}, {"b": oops}]', "json", "no JSON"),
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "json", "the key “c” twice"),
        ('{"a": NaN}', "json", "NaN"),
        ('{"a": 1e999}', "json", "too large"),
        ("[" + "9" * 5_000 + "]", "json", "too long"),
        ("[" * 100_000, "json", "nested too deeply"),
        ("[" * 60 + "]" * 60, "json", "nested too deeply"),
        ('"text"', "json", "a single value"),
        ("about 12", "number", "not a number"),
        ("1,5", "number", "not a number"),
        ("NaN", "number", "not a number"),
    ],
)
def test_a_reply_that_is_not_what_was_asked_for_is_refused(reply: str, kind: str, problem: str) -> None:
    assert problem in problems(reply, kind)


@pytest.mark.parametrize(
    ("reply", "kind", "rule", "problem"),
    [
        ('["a", "b"]', "list", {"rule": "exact_count", "n": 50}, "2 items, exactly 50 were asked for"),
        ('["a"]', "list", {"rule": "min_count", "n": 2}, "1 items, at least 2"),
        ("[1, 2, 3]", "json", {"rule": "max_count", "n": 2}, "3 items, at most 2"),
        ('{"a": 1}', "json", {"rule": "max_count", "n": 2}, "cannot be counted"),
        ("abcd", "text", {"rule": "max_chars", "n": 3}, "4 characters, at most 3"),
        ("ab", "text", {"rule": "min_chars", "n": 3}, "2 characters, at least 3"),
        ("a b c", "markdown", {"rule": "max_words", "n": 2}, "3 words, at most 2"),
        ("a b", "markdown", {"rule": "min_words", "n": 3}, "2 words, at least 3"),
        ("3", "number", {"rule": "min_value", "n": 4}, "3 is less than 4"),
        ("5", "number", {"rule": "max_value", "n": 4.5}, "5 is more than 4.5"),
        (
            '["ok", "too long"]',
            "list",
            {"rule": "item_max_chars", "n": 4},
            "Item 2 has 8 characters, at most 4",
        ),
        (
            '[{"seo": {"title": "too long"}}]',
            "json",
            {"rule": "key_max_chars", "key": "title", "n": 5},
            "“title” has 8 characters",
        ),
        ('["a  b", "a b", "c"]', "list", {"rule": "unique_items"}, "“a b” is there more than once"),
        ('[{"a":1,"b":2},{"b":2,"a":1}]', "json", {"rule": "unique_items"}, "more than once"),
        ("Abc", "text", {"rule": "pattern", "regex": "[a-z]+"}, "“Abc” is not of the form"),
        ('["a", "b1"]', "list", {"rule": "pattern", "regex": "[a-z]"}, "“b1” is not of the form"),
        ('["a", "x"]', "list", {"rule": "one_of", "choices": ["a", "b"]}, "“x” is none of the choices"),
        ("See www.example.org", "text", {"rule": "no_urls"}, "web address"),
        ('{"a": ["ftp://x"]}', "json", {"rule": "no_urls"}, "web address"),
        ("#kilt and #Schöner-tag", "text", {"rule": "max_hashtags", "n": 1}, "2 hashtags, at most 1"),
        ("The Color of it", "text", {"rule": "avoid_words", "words": ["color"]}, "“color” is to be avoided"),
    ],
)
def test_a_broken_rule_is_named(reply: str, kind: str, rule: Mapping[str, object], problem: str) -> None:
    assert problem in problems(reply, kind, [rule])


@pytest.mark.parametrize(
    ("reply", "kind", "rule"),
    [
        ('["a", "b"]', "list", {"rule": "exact_count", "n": 2}),
        ("abc", "text", {"rule": "max_chars", "n": 3}),
        ("4", "number", {"rule": "min_value", "n": 4}),
        ('{"title": "short"}', "json", {"rule": "key_max_chars", "key": "title", "n": 5}),
        ("# A heading\n\nIssue 1 &#39; a#b #1", "markdown", {"rule": "max_hashtags", "n": 0}),
        ("Colorado", "text", {"rule": "avoid_words", "words": ["color"]}),
        ("e.g. this: that", "text", {"rule": "no_urls"}),
        ("ab\ncd", "text", {"rule": "pattern", "regex": r"[a-z\n]+"}),
    ],
)
def test_a_rule_that_is_kept_says_nothing(reply: str, kind: str, rule: Mapping[str, object]) -> None:
    saved(reply, kind, [rule])


@pytest.mark.parametrize("reply", ["dry", "Dry.", "“DRY”", "**dry**", "```\ndry\n```"])
def test_a_choice_is_saved_as_it_was_declared(reply: str) -> None:
    assert saved(reply, "choice", [{"rule": "one_of", "choices": ["dry", "warm"]}]) == "dry"


def test_a_strange_choice_is_told_the_choices() -> None:
    told = problems("rather dry", "choice", [{"rule": "one_of", "choices": ["dry", "warm"]}])

    assert told == "“rather dry” is none of the choices: dry, warm."


def test_schema_problems_name_the_place_and_not_the_reply() -> None:
    reply = json.dumps([{"heading": "A" * 30}, {"heading": 3, "description": "x", "mood": "z" * 500}])

    told = problems(reply, "json", schema=PLAN)

    assert "At item 1: there is no “description”." in told
    assert "At item 1, “heading”: this has 30 characters, at most 20 were asked for." in told
    assert "At item 2, “heading”: this should be of type string." in told
    assert "At item 2: there is a key that was not asked for." in told
    assert "zzz" not in told


def test_a_list_in_an_object_is_taken_out_when_the_schema_wants_a_list() -> None:
    plan = [{"heading": "A", "description": "a"}, {"heading": "B", "description": "b"}]

    result = checked(json.dumps({"sections": plan}), "json", schema=PLAN)

    assert isinstance(result, Checked)
    assert json.loads(result.text) == plan


ALLOCATION = [{"rule": "each_once", "of": "post.interesting_facts", "key": "facts"}]


def allocate(reply: Any, facts: Any) -> Checked | Failed:
    output = parse_output_type("json", None, ALLOCATION)
    return check(json.dumps(reply), output, Inputs(post={"interesting_facts": facts}))


def test_facts_that_are_each_allocated_once_are_accepted() -> None:
    reply = [{"section": 1, "facts": ["A  fact", "another"]}, {"section": 2, "facts": ["third"]}]

    assert isinstance(allocate(reply, ["A fact", "another\n", "third"]), Checked)


def test_lost_repeated_and_invented_facts_are_named() -> None:
    reply = [{"section": 1, "facts": ["one", "two"]}, {"section": 2, "facts": ["two", "nine"]}]

    assert allocate(reply, ["one", "two", "three"]) == Failed(
        problems=(
            "“three” is in “post.interesting_facts” but not in the reply.",
            "“two” is in the reply more than once.",
            "“nine” is in the reply but not in “post.interesting_facts”.",
        )
    )


def test_many_problems_are_counted_rather_than_told() -> None:
    told = allocate([], [f"fact {n}" for n in range(50)])

    assert isinstance(told, Failed)
    assert len(told.problems) == 6
    assert told.problems[-1] == "45 more are in “post.interesting_facts” but not in the reply."


def test_an_input_that_is_no_list_cannot_be_allocated() -> None:
    assert "is not a list" in str(allocate([], "one fact"))


anything = st.text(st.characters(codec=None, categories=None), max_size=80)


jsonish = st.text('[]{}",:\\`\n-1.a #\x00\ud800', max_size=60)


@given(anything | jsonish, st.sampled_from(KINDS))
@settings(max_examples=500, deadline=None)
def test_any_reply_is_either_checked_or_failed(reply: str, kind: OutputKind) -> None:
    result = checked(reply, kind)

    match result:
        case Checked(text=text):
            assert text.strip()
            assert clean(text) == text
        case Failed(problems=told):
            assert told
            assert all(told)


storable = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
numbers = st.integers(-(10**9), 10**9) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | storable,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(storable, inner, max_size=4),
    max_leaves=12,
)


@given(
    st.lists(values, min_size=1, max_size=4), st.sampled_from(["{}", "```json\n{}\n```", "Here: {} Done."])
)
def test_json_survives_its_wrapping(value: Any, wrapping: str) -> None:
    reply = wrapping.replace("{}", json.dumps(value, ensure_ascii=False), 1)

    assert json.loads(saved(reply, "json")) == value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "reply",
    [
        lambda n: "```\n" + " " * n + "x",
        lambda n: "[" + " " * n,
        lambda n: '["' + '\\"' * (n // 2) + "\\",
        lambda n: "[1] " * (n // 4),
        lambda n: "- a\n" * (n // 4),
        lambda n: '"' * n,
        lambda n: '[{"' * (n // 3),
        lambda n: "{" + ",".join(f'"{place}":1' for place in range(n // 10)) + "}",
        lambda n: "#" * n,
    ],
    ids=range(9),
)
def test_a_hostile_reply_costs_no_more_than_its_length(reply: Callable[[int], str], kind: str) -> None:
    """Eight times as long: 24 times the cost leaves room for noise, and a square would be 64."""
    assert _cost(reply(100_000), kind) < 24 * max(_cost(reply(12_500), kind), 0.002)


def _cost(reply: str, kind: str) -> float:
    """Seconds of this process's own time, the least of three."""
    times: list[float] = []
    for _ in range(3):
        start = time.process_time()
        checked(reply, kind)
        times.append(time.process_time() - start)
    return min(times)
