import json

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import services
from tests.factories import make_actor, make_user


def bearer(conn: db.Connection, *roles: str, permissions: list[str] | None = None) -> dict[str, str]:
    actor = make_actor(conn, "alice", *roles)
    new = services.create_token(conn, actor, "the test's token", permissions=permissions)
    return {"Authorization": f"Bearer {new.token}"}


def refused(answer: TestResponse, status: int) -> str:
    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert answer.json
    assert answer.json["status"] == status
    return answer.json["title"]


def test_a_token_is_told_who_it_stands_for(client: FlaskClient, conn: db.Connection) -> None:
    headers = bearer(conn, "author", permissions=["tokens.create", "post.read"])
    me = client.get("/api/v1/me", headers=headers).json
    assert me
    assert me["name"] == "alice"
    assert me["roles"] == ["author"]
    assert me["permissions"] == ["post.read", "tokens.create"]


@pytest.mark.parametrize("value", ["", "Bearer ", "Bearer bf_unknown", "Basic YTpi"])
def test_without_a_known_token_nothing_is_answered(client: FlaskClient, value: str) -> None:
    answer = client.get("/api/v1/me", headers={"Authorization": value} if value else {})
    assert refused(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_browsers_cookie_is_nobody_to_the_api(client: FlaskClient, conn: db.Connection, as_user) -> None:
    as_user(client, make_user(conn, "carol", "administrator"))
    refused(client.get("/api/v1/me"), 401)
    refused(client.post("/api/v1/users", json={"name": "Eve", "email": "eve@example.org"}), 401)


def test_a_bearer_token_is_nobody_to_the_pages(client: FlaskClient, conn: db.Connection) -> None:
    assert client.get("/account", headers=bearer(conn, "author")).status_code == 303


def test_tokens_are_made_listed_and_revoked(client: FlaskClient, conn: db.Connection) -> None:
    headers = bearer(conn, "author")
    made = client.post("/api/v1/tokens", headers=headers, json={"name": "second"})
    assert made.status_code == 201
    assert made.json
    own = {"Authorization": f"Bearer {made.json['token']}"}
    assert client.get("/api/v1/me", headers=own).status_code == 200
    listed = client.get("/api/v1/tokens", headers=headers)
    assert listed.json
    assert [token["name"] for token in listed.json] == ["second", "the test's token"]
    assert made.json["token"] not in listed.text
    assert client.delete(f"/api/v1/tokens/{made.json['id']}", headers=headers).status_code == 204
    refused(client.get("/api/v1/me", headers=own), 401)
    refused(client.delete("/api/v1/tokens/999999", headers=headers), 404)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "nul\u0000"},
        {"name": "x", "colour": "red"},
        {"name": "x", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "x", "expires_at": "2030-01-01T00:00:00"},
        {"name": "x", "permissions": "all"},
    ],
)
def test_a_token_that_makes_no_sense_is_refused(
    client: FlaskClient, conn: db.Connection, body: dict[str, object]
) -> None:
    refused(client.post("/api/v1/tokens", headers=bearer(conn, "author"), json=body), 422)


def test_a_body_that_is_not_json_is_refused(client: FlaskClient, conn: db.Connection) -> None:
    assert "JSON" in refused(
        client.post("/api/v1/tokens", headers=bearer(conn, "author"), data="name=x"), 422
    )


def test_lone_surrogates_are_refused(client: FlaskClient, conn: db.Connection) -> None:
    answer = client.post(
        "/api/v1/tokens",
        headers={**bearer(conn, "author"), "Content-Type": "application/json"},
        data=json.dumps({"name": "\ud800"}),
    )
    refused(answer, 422)


def test_carol_adds_lists_and_changes_people(client: FlaskClient, conn: db.Connection) -> None:
    headers = bearer(conn, "administrator")
    body = {"name": "Eve", "email": "Eve@Example.org", "roles": ["author"]}
    made = client.post("/api/v1/users", headers=headers, json=body)
    assert made.status_code == 201
    assert made.json
    assert made.json["email"] == "eve@example.org"
    assert services.sign_in(conn, "eve@example.org", made.json["password"], address="10.0.0.1")
    listed = client.get("/api/v1/users?limit=1", headers=headers).json
    assert listed
    assert len(listed["items"]) == 1
    rest = client.get(f"/api/v1/users?after={listed['next']}", headers=headers)
    assert rest.json
    assert [user["name"] for user in rest.json["items"]] == ["Eve"]
    assert rest.json["next"] is None
    assert "password" not in rest.text
    path = f"/api/v1/users/{made.json['id']}"
    changed = client.patch(path, headers=headers, json={"roles": ["viewer"], "is_active": False})
    assert changed.json
    assert changed.json["roles"] == ["viewer"]
    assert changed.json["deactivated_at"]
    refused(client.post("/api/v1/users", headers=headers, json=body), 409)
    refused(client.patch("/api/v1/users/999999", headers=headers, json={"name": "x"}), 404)
    refused(client.patch(path, headers=headers, json={"roles": ["owner"]}), 422)
    refused(client.get("/api/v1/users?limit=1000", headers=headers), 422)


def test_bob_may_not_look_after_people(client: FlaskClient, conn: db.Connection) -> None:
    headers = bearer(conn, "editor")
    assert "Ask an administrator" in refused(client.get("/api/v1/users", headers=headers), 403)
    refused(client.post("/api/v1/users", headers=headers, json={"name": "E", "email": "e@x.org"}), 403)
    refused(client.patch("/api/v1/users/1", headers=headers, json={"name": "x"}), 403)


def test_a_token_without_people_manage_may_not_though_its_person_may(
    client: FlaskClient, conn: db.Connection
) -> None:
    headers = bearer(conn, "administrator", permissions=["post.read"])
    refused(client.get("/api/v1/users", headers=headers), 403)
    refused(client.post("/api/v1/tokens", headers=headers, json={"name": "x"}), 403)
