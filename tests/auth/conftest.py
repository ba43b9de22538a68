"""Forms as a browser sends them, and a person with a password."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.auth import passwords
from tests.factories import make_user

PASSWORD = "correct horse battery"
Send = Callable[..., TestResponse]


@pytest.fixture(scope="session", autouse=True)
def declared(wired: Flask) -> None:
    """Every permission there is: a package declares its own when the application is wired."""


def csrf_of(client: FlaskClient) -> str:
    """The token in the form of whatever page this browser may see."""
    page = client.get("/account", follow_redirects=True).text
    found = re.search(r'name="csrf_token" value="(\w+)"', page)
    assert found, page
    return found[1]


@pytest.fixture
def send() -> Send:
    """Posts a form with the token its page would hold."""

    def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
        return client.post(path, data={"csrf_token": csrf_of(client), **fields})

    return post


@pytest.fixture
def alice(conn: db.Connection) -> str:
    """An author's e-mail address; her password is PASSWORD."""
    user_id = make_user(conn, "alice", "author")
    db.run(
        conn,
        "UPDATE app_user SET password_hash = %s WHERE id = %s",
        (passwords.hashed(PASSWORD), user_id),
    )
    return db.scalar(conn, "SELECT email FROM app_user WHERE id = %s", (user_id,))
