"""What the tests of who may do what share."""

import re
from collections.abc import Callable

import pytest
from flask import Flask

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.security import SESSION_COOKIE, digest
from tests.access.callers import Caller


@pytest.fixture
def caller(app: Flask, conn: db.Connection) -> Callable[[Actor], Caller]:
    def made(actor: Actor) -> Caller:
        secret = f"session of {actor.user_id}"
        db.run(
            conn,
            """
            INSERT INTO user_session (app_user_id, token_hash, expires_at)
            VALUES (%s, %s, clock_timestamp() + interval '1 hour')
            """,
            (actor.user_id, digest(secret)),
        )
        token = f"token of {actor.user_id}"
        db.run(
            conn,
            "INSERT INTO api_token (app_user_id, name, token_hash, hint) VALUES (%s, 'test', %s, 'x')",
            (actor.user_id, digest(token)),
        )
        browser = app.test_client()
        browser.set_cookie(SESSION_COOKIE, secret)
        found = re.search(r'name="csrf_token" value="(\w+)"', browser.get("/account").text)
        assert found
        return Caller(actor=actor, browser=browser, csrf=found[1], token=token)

    return made
