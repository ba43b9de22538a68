"""The registry over REST: one happy and one refused path for each noun, and no key in any answer."""

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from tests.factories import all_powerful, make_actor
from tests.llm.callers import Program
from tests.llm.providers.scripted import json_reply, serve
from tests.llm.registry.registry_rows import KEY, PROVIDER, make_model, make_provider


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def program(conn: db.Connection, client: FlaskClient) -> Program:
    return Program(conn, client, make_actor(conn, "edith", "editor"))


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
