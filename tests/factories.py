"""Rows for tests: plain functions that take only what matters to the test at hand."""

from itertools import count

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PERMISSIONS

_numbers = count(1)


def make_user(conn: db.Connection, name: str = "alice", *roles: str) -> int:
    """A person with roles by name. Nobody can sign in as them with a password: the hash is of nothing."""
    user_id = db.scalar(
        conn,
        "INSERT INTO app_user (email, name, password_hash) VALUES (%s, %s, '!') RETURNING id",
        (f"{name}{next(_numbers)}@example.org", name),
    )
    db.run(
        conn,
        "INSERT INTO user_role SELECT %s, id FROM role WHERE name = ANY(%s)",
        (user_id, list(roles)),
    )
    return user_id


def make_actor(conn: db.Connection, name: str = "alice", *roles: str) -> Actor:
    """A signed-in person with what their roles grant."""
    user_id = make_user(conn, name, *roles)
    granted = conn.execute(
        """
        SELECT DISTINCT permission FROM role_permission
        JOIN user_role USING (role_id) WHERE app_user_id = %s
        """,
        (user_id,),
    ).fetchall()
    return Actor(user_id=user_id, name=name, permissions=frozenset(row[0] for row in granted))


def all_powerful(conn: db.Connection, name: str = "carol") -> Actor:
    """A person who may do everything, for tests about something else than permissions."""
    return Actor(user_id=make_user(conn, name), name=name, permissions=frozenset(PERMISSIONS))
