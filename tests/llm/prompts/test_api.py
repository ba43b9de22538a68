"""Parts and actions over REST: one happy and one refused path for each noun."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from tests.factories import all_powerful, make_actor
from tests.llm.callers import Program
from tests.llm.prompts.prompt_rows import make_action, make_part
from tests.llm.registry.registry_rows import PROVIDER, make_model


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def program(conn: db.Connection, client: FlaskClient) -> Program:
    return Program(conn, client, make_actor(conn, "edith", "editor"))


@pytest.fixture
def reader(conn: db.Connection, app: Flask) -> Program:
    return Program(conn, app.test_client(), make_actor(conn, "vera", "viewer"))


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


PART = {"name": "Mine", "role": "user", "kind": "task", "template": "About {{ post.basic_idea }}"}


def test_a_part_is_made_changed_and_put_away(program: Program) -> None:
    made = program.call("POST", "/parts", PART, 201)
    at = f"/parts/{made['id']}"
    change = {**PART, "template": "More.", "base_version_id": made["version_id"]}
    assert program.call("PUT", at, change)["number"] == 2
    conflict = program.call("PUT", at, change, 409)
    assert conflict["current_version_id"] == program.call("GET", at)["draft_version_id"]
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


def test_how_failures_are_met_is_sent_and_read(conn: db.Connection, carol: Actor, program: Program) -> None:
    part, other = make_part(conn, carol), make_model(conn, carol)
    mend = program.call("POST", "/parts", {**PART, "template": "Mend: {{ input.problems | first }}"}, 201)
    body = {
        "name": "mended",
        "label": "Mended",
        "output_kind": "text",
        "part_ids": [part.id],
        "max_retries": 1,
        "fallback_model_id": other.id,
        "max_repairs": 1,
        "repair_part_id": mend["id"],
    }
    made = program.call("POST", "/actions", body, 201)["version"]
    assert [made[name] for name in ("max_retries", "max_repairs")] == [1, 1]
    assert (made["fallback_model_id"], made["repair_part_id"]) == (other.id, mend["id"])
    again = {**body, "name": "again"}
    program.call("POST", "/actions", {**again, "repair_part_id": None}, 422)
    program.call("POST", "/actions", {**again, "model_id": other.id}, 422)
    program.call("POST", "/actions", {**again, "part_ids": [mend["id"]]}, 422)


@pytest.mark.parametrize("path", ["/providers/999999", "/models/999999", "/parts/999999", "/actions/999999"])
def test_what_is_not_there_is_not_found(program: Program, path: str) -> None:
    program.call("GET", path, status=404)
