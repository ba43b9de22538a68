"""Somebody who may export and import."""

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from tests.factories import make_actor


@pytest.fixture
def admin(conn: db.Connection) -> Actor:
    return make_actor(conn, "carol", "administrator")
