"""People as those see them who manage them: added, changed, deactivated. Refuses to leave nobody who does."""

from blog.app import audit, db
from blog.app.auth import link_store, passwords, role_store, roles, session_store, store, token_store
from blog.app.auth.models import Actor, NewUser, User, UserPage
from blog.app.auth.permissions import PEOPLE_MANAGE, check
from blog.app.auth.rules import invalid
from blog.app.auth.services import get_user
from blog.app.errors import Conflict, Forbidden
from blog.app.translation import gettext as _


def list_users(conn: db.Connection, actor: Actor, *, after: int, limit: int) -> UserPage:
    check(actor, PEOPLE_MANAGE)
    users = store.list_users(conn, after, limit + 1)
    shown = users[:limit]
    return UserPage(items=shown, next=str(shown[-1].id) if len(users) > limit else None)


def create_user(
    conn: db.Connection, actor: Actor, *, name: str, email: str, role_names: list[str]
) -> NewUser:
    """Adds a person with a password made for them; nobody can read it afterwards."""
    check(actor, PEOPLE_MANAGE)
    roles.check_may_grant_roles(conn, actor, role_names)
    password = passwords.generated()
    password_hash = passwords.hashed(password)
    with conn.transaction():
        role_store.lock_roles(conn)
        user_id = insert_person(conn, email, name, password_hash)
        give_roles(conn, user_id, role_names)
        audit.record(conn, actor, "person.added", "app_user", user_id, roles=sorted(set(role_names)))
    return NewUser(id=user_id, email=email, name=name, password=password)


def update_user(
    conn: db.Connection,
    actor: Actor,
    user_id: int,
    *,
    name: str | None = None,
    role_names: list[str] | None = None,
    is_active: bool | None = None,
) -> User:
    """Changes what is given. Nobody changes their own roles or locks themselves out."""
    check(actor, PEOPLE_MANAGE)
    if user_id == actor.user_id and (role_names is not None or is_active is not None):
        raise Forbidden(
            _("Nobody changes their own roles or deactivates themselves; another administrator can.")
        )
    with conn.transaction():
        role_store.lock_roles(conn)
        get_user(conn, user_id)
        if role_names is not None or is_active is not None:
            roles.check_may_act_on(conn, actor, user_id)
        if name is not None:
            store.update_name(conn, user_id, name)
            audit.record(conn, actor, "person.renamed", "app_user", user_id)
        if role_names is not None:
            _replace_roles(conn, actor, user_id, role_names)
        if is_active is not None:
            _set_active(conn, actor, user_id, is_active)
        roles.check_administrator_left(conn)
    return get_user(conn, user_id)


def reset_password(conn: db.Connection, actor: Actor, user_id: int) -> NewUser:
    """A new password for somebody who lost theirs; their sessions end."""
    check(actor, PEOPLE_MANAGE)
    if user_id == actor.user_id:
        raise Forbidden(_("Change your own password on your account page."))
    password = passwords.generated()
    password_hash = passwords.hashed(password)
    with conn.transaction():
        user = get_user(conn, user_id)
        roles.check_may_act_on(conn, actor, user_id)
        store.update_password(conn, user_id, password_hash)
        session_store.delete_sessions(conn, user_id)
        audit.record(conn, actor, "person.password_reset", "app_user", user_id)
    return NewUser(id=user.id, email=user.email, name=user.name, password=password)


def insert_person(conn: db.Connection, email: str, name: str, password_hash: str) -> int:
    message = _("Somebody with this e-mail address is here already.")
    taken = Conflict(message, problems=[{"field": "email", "message": message}])
    with db.constraints(app_user_email_key=taken), conn.transaction():
        return store.insert_user(conn, email, name, password_hash)


def give_roles(conn: db.Connection, user_id: int, names: list[str]) -> None:
    wanted = sorted(set(names))
    if role_store.insert_user_roles(conn, user_id, wanted) != len(wanted):
        known = ", ".join(role.name for role in roles.list_roles(conn))
        raise invalid("roles", _("There is no such role. The roles are: %(known)s.", known=known))


def _replace_roles(conn: db.Connection, actor: Actor, user_id: int, names: list[str]) -> None:
    roles.check_may_grant_roles(conn, actor, names)
    before = get_user(conn, user_id).roles
    role_store.delete_user_roles(conn, user_id)
    give_roles(conn, user_id, names)
    audit.record(
        conn, actor, "person.roles_changed", "app_user", user_id, roles=sorted(set(names)), before=before
    )


def _set_active(conn: db.Connection, actor: Actor, user_id: int, is_active: bool) -> None:
    store.update_active(conn, user_id, is_active)
    if not is_active:
        session_store.delete_sessions(conn, user_id)
        token_store.revoke_tokens(conn, user_id)
        link_store.revoke_links_of(conn, user_id)
    name = "person.reactivated" if is_active else "person.deactivated"
    audit.record(conn, actor, name, "app_user", user_id)
