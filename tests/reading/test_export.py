"""Exports: front matter that YAML reads back, file names, and what is in each form."""

import json
import re

import pytest
import yaml
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from blog.app.errors import NotFound
from blog.app.posts import markdown
from blog.app.posts import services as posts
from blog.app.reading import export, services
from blog.app.reading.front_matter import front_matter
from blog.app.reading.models import ExportFormat
from blog.app.reading.portable import literal
from blog.app.reading.words import plain
from blog.app.text import clean
from tests.reading.conftest import Desk

texts = st.text(max_size=60).map(clean)
NASTY = [
    "yes",
    "null",
    "1e3",
    "2026-01-01",
    ": x",
    "- x",
    "# x",
    "a: b",
    "'",
    '"',
    "\\",
    "---\n",
    "\x85\u2028\ufeff",
    "😀",
]


def exported(desk: Desk, form: ExportFormat) -> str:
    return services.export_post(desk.conn, desk.actor, desk.post_id, form).text


@given(title=texts | st.sampled_from(NASTY), tags=st.lists(texts | st.sampled_from(NASTY), max_size=5))
def test_yaml_reads_back_what_was_written(title: str, tags: list[str]) -> None:
    given: dict[str, JsonValue] = {
        "title": title,
        "tags": [*tags],
        "seo": {"title": title, "rank": 3, "ok": True},
    }
    first, body, rest = front_matter(given).partition("---\n")[2].rpartition("---\n")
    assert (body, rest) == ("---\n", "")
    assert yaml.safe_load(first) == {name: value for name, value in given.items() if value not in ("", [])}


@given(texts.filter(lambda text: not re.search(r"[\x00-\x1f\x7f-\xa0]", text)))
def test_a_heading_shows_just_its_text(text: str) -> None:
    shown = plain(markdown.html(f"## {literal(text)}"))
    assert shown.split() == text.split()


@pytest.mark.parametrize(
    "text", ["1. one", "12) x", "- x", "+ x", "=== x", "# x", "> x", "    x", "a & b &amp; c", "![x](y)"]
)
def test_a_line_of_plain_text_becomes_no_mark(text: str) -> None:
    assert markdown.html(literal(text)).startswith("<p>")
    assert plain(markdown.html(literal(text))).split() == text.split()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Why lighthouses went dark", "why-lighthouses-went-dark.md"),
        ("  Ünïcödé: «Ça va?» ", "ünïcödé-ça-va.md"),
        ("../../etc/passwd\r\nX: y", "etc-passwd-x-y.md"),
        ("", "post-7.md"),
        ("¿?!…", "post-7.md"),
        ("con", "post-7.md"),
        ("灯台", "灯台.md"),
    ],
)
def test_a_file_is_named_after_the_title(title: str, name: str) -> None:
    assert export.file_name(title, 7, "md") == name


@given(st.text(max_size=300))
def test_no_title_makes_a_file_name_that_leads_elsewhere(title: str) -> None:
    name = export.file_name(title, 7, "md")
    assert re.fullmatch(r"[\w-]{1,80}\.md", name)


def test_markdown_has_front_matter_and_the_words(desk: Desk) -> None:
    desk.write("main_title", 'Lamps: "on" & off')
    desk.write("tags", "sea\nlight: old")
    desk.write("basic_metadata", '{"title": "T", "description": "D"}')
    desk.write("intro_blurb", "An *opening*.")
    desk.add("C # and *stars*", draft="The draft.\n\n- one\n- two")
    desk.add("", draft="```\nnever ended")
    desk.write("conclusion", "The end.")
    head, body = exported(desk, "markdown").removeprefix("---\n").split("\n---\n", 1)
    about = yaml.safe_load(head)
    assert about["title"] == 'Lamps: "on" & off'
    assert about["tags"] == ["sea", "light: old"]
    assert about["seo"] == {"title": "T", "description": "D"}
    assert about["post_id"] == desk.post_id
    shown = markdown.html(body)
    assert "<h2>C # and *stars*</h2>" in shown
    assert "<p>The end.</p>" in shown
    assert body.index("An *opening*.") < body.index("The draft.") < body.index("The end.")


def test_html_stands_alone(desk: Desk) -> None:
    desk.write("main_title", "A <b>title</b>")
    desk.add("One", draft="*Words*.")
    page = exported(desk, "html")
    assert "<title>A &lt;b&gt;title&lt;/b&gt;</title>" in page
    assert "<h1>A &lt;b&gt;title&lt;/b&gt;</h1>" in page
    assert "<h2>One</h2>" in page
    assert "<p><em>Words</em>.</p>" in page
    assert "src=" not in page
    assert ": empty" not in page


def test_json_has_every_field_and_the_ids_of_all_revisions(desk: Desk) -> None:
    first, second = desk.write("main_title", "One"), desk.write("main_title", "Two")
    kept, gone = desk.add("Kept", draft="x"), desk.add("Gone", draft="y")
    posts.remove_section(desk.conn, desk.actor, desk.post_id, gone)
    found = json.loads(exported(desk, "json"))
    title = next(field for field in found["fields"] if field["value"]["name"] == "main_title")
    assert title["value"]["value"] == "Two"
    assert title["revision_ids"] == [first.id, second.id]
    assert [section["id"] for section in found["sections"]] == [kept, gone]
    assert [bool(section["removed_at"]) for section in found["sections"]] == [False, True]


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_a_download_is_named_and_typed(
    desk: Desk, browser: FlaskClient, bearer: dict[str, str], prefix: str
) -> None:
    desk.write("main_title", "Ünder the lamp")
    headers = bearer if prefix else {}
    answer = browser.get(f"{prefix}/posts/{desk.post_id}/export/markdown", headers=headers)
    assert answer.status_code == 200
    assert answer.mimetype == "text/markdown"
    said = answer.headers["Content-Disposition"]
    assert said == "attachment; filename=\"_nder-the-lamp.md\"; filename*=UTF-8''%C3%BCnder-the-lamp.md"


def test_an_unknown_form_is_not_found(desk: Desk, browser: FlaskClient) -> None:
    assert browser.get(f"/posts/{desk.post_id}/export/docx").status_code == 404


def test_who_may_not_read_gets_no_file(desk: Desk, client: FlaskClient) -> None:
    assert client.get(f"/api/v1/posts/{desk.post_id}/export/json").status_code == 401
    with pytest.raises(NotFound):
        services.export_post(desk.conn, desk.actor, 10**9, "json")
