"""The pages of the tour in a made-up language: whatever is still English there was never a message."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg import sql

from blog.app import create_app, db, translation
from blog.app.config import Config, ConfigError, load_config
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_post
from tests.house import pseudo

NAMES = re.compile(r"BlogForge|Markdown|HTML|JSON|API|UTC|LLM|Ctrl K|\b[\w.]+@example\.org|[A-Z][a-z]+ \d{4}")
PAGES = (
    "/posts",
    "/posts?removed=1",
    "/posts?search=nothing+has+these+words",
    "/board",
    "/calendar",
    "/find",
    "/find?q=nothing-has-this-name",
    "/views",
    "/notifications",
    "/account",
    "/people",
    "/roles",
    "/invitations",
    "/access",
    "/account/tokens",
    "/account/second-factor",
    "/access/services",
    "/sign-in/forgotten",
    "/posts/new",
    "/posts/{post}",
    "/posts/{post}/structure",
    "/posts/{post}/fields/basic_idea/revisions",
    "/posts/{post}/fields/basic_idea/automation",
    "/posts/{post}/preview",
    "/posts/{post}/history",
    "/posts/{post}/comments",
    "/posts/{post}/sub-stages/idea",
    "/board/moves/new?post_id={post}",
    "/calendar/moves/new?post_id={post}&which=planned_on",
    "/there-is-no-such-page",
)


@pytest.fixture(scope="session")
def locale(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("locale")
    pseudo.write_catalogue(place)
    return place


@pytest.fixture
def app(config: Config, pool: OneConnection, locale: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    monkeypatch.setattr(translation, "LOCALE", locale)
    config = Config(data_dir=config.data_dir, secret=config.secret, language=pseudo.NAME)
    return create_app(config, pool)


def reader(conn: db.Connection, client: FlaskClient, as_user: Callable[..., FlaskClient]) -> FlaskClient:
    """Signed in as somebody who may do everything, where the rows' own words are in that language too."""
    columns = conn.execute(
        """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'public' AND column_name IN ('label', 'help', 'description')
        """
    ).fetchall()
    for table, column in columns:
        conn.execute(
            sql.SQL("UPDATE {} SET {} = '⟦' || {} || '⟧' WHERE {} <> ''").format(
                sql.Identifier(table), *[sql.Identifier(column)] * 3
            )
        )
    person = all_powerful(conn)
    conn.execute("INSERT INTO user_role SELECT %s, id FROM role ON CONFLICT DO NOTHING", (person.user_id,))
    conn.execute("UPDATE app_user SET name = '⟦' || name || '⟧'")
    conn.execute("UPDATE post SET title = '⟦A title⟧'")
    return as_user(client, person.user_id)


def test_no_page_of_the_tour_says_anything_past_the_catalogue(
    conn: db.Connection, client: FlaskClient, as_user: Callable[..., FlaskClient]
) -> None:
    post_id = make_post(conn, all_powerful(conn, "dora"), basic_idea="⟦An idea⟧")
    browser = reader(conn, client, as_user)
    found: dict[str, list[str]] = {}
    for page in PAGES:
        answer = browser.get(page.format(post=post_id), follow_redirects=True)
        assert answer.status_code == (404 if "no-such" in page else 200), page
        said = [text for text in pseudo.outside(answer.text) if re.search(r"[A-Za-z]", NAMES.sub("", text))]
        found |= {page: said} if said else {}
    assert found == {}


def test_a_page_names_its_language_and_tells_the_scripts_their_words(client: FlaskClient) -> None:
    page = client.get("/sign-in").text
    assert '<html lang="zz"' in page
    words = re.search(r"<meta name=\"words\" content='(.*?)'>", page)
    assert words
    known = json.loads(words[1])
    assert known["Copied."] == "⟦Copied.⟧"
    assert known["%(n)s word"]["forms"] == ["⟦%(n)s words⟧", "⟦%(n)s word⟧"]


def test_the_api_and_what_no_edge_began_speak_english(client: FlaskClient) -> None:
    assert "⟦" not in client.get("/api/v1/posts").text
    assert translation.gettext("Save") == "Save"


def test_an_unknown_language_is_refused_and_says_where_its_catalogue_goes() -> None:
    with pytest.raises(ConfigError, match=r"BLOG_LANGUAGE='xx'.*locale/xx/LC_MESSAGES/messages\.po"):
        load_config({"BLOG_LANGUAGE": "xx"})
