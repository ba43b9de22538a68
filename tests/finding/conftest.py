"""A small workflow, a person, and a client who is signed in as somebody in a role."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import services as auth
from blog.app.auth.models import Actor
from blog.app.workflow.models import Workflow
from tests.factories import all_powerful, make_actor, make_user
from tests.workflow.workflows import make_workflow

As = Callable[[str], FlaskClient]


@pytest.fixture
def workflow(conn: db.Connection) -> Workflow:
    return make_workflow(conn)


@pytest.fixture
def carol(conn: db.Connection) -> Actor:
    return all_powerful(conn, "carol")


@pytest.fixture
def signed_in(
    conn: db.Connection, client: FlaskClient, as_user: Callable[[FlaskClient, int], FlaskClient]
) -> As:
    return lambda role: as_user(client, make_user(conn, role, role))


Call = Callable[..., Any]


@pytest.fixture
def call(conn: db.Connection, client: FlaskClient) -> Callable[[str], Call]:
    """A program with the token of a new person in a role."""

    def begin(role: str) -> Call:
        token = auth.create_token(conn, make_actor(conn, role, role), "test").token

        def send(method: str, path: str, body: object = None) -> TestResponse:
            headers = {"Authorization": f"Bearer {token}"}
            return client.open(f"/api/v1{path}", method=method, json=body, headers=headers)

        return send

    return begin
