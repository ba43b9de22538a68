from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.permissions import TOKENS_CREATE
from blog.app.workflow.models import Workflow
from tests.factories import make_user
from tests.workflow.workflows import make_workflow

Api = Callable[..., Any]


@pytest.fixture
def workflow(conn: db.Connection) -> Workflow:
    return make_workflow(conn)


def api_of(conn: db.Connection, client: FlaskClient, name: str, role: str) -> Api:
    """Calls the API with a token of a new person in this role."""
    actor = auth.actor_of_user(conn, make_user(conn, name, role))
    may_have_tokens = replace(actor, permissions=actor.permissions | {TOKENS_CREATE})
    token = auth.create_token(conn, may_have_tokens, "test").token

    def call(method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = client.open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == status, response.text
        return response.json

    return call


@pytest.fixture
def alice(conn: db.Connection, client: FlaskClient) -> Api:
    return api_of(conn, client, "alice", "author")


@pytest.fixture
def vera(conn: db.Connection, client: FlaskClient) -> Api:
    return api_of(conn, client, "vera", "viewer")


@pytest.fixture
def post(alice: Api, workflow: Workflow) -> Any:
    return alice("POST", "/posts", {"idea": "Hedges", "workflow": "test"}, 201)


def test_a_post_is_begun_found_and_read(alice: Api, post: Any) -> None:
    assert alice("GET", f"/posts/{post['id']}")["title"] == "Hedges"
    assert [item["id"] for item in alice("GET", "/posts?search=hed&limit=1")["items"]] == [post["id"]]


def test_a_field_is_written_read_and_written_again(alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}/fields/facts"
    assert alice("GET", address)["value"] == []
    first = alice("PUT", address, {"value": ["one", "two"], "base_revision_id": None})
    assert (first["value"], first["number"], first["origin"]) == (["one", "two"], 1, "person")
    second = alice("PUT", address, {"value": None, "base_revision_id": first["revision_id"]})
    assert (second["value"], second["number"]) == ([], 2)
    assert alice("GET", address) == second


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("seed", "Text with “quotes”, 😀 and\r\nline ends \t"),
        ("outline", {"parts": [{"heading": "a", "words": 1.5}], "done": False}),
        ("words_wanted", 800),
        ("due", "2026-03-31"),
        ("source", "https://example.org/"),
        ("tone", "dry"),
    ],
)
def test_a_value_comes_back_as_it_was_sent(alice: Api, post: Any, name: str, value: object) -> None:
    address = f"/posts/{post['id']}/fields/{name}"
    base = alice("GET", address)["revision_id"]
    alice("PUT", address, {"value": value, "base_revision_id": base})
    assert alice("GET", address)["value"] == value


def test_a_late_writer_is_told_what_there_is_now(alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}/fields/seed"
    base = alice("GET", address)["revision_id"]
    winner = alice("PUT", address, {"value": "first", "base_revision_id": base})
    problem = alice("PUT", address, {"value": "second", "base_revision_id": base}, 409)
    assert problem["current_revision_id"] == winner["revision_id"]
    assert problem["current_value"] == "first"
    assert alice("GET", address)["value"] == "first"


def test_what_cannot_be_stored_is_replaced_and_not_an_error(alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}/fields/headline"
    written = alice("PUT", address, {"value": "a\x00b\ud800c", "base_revision_id": None})
    assert written["value"] == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    "body",
    [
        {"value": "x"},
        {"base_revision_id": None},
        {"value": "x", "base_revision_id": "one"},
        {"value": "x", "base_revision_id": 2**70},
        {"value": ["x"], "base_revision_id": None},
        {"value": "x", "base_revision_id": None, "more": 1},
        {"value": "x" * 101, "base_revision_id": None},
        [],
        "x",
    ],
)
def test_a_wrong_body_is_a_problem_and_saves_nothing(alice: Api, post: Any, body: object) -> None:
    address = f"/posts/{post['id']}/fields/headline"
    assert alice("PUT", address, body, 422)["status"] == 422
    assert alice("GET", address)["revision_id"] is None


def test_all_values_of_a_post_are_one_call(alice: Api, post: Any) -> None:
    section = alice("POST", f"/posts/{post['id']}/sections", {}, 201)
    address = f"/posts/{post['id']}/sections/{section['id']}/fields/draft"
    alice("PUT", address, {"value": "words", "base_revision_id": None})
    values = alice("GET", f"/posts/{post['id']}/fields")
    assert {(value["name"], value["section_id"]): value["value"] for value in values} == {
        ("seed", None): "Hedges",
        ("facts", None): [],
        ("outline", None): None,
        ("headline", None): "",
        ("tone", None): "",
        ("words_wanted", None): None,
        ("due", None): "",
        ("source", None): "",
        ("section_heading", section["id"]): "",
        ("section_description", section["id"]): "",
        ("draft", section["id"]): "words",
    }
    assert alice("GET", f"{address}/revisions")["items"][0]["excerpt"] == "words"


def test_a_field_has_a_history_from_which_it_is_restored(alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}/fields/seed"
    first = alice("GET", address)
    second = alice("PUT", address, {"value": "Walls", "base_revision_id": first["revision_id"]})
    page = alice("GET", f"{address}/revisions?limit=1")
    assert [item["excerpt"] for item in page["items"]] == ["Walls"]
    page = alice("GET", f"{address}/revisions?limit=1&after={page['next']}")
    assert ([item["id"] for item in page["items"]], page["next"]) == ([first["revision_id"]], None)
    old = alice("GET", f"/revisions/{first['revision_id']}")
    assert old["value"] == "Hedges"
    assert old["superseded_at"]
    restored = alice(
        "POST",
        f"/revisions/{first['revision_id']}/restoration",
        {"base_revision_id": second["revision_id"]},
        201,
    )
    assert (restored["value"], restored["number"], restored["origin"]) == ("Hedges", 3, "restore")


def test_sections_are_ordered_removed_and_brought_back(alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}/sections"
    a = alice("POST", address, {}, 201)["id"]
    c = alice("POST", address, {"after_section_id": None}, 201)["id"]
    b = alice("POST", address, {"after_section_id": a}, 201)["id"]
    ordered = alice("PUT", f"{address}/order", {"section_ids": [c, b, a]})
    assert [section["id"] for section in ordered] == [c, b, a]
    problem = alice("PUT", f"{address}/order", {"section_ids": [c, b]}, 409)
    assert problem["section_ids"] == [c, b, a]
    assert alice("DELETE", f"{address}/{b}")["removed_at"]
    assert [section["id"] for section in alice("GET", address)] == [c, a]
    assert [section["id"] for section in alice("GET", f"{address}?removed=true")] == [b]
    alice("POST", f"{address}/{b}/restoration")
    assert [section["id"] for section in alice("GET", address)] == [c, b, a]


def test_a_post_is_moved_by_the_name_of_a_sub_stage(alice: Api, post: Any, workflow: Workflow) -> None:
    moved = alice("PUT", f"/posts/{post['id']}/stage", {"sub_stage": "words"})
    assert moved["sub_stage_id"] == workflow.stages[1].sub_stages[0].id
    assert alice("PUT", f"/posts/{post['id']}/stage", {"sub_stage": "nowhere"}, 404)["status"] == 404


def test_the_workflow_is_one_tree(alice: Api, post: Any, workflow: Workflow) -> None:
    tree = alice("GET", f"/workflows/{workflow.id}")
    assert [stage["label"] for stage in tree["stages"]] == ["Planning", "Writing"]
    assert tree["stages"][0]["sub_stages"][0]["fields"][0]["name"] == "seed"
    assert alice("GET", "/workflow")["stages"] is not None
    assert alice("GET", "/workflows/0", status=404)["type"] == "/problems/not_found"


def test_a_post_is_removed_and_brought_back(conn: db.Connection, client: FlaskClient, post: Any) -> None:
    bob = api_of(conn, client, "bob", "editor")
    assert bob("DELETE", f"/posts/{post['id']}")["removed_at"]
    bob("GET", f"/posts/{post['id']}", status=404)
    assert [item["id"] for item in bob("GET", "/posts?removed=true")["items"]] == [post["id"]]
    assert bob("POST", f"/posts/{post['id']}/restoration")["removed_at"] is None


def test_a_viewer_reads_and_is_refused_everything_else(vera: Api, alice: Api, post: Any) -> None:
    address = f"/posts/{post['id']}"
    vera("GET", f"{address}/fields")
    value = {"value": "x", "base_revision_id": None}
    for method, path, body in (
        ("POST", "/posts", {"idea": "x"}),
        ("PUT", f"{address}/fields/seed", value),
        ("PUT", f"{address}/stage", {"sub_stage": "words"}),
        ("POST", f"{address}/sections", {}),
        ("PUT", f"{address}/sections/order", {"section_ids": []}),
        ("DELETE", address, None),
    ):
        assert vera(method, path, body, 403)["type"] == "/problems/forbidden"


def test_an_author_is_refused_anothers_post(
    conn: db.Connection, client: FlaskClient, alice: Api, post: Any
) -> None:
    anna = api_of(conn, client, "anna", "author")
    base = alice("GET", f"/posts/{post['id']}/fields/seed")["revision_id"]
    body = {"value": "hers", "base_revision_id": base}
    assert "by alice" in anna("PUT", f"/posts/{post['id']}/fields/seed", body, 403)["title"]


@pytest.mark.parametrize(
    "path",
    ["/posts/0", "/posts/99999999999999999999999", "/posts/0/fields", "/posts/0/sections", "/revisions/0"],
)
def test_what_is_not_there_is_404(alice: Api, path: str) -> None:
    assert alice("GET", path, status=404)["status"] == 404


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "after=x", "sub_stage_id=x", "what=1"])
def test_a_wrong_query_is_422(alice: Api, query: str) -> None:
    assert alice("GET", f"/posts?{query}", status=422)["status"] == 422
