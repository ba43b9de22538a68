"""A thousand random parts, many of them hostile: refused with their place, or reading only what they say."""

from contextlib import suppress

import jinja2
import pytest

from blog.app.errors import Invalid
from blog.app.llm.prompt_template import ParsedTemplate, parse
from blog.app.llm.render import render
from tests.llm.hostile import VOCABULARY, Touched, inputs, write_part

HOW_MANY = 1_000


@pytest.fixture
def no_jinja(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jinja2 may read a part's syntax; whatever would compile or run it is a failure."""

    def refuse(*_args: object, **_named: object) -> None:
        raise Touched("Jinja2's compiler or run time")

    for name in ("compile", "from_string", "get_template", "compile_expression", "_generate", "_compile"):
        monkeypatch.setattr(jinja2.Environment, name, refuse)
    monkeypatch.setattr(jinja2.Template, "__new__", refuse)


@pytest.mark.usefixtures("no_jinja")
def test_no_part_reads_or_calls_what_it_may_not() -> None:
    refused, read = 0, set[str]()
    for number in range(HOW_MANY):
        source, must_be_refused = write_part(number)
        outcome = _saved(source)
        told = f"part {number}: {outcome}\n{source}"
        assert isinstance(outcome, Invalid) == must_be_refused, told
        if isinstance(outcome, Invalid):
            refused += 1
            assert _says_where(outcome, source), told
        else:
            asked = _read_by(outcome)
            assert asked <= {str(each) for each in outcome.reads}, told
            read |= asked
    assert 300 < refused < 800
    assert read >= {"post.basic_idea", "post.facts", "section.draft", "post.sections[].draft"}


def _saved(source: str) -> ParsedTemplate | Invalid:
    try:
        return parse(source, VOCABULARY)
    except Invalid as exc:
        return exc


def _says_where(exc: Invalid, source: str) -> bool:
    line, column = exc.details["line"], exc.details["column"]
    lines = source.split("\n")
    assert isinstance(line, int)
    assert isinstance(column, int)
    return (
        exc.message.startswith(f"Line {line}, column {column}: ")
        and 1 <= line <= len(lines)
        and 1 <= column <= len(lines[line - 1]) + 1
    )


def _read_by(parsed: ParsedTemplate) -> set[str]:
    """What a rendering asked its values for. A value of the wrong kind may end it; a tripwire may not."""
    asked: set[str] = set()
    with suppress(Invalid):
        render(parsed.body, inputs(asked), fence="data-0123456789abcdef")
    return asked
