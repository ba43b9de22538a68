"""A text as readers will see it, from what is typed; and what a form for JSON is made from."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.desk import formatted
from blog.app.desk import services as desk
from blog.app.errors import Invalid
from tests.factories import all_powerful, make_post, make_user

SignIn = Callable[[FlaskClient, int], FlaskClient]


def shown(conn: db.Connection, actor: Actor, post_id: int, text: str, field: str = "basic_idea") -> str:
    return formatted.formatted(conn, actor, post_id=post_id, field_name=field, section_id=None, text=text)


def test_a_text_is_shown_as_the_preview_would(conn: db.Connection) -> None:
    bob = all_powerful(conn, "bob")
    made = shown(conn, bob, make_post(conn, bob), "# Wool\n\n<b>x</b> [a](javascript:alert(1))")
    assert "<h4>Wool</h4>" in made  # below the field's label
    assert "&lt;b&gt;x&lt;/b&gt;" in made
    assert "href" not in made


def test_what_is_no_markdown_has_no_other_look(conn: db.Connection) -> None:
    bob = all_powerful(conn, "bob")
    with pytest.raises(Invalid, match="Idea seed is no Markdown"):
        shown(conn, bob, make_post(conn, bob), "x", "idea_seed")


def test_the_form_of_a_json_field_is_the_schema_of_its_first_action_that_has_one(conn: db.Connection) -> None:
    bob = all_powerful(conn, "bob")
    cards = desk.get_desk(conn, bob, make_post(conn, bob), "structure").cards
    forms = {card.name: card.form for card in cards}
    planned = forms["section_headings"]
    assert planned is not None
    assert planned.label == "Plan the sections"
    assert planned.schema["type"] == "array"
    assert forms["section_order"] is None  # a list


def test_the_editors_of_a_card_are_told_its_kind_limit_and_actions(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    user_id = make_user(conn, "bob", "editor")
    post_id = make_post(conn, auth.actor_of_user(conn, user_id))
    page = as_user(client, user_id).get(f"/posts/{post_id}/idea").text
    assert 'data-editor="markdown"' in page
    assert 'data-limit="2000000"' in page
    assert "Expand the idea&#34;}" in page
