"""The registry over REST: one happy and one refused path for each noun, and no key in any answer."""

import json
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from tests.factories import all_powerful, make_actor
from tests.llm.providers.scripted import json_reply, serve
from tests.llm.registry.registry_rows import KEY, make_action, make_model, make_part, make_provider


class Program:
    """A client with a bearer token, that keeps everything it was ever answered."""

    def __init__(self, conn: db.Connection, client: FlaskClient, actor: Actor) -> None:
        self.client = client
        granted = replace(actor, permissions=actor.permissions | {"tokens.create"})
        self.headers = {"Authorization": f"Bearer {auth.create_token(conn, granted, 'test').token}"}
        self.heard = ""

    def call(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        response = self.client.open(f"/api/v1/llm{path}", method=method, json=body, headers=self.headers)
        text = response.get_data(as_text=True)
        self.heard += text
        assert response.status_code == status, text
        return json.loads(text) if text else None


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def program(conn: db.Connection, client: FlaskClient) -> Program:
    return Program(conn, client, make_actor(conn, "edith", "editor"))


@pytest.fixture
def reader(conn: db.Connection, app: Flask) -> Program:
    return Program(conn, app.test_client(), make_actor(conn, "vera", "viewer"))


PROVIDER = {"name": "acme", "label": "Acme", "protocol": "openai", "base_url": "http://127.0.0.1:9/v1"}


def test_a_key_goes_in_and_never_comes_out(conn: db.Connection, program: Program) -> None:
    body = {**PROVIDER, "api_key": KEY, "options": {"extra_headers": {"X-Key": KEY}}}
    made = program.call("POST", "/providers", body, 201)
    assert made["has_key"] is True
    at = f"/providers/{made['id']}"
    program.call("PATCH", at, {"api_key": KEY, "label": "Other"})
    program.call("PATCH", at, {"base_url": "http://elsewhere.example/v1"}, 422)
    program.call("GET", at)
    program.call("GET", "/providers")
    program.call("POST", f"{at}/checks")
    program.call("POST", "/providers", body, 409)
    program.call("POST", "/providers", {**body, "name": "BAD NAME"}, 422)
    sealed = db.scalar(conn, "SELECT encode(sealed_key, 'escape') FROM llm_provider WHERE name = 'acme'")
    assert KEY not in program.heard
    assert sealed not in program.heard


def test_a_check_adds_the_models_a_provider_lists(program: Program) -> None:
    with serve(json_reply({"data": [{"id": "m-1", "context_length": 8192}]})) as server:
        made = program.call("POST", "/providers", {**PROVIDER, "base_url": server.url}, 201)
        check = program.call("POST", f"/providers/{made['id']}/checks")
    assert check == {"provider_id": made["id"], "error": None, "found": 1, "added": 1}
    models = program.call("GET", f"/models?provider_id={made['id']}")
    assert [(each["name"], each["context_window"]) for each in models["items"]] == [("m-1", 8192)]


def test_a_viewer_reads_and_changes_nothing(conn: db.Connection, carol: Actor, reader: Program) -> None:
    model, action = make_model(conn, carol), make_action(conn, carol)
    for path in (
        "/providers",
        "/models",
        "/parts",
        "/actions",
        f"/models/{model.id}",
        f"/actions/{action.id}",
    ):
        reader.call("GET", path)
    reader.call("POST", "/providers", PROVIDER, 403)
    reader.call("PATCH", f"/models/{model.id}", {"notes": "x"}, 403)
    reader.call("PUT", f"/actions/{action.id}", {}, 403)


def test_without_a_token_there_is_nothing_to_see(client: FlaskClient) -> None:
    assert client.get("/api/v1/llm/actions").status_code == 401


def test_lists_go_on_where_the_page_before_ended(conn: db.Connection, carol: Actor, program: Program) -> None:
    provider = make_provider(conn, carol)
    names = [make_model(conn, carol, provider).name for _ in range(5)]
    seen: list[str] = []
    after: str | None = "0"
    while after is not None:
        page = program.call("GET", f"/models?provider_id={provider.id}&limit=2&after={after}")
        seen += [each["name"] for each in page["items"]]
        after = page["next"]
    assert seen == names
    program.call("GET", "/models?limit=201", status=422)


def test_a_model_is_made_corrected_and_found_again(
    conn: db.Connection, carol: Actor, program: Program
) -> None:
    provider = make_provider(conn, carol)
    made = program.call("POST", f"/providers/{provider.id}/models", {"name": "m"}, 201)
    prices = {"price_input": "0.25", "price_output": "1.5", "price_currency": "USD"}
    changed = program.call("PATCH", f"/models/{made['id']}", prices)
    assert changed["price_input"] == "0.250000"
    assert program.call("GET", f"/models/{made['id']}") == changed
    program.call("PATCH", f"/models/{made['id']}", {"price_currency": None}, 422)
    program.call("POST", f"/providers/{provider.id}/models", {"name": "m"}, 409)


PART = {"name": "Mine", "role": "user", "kind": "task", "template": "About {{ post.basic_idea }}"}


def test_a_part_is_made_changed_and_put_away(program: Program) -> None:
    made = program.call("POST", "/parts", PART, 201)
    at = f"/parts/{made['id']}"
    change = {**PART, "template": "More.", "base_version_id": made["version_id"]}
    assert program.call("PUT", at, change)["number"] == 2
    conflict = program.call("PUT", at, change, 409)
    assert conflict["current_version_id"] == program.call("GET", at)["version_id"]
    assert [each["number"] for each in program.call("GET", f"{at}/versions")] == [2, 1]
    program.call("POST", f"{at}/archival", status=204)
    assert made["id"] not in {each["id"] for each in program.call("GET", "/parts?search=Mine")["items"]}
    program.call("DELETE", f"{at}/archival")


def test_a_part_that_reads_an_unknown_name_is_refused_with_its_place(program: Program) -> None:
    refused = program.call("POST", "/parts", {**PART, "template": "{{ post.basic_ide }}"}, 422)
    assert (refused["nearest"], refused["line"]) == ("post.basic_idea", 1)


def test_an_action_is_made_and_changed(conn: db.Connection, carol: Actor, program: Program) -> None:
    part = make_part(conn, carol)
    body = {"name": "mine", "label": "Mine", "output_kind": "text", "part_ids": [part.id]}
    made = program.call("POST", "/actions", body, 201)
    at = f"/actions/{made['id']}"
    change = {key: value for key, value in body.items() if key != "name"}
    change["base_version_id"] = made["version"]["id"]
    assert program.call("PUT", at, {**change, "part_ids": [part.id, part.id]})["version"]["number"] == 2
    program.call("PUT", at, change, 409)
    assert [each["number"] for each in program.call("GET", f"{at}/versions")] == [2, 1]
    program.call("POST", "/actions", {**body, "name": "other", "validators": [{"rule": "x"}]}, 422)
    program.call("POST", "/actions", {**body, "surprise": 1}, 422)


@pytest.mark.parametrize("path", ["/providers/999999", "/models/999999", "/parts/999999", "/actions/999999"])
def test_what_is_not_there_is_not_found(program: Program, path: str) -> None:
    program.call("GET", path, status=404)
