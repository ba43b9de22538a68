"""The link that creates the first administrator, once. Refuses when somebody manages people already."""

import secrets

from blog.app import audit, db
from blog.app.auth import passwords, people, role_store, roles, services, session_store, store
from blog.app.auth.rules import check_password
from blog.app.errors import Conflict, NotFound
from blog.app.security import digest
from blog.app.translation import gettext as _


def create_setup_link(conn: db.Connection) -> str | None:
    """The token of the only link that works, or None when somebody manages people already."""
    token = secrets.token_urlsafe(24)
    with conn.transaction():
        role_store.lock_roles(conn)
        if roles.has_administrator(conn):
            return None
        store.void_setup_links(conn)
        store.insert_setup_link(conn, digest(token))
    return token


def check_setup_link(conn: db.Connection, token: str) -> None:
    """Refuses a link that can no longer be used, in words for whoever opened it."""
    if roles.has_administrator(conn):
        raise Conflict(_("BlogForge is set up: there is an administrator already. Sign in instead."))
    if not store.is_setup_link_open(conn, digest(token)):
        raise NotFound(
            _(
                "This link was used, or a newer one has replaced it. "
                "The newest one is in the output of the last start of BlogForge."
            )
        )


def set_up(conn: db.Connection, token: str, *, name: str, email: str, password: str) -> str:
    """Creates the first administrator, once, and answers the token of their session."""
    check_setup_link(conn, token)
    check_password(password, email=email, name=name)
    password_hash = passwords.hashed(password)
    session = secrets.token_urlsafe(32)
    with conn.transaction():
        role_store.lock_roles(conn)
        check_setup_link(conn, token)
        store.claim_setup_link(conn, digest(token))
        user_id = people.insert_person(conn, email, name, password_hash)
        role_store.insert_fixed_roles(conn, user_id)
        session_store.insert_session(conn, user_id, digest(session))
        audit.record(conn, services.actor_of_user(conn, user_id), "auth.set_up", "app_user", user_id)
    return session
