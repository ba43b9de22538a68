"""Who is editing what, as the others on a post are told."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.desk import presence
from blog.app.errors import Forbidden, NotFound
from blog.app.posts import services as posts
from tests.factories import all_powerful, make_actor, make_post

SignIn = Callable[[FlaskClient, int], FlaskClient]


def test_the_others_are_told_and_not_oneself(conn: db.Connection) -> None:
    bob, ann = all_powerful(conn, "bob"), all_powerful(conn, "ann")
    post_id = make_post(conn, bob)
    presence.say_editing(conn, bob, post_id, "basic_idea", None)
    assert presence.list_present(conn, bob, post_id) == []
    [seen] = presence.list_present(conn, ann, post_id)
    assert (seen.user_name, seen.field_name, seen.section_id, seen.key) == (
        "bob",
        "basic_idea",
        None,
        "basic_idea",
    )


def test_one_is_at_one_field_at_a_time_and_for_half_a_minute(conn: db.Connection) -> None:
    bob, ann = all_powerful(conn, "bob"), all_powerful(conn, "ann")
    post_id = make_post(conn, bob)
    presence.say_editing(conn, bob, post_id, "basic_idea", None)
    presence.say_editing(conn, bob, post_id, "idea_seed", None)
    assert [seen.field_name for seen in presence.list_present(conn, ann, post_id)] == ["idea_seed"]
    conn.execute("UPDATE presence SET seen_at = seen_at - interval '31 seconds'")
    assert presence.list_present(conn, ann, post_id) == []


def test_only_who_may_edit_says_so_and_only_of_what_is_there(conn: db.Connection) -> None:
    bob = all_powerful(conn, "bob")
    post_id = make_post(conn, bob)
    with pytest.raises(Forbidden):
        presence.say_editing(conn, make_actor(conn, "dave", "viewer"), post_id, "basic_idea", None)
    with pytest.raises(NotFound):
        presence.say_editing(conn, bob, post_id, "no_such_field", None)
    section = posts.add_section(conn, bob, post_id, None)
    other = make_post(conn, bob)
    with pytest.raises(NotFound):
        presence.say_editing(conn, bob, other, "draft", section.id)


def test_the_page_says_who_else_is_there(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> None:
    bob, ann = make_actor(conn, "bob", "editor"), make_actor(conn, "ann", "editor")
    post_id = make_post(conn, bob)
    presence.say_editing(conn, bob, post_id, "basic_idea", None)
    assert ann.user_id is not None
    as_user(client, ann.user_id)
    asked = client.get(f"/posts/{post_id}/presence", headers={"HX-Request": "true"})
    assert "bob is editing" in asked.text
    assert 'href="#field-basic_idea"' in asked.text
    assert "bob is editing" in client.get(f"/posts/{post_id}", follow_redirects=True).text
    assert client.get(f"/posts/{post_id}/presence").status_code == 303


def test_programs_say_and_ask_the_same(conn: db.Connection, client: FlaskClient) -> None:
    bob, eve = make_actor(conn, "bob", "administrator"), make_actor(conn, "eve", "administrator")
    post_id = make_post(conn, bob)
    of_bob, of_eve = (
        {"Authorization": f"Bearer {auth.create_token(conn, actor, 'a script').token}"}
        for actor in (bob, eve)
    )
    said = client.put(f"/api/v1/posts/{post_id}/fields/basic_idea/presence", headers=of_bob)
    assert (said.status_code, said.text) == (204, "")
    [told] = client.get(f"/api/v1/posts/{post_id}/presence", headers=of_eve).get_json()
    assert (told["user_name"], told["field_name"]) == ("bob", "basic_idea")
