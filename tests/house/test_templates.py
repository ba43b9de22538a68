"""Templates and static files: they compile, hold nothing inline, load nothing from elsewhere."""

import re
from pathlib import Path

import pytest
from flask import Flask

from tests.house.source import STATIC, TEMPLATES, own_static, templates

INLINE = {
    "a script": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "a style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "a style attribute": re.compile(r"<[a-z][^<>]*\sstyle\s*=", re.IGNORECASE),
    "an event handler": re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE),
    "an hx-on handler": re.compile(r"\shx-on\b|\shx-on:", re.IGNORECASE),
    "a javascript: address": re.compile(r"javascript:", re.IGNORECASE),
}
ELSEWHERE = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio)\b[^>]*(?:src|href)\s*=\s*[\"'](?:https?:)?//",
    re.IGNORECASE,
)
POST_FORM = re.compile(r"<form\b[^>]*method=[\"']post[\"'].*?</form>", re.IGNORECASE | re.DOTALL)
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\b(?:rgba?|hsla?|oklch|oklab)\(")


def _named(path: Path) -> str:
    return str(path.relative_to(TEMPLATES if path.suffix == ".html" else STATIC))


def _markup(path: Path) -> str:
    """A template without its comments."""
    return re.sub(r"\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_a_template_compiles(path: Path, wired: Flask) -> None:
    wired.jinja_env.get_template(_named(path))


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_a_template_holds_nothing_inline(path: Path) -> None:
    """The Content-Security-Policy would refuse it, in silence for the reader."""
    assert [what for what, pattern in INLINE.items() if pattern.search(_markup(path))] == []


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_a_template_loads_nothing_from_elsewhere(path: Path) -> None:
    assert ELSEWHERE.findall(_markup(path)) == []


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_a_template_takes_nothing_for_safe(path: Path) -> None:
    """HTML of somebody's words is made in posts/markdown.py, whose filter `as_shown` says so itself."""
    assert re.findall(r"\|\s*safe\b|autoescape|\bMarkup\b", _markup(path)) == []


@pytest.mark.parametrize("path", templates(), ids=_named)
def test_every_form_that_changes_something_carries_the_csrf_field(path: Path) -> None:
    for form in POST_FORM.findall(_markup(path)):
        assert "csrf()" in form, form[:200]


PARTIALS = [path for path in templates() if path.name.startswith("_") and path.name != "_macros.html"]


@pytest.mark.parametrize("path", PARTIALS, ids=_named)
def test_a_partial_begins_with_what_it_needs(path: Path) -> None:
    assert path.read_text().startswith("{# needs:")


@pytest.mark.parametrize("path", own_static(".css"), ids=_named)
def test_a_style_sheet_takes_its_colours_from_the_tokens(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    if path.name != "tokens.css":
        assert COLOUR.findall(text) == []
    assert "@import" not in text
    assert re.findall(r"url\(\s*[\"']?(?:https?:)?//", text) == []


@pytest.mark.parametrize("path", own_static(".js"), ids=_named)
def test_a_script_is_short_and_calls_nobody_else(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 100
    assert re.findall(r"[\"'`]https?://", text) == []
    assert re.findall(r"\b(?:eval|Function)\(|document\.write|\.innerHTML\s*=", text) == []
