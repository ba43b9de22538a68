"""The pages of the registry, as a browser without JavaScript uses them."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.registry import services
from tests.factories import all_powerful, make_user
from tests.llm.callers import Browser, SignIn
from tests.llm.providers.scripted import json_reply, serve
from tests.llm.registry.registry_rows import KEY, make_model, make_provider


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn)


@pytest.fixture
def editor(conn: db.Connection, client: FlaskClient, as_user: SignIn) -> Browser:
    return Browser(as_user(client, make_user(conn, "edith", "editor")))


# --- providers and models ------------------------------------------------------------------------


def test_a_key_is_never_in_any_page(conn: db.Connection, carol: Actor, editor: Browser) -> None:
    location = editor.post(
        "/llm/providers",
        name="acme",
        label="Acme",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
        api_key=KEY,
        options="",
    )
    refused = editor.post(
        "/llm/providers",
        409,
        name="acme",
        label="Acme",
        protocol="openai",
        base_url="http://127.0.0.1:9/v1",
        api_key=KEY,
        options="",
    )
    pages = [refused, *(editor.get(path) for path in (location, "/llm/providers", "/llm/connect", "/llm/"))]
    sealed = db.scalar(conn, "SELECT encode(sealed_key, 'escape') FROM llm_provider WHERE name = 'acme'")
    assert sealed
    assert not any(KEY in page or sealed in page for page in pages)


def test_testing_a_provider_lists_its_models_or_says_why_not(conn: db.Connection, editor: Browser) -> None:
    with serve(json_reply({"data": [{"id": "m-1"}]})) as server:
        location = editor.post("/llm/connect/compatible", label="Acme & Co", base_url=server.url, api_key=KEY)
    page = editor.get(location)
    assert "m-1" in page
    assert "default" in page
    editor.post(f"{location}/checks")
    assert "did not list its models" in editor.get(location)
    assert "m-1" in editor.get(location)


def test_connecting_ollama_by_hand_twice_keeps_one_provider(conn: db.Connection, editor: Browser) -> None:
    first = editor.post("/llm/connect/ollama", base_url="http://127.0.0.1:9")
    assert editor.post("/llm/connect/ollama", base_url="http://127.0.0.1:9/") == first


def test_a_file_that_is_not_there_is_refused_on_the_connect_page(editor: Browser) -> None:
    assert "There is no file /nowhere.gguf" in editor.post("/llm/connect/file", 422, path="/nowhere.gguf")
    assert "whole path" in editor.post("/llm/connect/file", 422, path="nowhere")


def test_a_model_file_can_be_connected(conn: db.Connection, editor: Browser, tmp_path) -> None:
    path = tmp_path / "small.gguf"
    path.write_bytes(b"GGUF")
    location = editor.post("/llm/connect/file", path=str(path))
    assert editor.post("/llm/connect/file", path=str(path)) == location
    default = services.find_default_model(conn)
    assert default is not None
    assert default.name == str(path)


def test_an_editor_corrects_a_model_switches_it_and_makes_it_the_default(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    first, second = make_model(conn, carol), make_model(conn, carol)
    editor.post(f"/llm/models/{second.id}/default")
    assert services.get_model(conn, second.id).is_default
    editor.post(f"/llm/models/{first.id}/switch")
    assert not services.get_model(conn, first.id).is_enabled
    form: dict[str, Any] = {
        "label": "Second",
        "context_window": "8192",
        "max_output": "",
        "capabilities": "schema, vision",
        "refused_params": "",
        "options": "",
        "price_input": "1.25",
        "price_cached": "",
        "price_cache_write": "",
        "price_output": "5",
        "price_currency": "eur",
        "price_as_of": "2026-11-01",
        "notes": "",
        "is_enabled": "1",
    }
    editor.post(f"/llm/models/{second.id}", **form)
    changed = services.get_model(conn, second.id)
    assert (changed.label, changed.capabilities, changed.price_currency) == (
        "Second",
        ["schema", "vision"],
        "EUR",
    )
    page = editor.post(f"/llm/models/{second.id}", 422, **{**form, "price_currency": "", "label": "Typed"})
    assert "currency" in page
    assert 'value="Typed"' in page


def test_a_key_that_would_go_to_another_host_is_asked_for_again(
    conn: db.Connection, carol: Actor, editor: Browser
) -> None:
    provider = make_provider(conn, carol, api_key=KEY)
    form: dict[str, Any] = {
        "label": "X",
        "protocol": "openai",
        "options": "",
        "is_enabled": "1",
        "api_key": "",
    }
    at = f"/llm/providers/{provider.id}"
    assert "another server" in editor.post(at, 422, base_url="http://elsewhere.example/v1", **form)
    again: dict[str, Any] = {**form, "api_key": "new"}
    editor.post(at, base_url="http://elsewhere.example/v1", **again)
