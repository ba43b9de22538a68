"""Looking as somebody else: an administrator sees the pages as a role or a person would, and changes nothing.

It is kept with the session and ends with it. What is a person's alone, their account, is not shown.
"""

from dataclasses import replace

from blog.app import audit, db
from blog.app.auth import reach, role_store, session_store, store
from blog.app.auth.models import Actor
from blog.app.errors import Forbidden, NotFound
from blog.app.security import digest
from blog.app.translation import gettext as _


def begin(
    conn: db.Connection, actor: Actor, session: str, *, role_id: int | None, person_id: int | None
) -> None:
    """As a role, or as a person; of an administrator's own session only."""
    _check_may_look(actor)
    as_seen = _as_person(conn, actor, person_id) if person_id is not None else None
    as_seen = _as_role(conn, actor, role_id) if role_id is not None else as_seen
    if as_seen is None:
        raise NotFound(_("There is no such role, or no such person who may sign in."))
    with conn.transaction():
        session_store.update_session_view(
            conn, digest(session), as_user_id=None if role_id else person_id, as_role_id=role_id
        )
        kind = "role" if role_id else "app_user"
        audit.record(conn, actor, "view_as.begun", kind, role_id or person_id)


def end(conn: db.Connection, actor: Actor, session: str) -> None:
    """`actor` is whoever is looked as; the trail names who has looked."""
    with conn.transaction():
        user_id = session_store.end_session_view(conn, digest(session))
        if user_id is not None:
            own = replace(actor, user_id=user_id, looks_as=None)
            audit.record(conn, own, "view_as.ended", "app_user", user_id)


def through(conn: db.Connection, own: Actor, presence: session_store.Presence) -> Actor:
    """Whose eyes `own` looks through in this session; their own if they may not, or there is nobody there."""
    if not own.reach.is_everywhere:
        return own
    if presence.as_role_id is not None:
        return _as_role(conn, own, presence.as_role_id) or own
    if presence.as_user_id is not None:
        return _as_person(conn, own, presence.as_user_id) or own
    return own


def _check_may_look(actor: Actor) -> None:
    if actor.looks_as is not None or actor.api_token_id is not None or not actor.reach.is_everywhere:
        raise Forbidden(_("Only an administrator looks as somebody else, signed in as themselves."))


def _as_role(conn: db.Connection, own: Actor, role_id: int) -> Actor | None:
    role = role_store.find_role(conn, role_id)
    rights = store.find_rights_of_role(conn, role_id)
    return None if role is None or rights is None else _seeing(own, rights, looks_as=role.label)


def _as_person(conn: db.Connection, own: Actor, user_id: int) -> Actor | None:
    user = store.find_user(conn, user_id)
    rights = store.find_rights(conn, user_id)
    if user is None or rights is None or user.deactivated_at is not None:
        return None
    return replace(_seeing(own, rights, looks_as=user.name), user_id=user.id)


def _seeing(own: Actor, rights: store.Rights, *, looks_as: str) -> Actor:
    """With what they may do, as far as the administrator may it too."""
    return replace(
        own,
        permissions=frozenset(rights.permissions) & own.permissions,
        reach=reach.made(rights.places, rights.sub_stages),
        looks_as=looks_as,
    )
