"""One shape per reader: problem+json for programs, a fragment for htmx, a page otherwise; one status."""

import json
from typing import Any

import psycopg
import pytest
from flask import Flask
from flask.testing import FlaskClient
from psycopg_pool import PoolTimeout
from werkzeug.test import TestResponse

from blog.app import create_app, errors
from blog.app.auth.permissions import public
from blog.app.config import Config
from tests.conftest import NoPool

RAISED: dict[str, tuple[int, Exception]] = {
    "unauthenticated": (401, errors.Unauthenticated("Sign in first.")),
    "forbidden": (403, errors.Forbidden("You may not do this.")),
    "not-found": (404, errors.NotFound("There is no post 7.")),
    "conflict": (409, errors.Conflict("Somebody was first.", current_revision_id=7)),
    "invalid": (422, errors.Invalid("Too long.", problems=[{"field": "name", "message": "Too long"}])),
    "too-many": (429, errors.TooMany("Too many attempts.", retry_after=30)),
    "upstream": (502, errors.Upstream("The provider failed.")),
    "unavailable": (503, errors.Unavailable("Not just now.")),
    "database-gone": (503, psycopg.OperationalError("connection to server failed: secret-host")),
    "pool-empty": (503, PoolTimeout("couldn't get a connection after 5 sec")),
    "bug": (500, ZeroDivisionError("secret detail")),
}


def assert_problem(response: TestResponse, status: int) -> dict[str, Any]:
    """The one shape of an error under /api/."""
    assert response.status_code == status
    assert response.mimetype == "application/problem+json"
    body = json.loads(response.data)
    assert body["status"] == status
    assert body["type"].startswith("/problems/")
    assert body["title"]
    assert body["request_id"] == response.headers["X-Request-Id"]
    return body


def assert_fragment(response: TestResponse, status: int) -> str:
    text = assert_page_or_fragment(response, status)
    assert "<html" not in text
    assert 'role="alert"' in text
    return text


def assert_page(response: TestResponse, status: int) -> str:
    text = assert_page_or_fragment(response, status)
    assert "<html" in text
    return text


def assert_page_or_fragment(response: TestResponse, status: int) -> str:
    assert response.status_code == status
    assert response.mimetype == "text/html"
    assert "HX-Request" in response.headers["Vary"]
    assert "secret" not in response.text
    return response.text


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application with an edge for every way an error can arise."""

    @public
    def fail(kind: str) -> str:
        raise RAISED[kind][1]

    app = create_app(
        Config(data_dir=tmp_path_factory.mktemp("data"), secret="a secret for the tests only"), NoPool()
    )
    app.add_url_rule("/api/v1/failures/<kind>", "fail_in_api", fail)
    app.add_url_rule("/failures/<kind>", "fail_on_page", fail)
    return app


@pytest.mark.parametrize("kind", RAISED)
def test_a_program_gets_problem_json(client: FlaskClient, kind: str) -> None:
    status, error = RAISED[kind]
    body = assert_problem(client.get(f"/api/v1/failures/{kind}"), status)
    assert "secret" not in json.dumps(body)
    if isinstance(error, errors.AppError):
        assert body["title"] == error.message
        assert body["type"] == f"/problems/{error.code}"
        assert error.details.items() <= body.items()


@pytest.mark.parametrize("kind", RAISED)
def test_htmx_gets_a_fragment(client: FlaskClient, kind: str) -> None:
    status, error = RAISED[kind]
    text = assert_fragment(client.get(f"/failures/{kind}", headers={"HX-Request": "true"}), status)
    if isinstance(error, errors.AppError):
        assert error.message in text


@pytest.mark.parametrize("kind", sorted(RAISED.keys() - {"unauthenticated"}))
def test_a_reader_gets_a_page(client: FlaskClient, kind: str) -> None:
    assert_page(client.get(f"/failures/{kind}"), RAISED[kind][0])


def test_every_kind_of_error_is_tried() -> None:
    tried = {type(error) for _, error in RAISED.values()}
    kinds = {kind for kind in errors.AppError.__subclasses__() if kind.__module__ == errors.__name__}
    assert kinds <= tried


def test_a_refusal_that_passes_says_when_to_come_back(client: FlaskClient) -> None:
    assert client.get("/api/v1/failures/too-many").headers["Retry-After"] == "30"


def test_a_program_without_a_token_is_told_how_to_send_one(client: FlaskClient) -> None:
    response = client.get("/api/v1/posts")
    assert_problem(response, 401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_address_that_is_not_there_has_the_same_shape(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404)
    assert_page(client.get("/nothing"), 404)


def test_a_method_that_is_not_there_has_the_same_shape(client: FlaskClient) -> None:
    response = client.put("/api/v1/openapi.json")
    assert_problem(response, 405)
    assert "GET" in response.headers["Allow"]


def test_a_form_from_elsewhere_is_refused(client: FlaskClient) -> None:
    assert_page(client.post("/sign-in", data={"email": "a@example.org", "password": "x"}), 403)
