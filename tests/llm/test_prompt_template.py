"""What a prompt part may say, what it is refused for, and which inputs it needs."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.errors import Invalid
from blog.app.llm.inputs import Inputs, Reference, Vocabulary, is_empty, parse_reference, values_of
from blog.app.llm.prompt_template import MAX_SOURCE, parse
from blog.app.llm.render import render

WORDS = Vocabulary(
    post=frozenset({"basic_idea", "interesting_facts", "tone", "rating"}),
    section=frozenset({"draft", "facts_to_include"}),
    input=frozenset({"channel"}),
)
POST = {
    "title": "The kilt",
    "basic_idea": "a history",
    "interesting_facts": ["one", "two"],
    "tone": "",
    "rating": 0,
}
SECTIONS = [
    {"heading": "Origins", "position": 1, "draft": "Long ago.", "facts_to_include": ["one"]},
    {"heading": "Today", "position": 2, "draft": "Now.", "facts_to_include": []},
]
SELECTION = {"text": "{{ post.title }}", "before": "A", "after": ""}
INPUTS = Inputs(
    post=POST, sections=SECTIONS, section=SECTIONS[0], selection=SELECTION, input={"channel": "email"}
)
FENCE = "data-0123456789abcdef"


def rendered(source: str, inputs: Inputs = INPUTS) -> str:
    return render(parse(source, WORDS).body, inputs, fence=FENCE).text


def needs(source: str) -> set[str]:
    return {str(reference) for reference in parse(source, WORDS).required}


def refusal(source: str) -> Invalid:
    with pytest.raises(Invalid) as caught:
        parse(source, WORDS)
    return caught.value


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ post.title }}: {{ post.basic_idea }}", "The kilt: a history"),
        ("{{ section.heading }} {{ section.position }}", "Origins 1"),
        ("{{ input.channel }}", "email"),
        ("{{ selection.before }}|{{ selection.text }}|{{ selection.after }}", "A|{{ post.title }}|"),
        ("{{ post.interesting_facts }}", "one\ntwo"),
        ("{{ post.interesting_facts | join('; ') }}", "one; two"),
        ("{{ post.interesting_facts | json }}", '["one", "two"]'),
        ("{{ post.interesting_facts | first | upper }}", "ONE"),
        ("{{ post.interesting_facts | last }}/{{ post.sections | length }}", "two/2"),
        ("{{ post.title | lower | trim }} {{ post.title | length }}", "the kilt 8"),
        (
            "{% for s in post.sections %}{{ s.heading }}: {{ s.draft }} {% endfor %}",
            "Origins: Long ago. Today: Now.",
        ),
        (
            "{% for f in post.interesting_facts %}{{ loop.index }}. {{ f }}"
            "{% if not loop.last %}, {% endif %}{% endfor %}",
            "1. one, 2. two",
        ),
        (
            "{% for section in post.sections %}{% for fact in section.facts_to_include %}"
            "{{ section.heading }}={{ fact }}{% else %}, {{ section.heading }}: none{% endfor %}{% endfor %}",
            "Origins=one, Today: none",
        ),
        ("{% if post.tone %}{{ post.tone }}{% elif post.rating %}rated{% else %}plain{% endif %}", "plain"),
        ("{% if post.rating == 0 and post.title != 'x' %}new{% endif %}", "new"),
        ("{% if post.tone|upper == 'X' or input.channel > 'f' %}x{% else %}no{% endif %}", "no"),
        ("{% if 'one' in post.interesting_facts %}yes{% endif %}", "yes"),
        ("{% if 1 < post.sections|length <= 2 %}two{% endif %}", "two"),
        ("{{ fence.open }} to {{ fence.close }}", f"<{FENCE}> to </{FENCE}>"),
        ("a{# a note to colleagues #}b{% raw %}{{ post.nothing }}{% endraw %}", "ab{{ post.nothing }}"),
        ("one\r\ntwo\n\n", "one\ntwo"),
        ("{% if post.title -%}\n  kept\n{%- endif %}", "kept"),
    ],
)
def test_a_part_can_say(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    ("source", "words", "line", "column"),
    [
        ("{{ post.title.upper() }}", "a call", 1, 20),
        ("{{ post.title['x'] }}", "a subscript", 1, 14),
        ("text\n  {% set x = 1 %}", "“set”", 2, 6),
        ("{% macro m() %}{% endmacro %}", "a macro", 1, 4),
        ("{% include 'secrets' %}", "“include”", 1, 4),
        ("{% import 'os' as os %}", "“import”", 1, 4),
        ("{% from 'os' import system %}", "“import”", 1, 14),
        ("{% extends 'base' %}", "“extends”", 1, 4),
        ("{% block b %}{% endblock %}", "a block", 1, 4),
        ("{% with x = 1 %}{% endwith %}", "“with”", 1, 4),
        ("{% filter upper %}x{% endfilter %}", "“filter”", 1, 4),
        ("{% autoescape true %}x{% endautoescape %}", "“autoescape”", 1, 4),
        ("{{ 7 * 7 }}", "arithmetic", 1, 6),
        ("{{ 'a' ~ 'b' }}", "joining", 1, 8),
        ("{{ 'a' if post.title else 'b' }}", "an “if” inside", 1, 8),
        ("{% if post.title is defined %}x{% endif %}", "a test with “is”", 1, 18),
        ("{{ [1, 2] }}", "a list written out", 1, 4),
        ("{{ {'a': 1} }}", "a dictionary", 1, 4),
        ("{{ post.title or 'nothing' }}", "a comparison belongs in an “if”", 1, 1),
        ("{{ post }}", "“post” alone", 1, 4),
        ("{{ post.sections }}", "loop over it", 1, 4),
        ("{{ post.sections | json }}", "only be counted or looped over", 1, 4),
        ("{{ post.title.__class__ }}", "“__class__” goes deeper", 1, 14),
        ("{% for s in post.sections %}{{ s }}{% endfor %}", "a whole section", 1, 32),
        ("{% for f in post.interesting_facts %}{{ f.x }}{% endfor %}", "has no fields", 1, 41),
        ("{% for a, b in post.sections %}{% endfor %}", "one variable", 1, 4),
        ("{% for s in post.sections if s.draft %}{% endfor %}", "a condition in “for”", 1, 27),
        ("{% for s in post.sections recursive %}{% endfor %}", "recursive", 1, 27),
        ("{% for post in post.sections %}{% endfor %}", "already has a meaning", 1, 4),
        ("{% for x in 'abc' %}{% endfor %}", "a loop goes over", 1, 10),
        ("{{ post.title | join(post.tone) }}", "one text in quotes", 1, 15),
        ("{{ post.title | upper(1) }}", "takes nothing in brackets", 1, 15),
        ("{{ post.title", "this cannot be read", 1, 1),
        ("\n{% oops %}", "unknown tag 'oops'", 2, 4),
        ("x {{ '\\", "this cannot be read", 1, 3),
    ],
)
def test_a_part_is_refused_by_name_and_place(source: str, words: str, line: int, column: int) -> None:
    refused = refusal(source)

    assert words in refused.message
    assert f"Line {line}, column {column}:" in refused.message
    assert refused.details == {"line": line, "column": column}


@pytest.mark.parametrize(
    ("source", "nearest", "column"),
    [
        ("In post.titel: {{ post.titel }}", "post.title", 19),
        ("{{ basic_idea }}", "post.basic_idea", 4),
        ("{{ section.drafd }}", "section.draft", 4),
        ("{% for s in post.sections %}{{ s.haeding }}{% endfor %}", "s.heading", 32),
        ("{% for s in post.sections %}{{ loop.indx }}{% endfor %}", "loop.index", 32),
        ("{{ selection.tekst }}", "selection.text", 4),
        ("{{ post.zzzzzz }}", None, 4),
        ("{{ loop.index }}", None, 4),
        ("{{ self.title }}", "post.title", 4),
    ],
)
def test_an_unknown_name_comes_with_the_nearest_known_one(
    source: str, nearest: str | None, column: int
) -> None:
    refused = refusal(source)

    assert refused.details["nearest"] == nearest
    assert refused.details["column"] == column
    assert ("Did you mean" in refused.message) == (nearest is not None)


def test_an_unknown_filter_comes_with_the_nearest_known_one() -> None:
    assert "did you mean “upper”?" in refusal("{{ post.title | uper }}").message
    assert "there are first, join" in refusal("{{ post.title | attr }}").message


@pytest.mark.parametrize(
    "source",
    [
        "{{ " + "(" * 5_000 + "1" + ")" * 5_000 + " }}",
        "{{ post.title" + " | trim" * 5_000 + " }}",
        "{% if post.title %}" * 500 + "{% endif %}" * 500,
        "{{ " + "9" * 6_000 + " }}",
        "x" * (MAX_SOURCE + 1),
        "{% for a in post.sections %}" * 4 + "{% endfor %}" * 4,
    ],
)
def test_a_part_that_is_too_much_is_refused(source: str) -> None:
    assert refusal(source)


def test_loops_cannot_multiply_the_data_without_end() -> None:
    many = Inputs(post={"interesting_facts": ["x"] * 1_000})
    loops = "".join(f"{{% for {name} in post.interesting_facts %}}" for name in "abc")

    with pytest.raises(Invalid, match="multiply"):
        rendered(loops + "{% endfor %}" * 3, many)


@pytest.mark.parametrize(
    "value", ["{{ 7*7 }}", "{% raw %}{{ post.tone }}{% endraw %}", "{# x #}", "{% include 'x' %}"]
)
def test_a_value_is_never_read_as_a_template(value: str) -> None:
    inputs = Inputs(post={"title": value, "interesting_facts": [value]})

    assert rendered("{{ post.title }}", inputs) == value
    assert rendered("{% for f in post.interesting_facts %}{{ f }}{% endfor %}", inputs) == value


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{{ post.interesting_facts | upper }}", "not a text"),
        ("{{ post.title | first }}", "not a list"),
        ("{% for c in post.title %}{{ c }}{% endfor %}", "not a list"),
        ("{{ post.rating | length }}", "no length"),
        ("{% if post.title < 3 %}{% endif %}", "cannot be compared"),
        ("{{ post.absent_tone }}", "no “post.absent_tone”"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(source: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        rendered(source)


@pytest.mark.parametrize(
    "test",
    ["post.tone > 3", "3 <= post.tone", "'a' in post.tone", "post.tone|upper == 'A'", "post.tone|first"],
)
def test_an_if_may_ask_about_nothing(test: str) -> None:
    assert rendered(f"{{% if {test} %}}yes{{% else %}}no{{% endif %}}", Inputs()) == "no"


@pytest.mark.parametrize("filtered", ["post.tone|upper", "post.tone|join", "post.tone|first", "post.tone"])
def test_nothing_is_never_put_out_filtered(filtered: str) -> None:
    with pytest.raises(Invalid, match=r"post\.tone” is empty"):
        rendered(f"{{{{ {filtered} }}}}", Inputs())


def test_nothing_is_never_put_out_silently() -> None:
    with pytest.raises(Invalid, match=r"post\.basic_idea” is empty"):
        rendered("{{ post.basic_idea }}", Inputs())


@pytest.mark.parametrize(
    ("source", "required"),
    [
        ("{{ post.title }}", {"post.title"}),
        (
            "{{ selection.text }}{% if selection.before %}{{ selection.before }}{% endif %}",
            {"selection.text"},
        ),
        ("{% if post.tone %}{{ post.tone }}{% endif %}", set[str]()),
        ("{% if post.tone and post.title %}{{ post.tone }}{{ post.title }}{% endif %}", set[str]()),
        ("{% if post.tone or post.title %}{{ post.tone }}{% endif %}", {"post.tone"}),
        ("{% if not post.tone %}x{% else %}{{ post.tone }}{% endif %}", set[str]()),
        ("{% if not post.tone %}{{ post.tone }}{% endif %}", {"post.tone"}),
        ("{% if post.tone %}x{% else %}{{ post.title }}{% endif %}", {"post.title"}),
        ("{% if post.tone|length %}{{ post.tone }}{% endif %}", set[str]()),
        ("{% if post.tone|json %}{{ post.tone }}{% endif %}", {"post.tone"}),
        ("{% if post.tone == 'dry' %}{{ post.tone }}{% endif %}", {"post.tone"}),
        ("{% for s in post.sections %}{{ s.draft }}{% endfor %}", {"post.sections", "post.sections[].draft"}),
        (
            "{% for s in post.sections %}{% if s.draft %}{{ s.draft }}{% endif %}{% else %}-{% endfor %}",
            set[str](),
        ),
        (
            "{% if post.sections %}{% for s in post.sections %}{{ s.draft }}{% endfor %}{% endif %}",
            {"post.sections[].draft"},
        ),
        (
            "{% for s in post.sections %}{% for t in post.sections %}"
            "{% if s.draft %}{{ t.draft }}{% endif %}{% endfor %}{% endfor %}",
            {"post.sections", "post.sections[].draft"},
        ),
        ("{% for f in post.interesting_facts %}{{ f }}{% endfor %}", {"post.interesting_facts"}),
        ("{{ section.draft }}{{ input.channel }}", {"section.draft", "input.channel"}),
        ("{{ fence.open }}plain", set[str]()),
    ],
)
def test_an_input_is_required_unless_an_if_asks_for_it(source: str, required: set[str]) -> None:
    assert needs(source) == required


def test_reads_names_optional_inputs_too() -> None:
    parsed = parse("{% if post.tone %}x{% elif post.rating > 3 %}{{ post.title }}{% endif %}", WORDS)

    assert {str(read) for read in parsed.reads} == {"post.tone", "post.rating", "post.title"}


@pytest.mark.parametrize("name", ["post.title", "section.draft", "post.sections[].draft", "input.channel"])
def test_a_reference_reads_back_as_it_is_written(name: str) -> None:
    assert str(parse_reference(name)) == name


@pytest.mark.parametrize("name", ["title", "post.Title", "post.__class__", "post.a.b", "user.name", ""])
def test_a_reference_that_names_no_input_is_refused(name: str) -> None:
    with pytest.raises(Invalid):
        parse_reference(name)


class Watched(Mapping[str, Any]):
    """A mapping that remembers what was asked of it."""

    def __init__(self, values: Mapping[str, Any], scope: str, seen: set[str]) -> None:
        self.values_, self.scope, self.seen = values, scope, seen

    def __getitem__(self, key: str) -> Any:
        self.seen.add(f"{self.scope}.{key}")
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_)

    def __len__(self) -> int:
        return len(self.values_)


ROOTS = [
    "post",
    "section",
    "input",
    "fence",
    "loop",
    "self",
    "x",
    "cycler",
    "lipsum",
    "namespace",
    "range",
    "''",
]
FIELDS = ["title", "sections", "tone", "draft", "interesting_facts", "open", "index", "heading", "__class__"]
TAILS = [
    "",
    "",
    "",
    "()",
    "[0]",
    ".__init__",
    "|upper",
    "|attr('x')",
    "|json",
    "|map('x')",
    "|join(',')",
    "|first",
]
JOINTS = [" == ", " in ", " ~ ", " + ", " is ", " if ", ", ", " not in "]
TAGS = ["set x = {}", "include {}", "do {}", "call {}", "import {} as x", "from {} import x", "with x = {}"]

HONEST = ["post.title", "post.tone", "post.interesting_facts", "section.draft", "input.channel", "fence.open"]
FILTERED = [
    "post.sections|length",
    "post.title|upper",
    "post.interesting_facts|join(',')",
    "x.draft",
    "x",
    "'a'",
]
honest = st.sampled_from([*HONEST, *FILTERED])
hostile = st.builds("{}.{}{}".format, *map(st.sampled_from, (ROOTS, FIELDS, TAILS)))
atoms = st.integers(0, 9).flatmap(lambda n: hostile if n == 0 else honest)
compared = st.builds(
    lambda a, op, b: a + op + b, atoms, st.sampled_from([*JOINTS, " and ", " or not "]), atoms
)
lists = st.sampled_from(
    ["post.sections", "post.interesting_facts", "section.facts_to_include", "range(9)", "x"]
)
tags = st.builds(lambda tag, e: "{% " + tag.replace("{}", e) + " %}", st.sampled_from(TAGS), atoms)
plain = st.sampled_from(["a ", "\n", "{# note #}", "{% raw %}{{ x() }}{% endraw %}"])
puts = atoms.map(lambda e: f"{{{{ {e} }}}}")


def around(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.builds("{{% if {} %}}{}{{% else %}}{}{{% endif %}}".format, atoms | compared, inner, inner),
        st.builds("{{% for x in {} %}}{}{{% else %}}{}{{% endfor %}}".format, lists, inner, inner),
    )


templates = st.recursive(st.one_of(puts, puts, puts, plain, plain, tags), around, max_leaves=6)


@given(templates)
@settings(max_examples=300, deadline=None)
def test_no_template_reads_what_it_does_not_declare(source: str) -> None:
    seen: set[str] = set()
    watched = Inputs(
        post=Watched(POST, "post", seen),
        sections=[Watched(section, "post.sections[]", seen) for section in SECTIONS],
        section=Watched(SECTIONS[0], "section", seen),
        input=Watched({"channel": "x"}, "input", seen),
    )
    try:
        parsed = parse(source, WORDS)
    except Invalid:
        return
    assert {reference.field for reference in parsed.reads} <= declared()
    assert parsed.required <= parsed.reads
    with suppress(Invalid):
        render(parsed.body, watched, fence=FENCE)
    assert seen <= {str(reference) for reference in parsed.reads}


present = st.fixed_dictionaries({}, optional={name: st.just(value) for name, value in POST.items()})
drafts = st.fixed_dictionaries({}, optional={"draft": st.just("Now."), "facts_to_include": st.just(["one"])})


@given(templates, present, st.lists(drafts, max_size=2), st.none() | drafts)
@settings(max_examples=300, deadline=None)
def test_with_all_required_inputs_nothing_is_empty(
    source: str, post: dict[str, Any], sections: list[dict[str, Any]], section: dict[str, Any] | None
) -> None:
    inputs = Inputs(post=post, sections=sections, section=section)
    try:
        parsed = parse(source, WORDS)
    except Invalid:
        return
    if any(is_empty(value) for needed in parsed.required for value in values_of(needed, inputs)):
        return
    try:
        render(parsed.body, inputs, fence=FENCE)
    except Invalid as refused:
        assert "is empty" not in refused.message, source  # noqa: PT017 - other refusals are right


@given(st.text("{}%# |.()[]'\"abpost\n-", max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_either_a_template_or_refused(source: str) -> None:
    with suppress(Invalid):
        parse(source, WORDS)


def declared() -> frozenset[str]:
    always = {"title", "sections", "heading", "position"}
    return WORDS.post | WORDS.section | WORDS.input | always


def test_sections_is_a_reference_of_the_post() -> None:
    parsed = parse("{{ post.sections | length }}", WORDS)

    assert parsed.required == {Reference(scope="post", field="sections")}
