from collections.abc import Callable
from html import escape

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.posts import services as posts
from blog.app.workflow import services as workflows
from tests.factories import make_user
from tests.workflow.workflows import make_workflow

As = Callable[[str], FlaskClient]


@pytest.fixture
def signed_in(
    conn: db.Connection, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> As:
    """A client signed in as a new person in a role."""
    make_workflow(conn)
    return lambda role: as_user(client, make_user(conn, role, role))


def begin(conn: db.Connection, idea: str) -> int:
    actor = auth.actor_of_user(conn, make_user(conn, "bob", "editor"))
    return workflows.create_post_with_idea(conn, actor, idea, "test").id


def csrf(client: FlaskClient) -> str:
    page = client.get("/posts").text
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def test_an_empty_list_says_what_to_do(signed_in: As) -> None:
    page = signed_in("author").get("/posts").text
    assert "No posts yet" in page
    assert 'href="/posts/new"' in page


def test_an_empty_list_promises_a_viewer_nothing_she_may_not_do(signed_in: As) -> None:
    page = signed_in("viewer").get("/posts").text
    assert "No posts yet" in page
    assert 'href="/posts/new"' not in page


def test_the_list_shows_title_stage_and_who(conn: db.Connection, signed_in: As) -> None:
    post_id = begin(conn, "<b>Hedges</b> & walls")
    page = signed_in("viewer").get("/posts").text
    assert f'href="/posts/{post_id}"' in page
    assert escape("<b>Hedges</b> & walls") in page
    assert "Planning · Idea" in page
    assert "bob" in page


def test_a_search_that_finds_nothing_says_so(conn: db.Connection, signed_in: As) -> None:
    begin(conn, "Hedges")
    page = signed_in("viewer").get("/posts?search=walls&sub_stage_id=").text
    assert "Nothing found" in page
    assert 'value="walls"' in page


def test_htmx_gets_the_list_alone(conn: db.Connection, signed_in: As) -> None:
    begin(conn, "Hedges")
    fragment = signed_in("viewer").get("/posts?search=hed", headers={"HX-Request": "true"}).text
    assert fragment.lstrip().startswith('<div id="posts"')
    assert "<html" not in fragment


def test_older_posts_are_a_link_away_that_keeps_the_search(conn: db.Connection, signed_in: As) -> None:
    for number in range(3):
        begin(conn, f"Hedges {number}")
    client = signed_in("viewer")
    page = client.get("/posts?search=hedges&limit=2").text
    older = page.split('<a href="/posts?')[1].split('"')[0].replace("&amp;", "&")
    assert "search=hedges" in older
    assert "limit=2" in older
    second = client.get(f"/posts?{older}").text
    assert "Hedges 0" in second
    assert "Hedges 1" not in second
    assert "Newest" in second


def test_an_editor_removes_a_post_and_brings_it_back(conn: db.Connection, signed_in: As) -> None:
    post_id = begin(conn, "Hedges")
    client = signed_in("editor")
    token = csrf(client)
    removed = client.post(f"/posts/{post_id}/removal", data={"csrf_token": token})
    assert (removed.status_code, removed.location) == (303, f"/posts?gone={post_id}")
    assert f"/posts/{post_id}/restoration" in client.get(removed.location).text
    assert "Hedges" in client.get("/posts?removed=1").text
    brought_back = client.post(f"/posts/{post_id}/restoration", data={"csrf_token": token})
    assert (brought_back.status_code, brought_back.location) == (303, f"/posts/{post_id}")


def test_a_removal_without_its_token_is_refused(conn: db.Connection, signed_in: As) -> None:
    post_id = begin(conn, "Hedges")
    client = signed_in("editor")
    assert client.post(f"/posts/{post_id}/removal").status_code == 403
    actor = auth.actor_of_user(conn, make_user(conn, "vera", "viewer"))
    assert posts.get_post(conn, actor, post_id).removed_at is None


def test_an_author_is_not_offered_what_she_may_not_do(conn: db.Connection, signed_in: As) -> None:
    begin(conn, "Hedges")
    client = signed_in("author")
    page = client.get("/posts").text
    assert "/removal" not in page


def test_a_stranger_is_sent_to_sign_in(client: FlaskClient) -> None:
    response = client.get("/posts")
    assert response.status_code == 303
    assert response.location.startswith("/sign-in")
