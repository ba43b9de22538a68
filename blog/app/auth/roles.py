"""Roles: what they may do, and who may say so.

Refuses to grant what the grantor may not do, to reduce the fixed role, and to leave nobody who administers.
What a role may do at a stage of the workflow is not decided here: a permission says whether at all.
"""

import hashlib
import re
import secrets
import unicodedata
from collections.abc import Iterable, Mapping

from blog.app import audit, db
from blog.app.auth import matrix, role_store, store
from blog.app.auth.models import Actor, Role
from blog.app.auth.permissions import PEOPLE_MANAGE, PERMISSIONS, ROLES_MANAGE, check
from blog.app.auth.rules import invalid
from blog.app.errors import Conflict, Forbidden, NotFound
from blog.app.translation import gettext as _

ADMINISTERS = [PEOPLE_MANAGE, ROLES_MANAGE]  # who has both can put everything else right


# --- what others ask -----------------------------------------------------------------------------


def check_may_grant(actor: Actor, permissions: Iterable[str]) -> None:
    if beyond := sorted(set(permissions) - actor.permissions):
        raise Forbidden(
            _(
                "Nobody grants or takes away what they may not do themselves: %(beyond)s.",
                beyond=", ".join(beyond),
            ),
            permissions=beyond,
        )


def check_may_grant_roles(conn: db.Connection, actor: Actor, names: list[str]) -> None:
    check_may_grant(actor, role_store.permissions_of_roles(conn, names))


def check_may_act_on(conn: db.Connection, actor: Actor, user_id: int) -> None:
    """Else whoever may make passwords could make one for an administrator and sign in with it."""
    if set(store.permissions_of(conn, user_id)) - actor.permissions:
        raise Forbidden(_("This person may do more than you, so somebody else has to do that."))


def check_administrator_left(conn: db.Connection) -> None:
    if not role_store.count_active_with(conn, ADMINISTERS):
        raise Conflict(_("This is the last administrator. Make somebody else one first."))


def has_administrator(conn: db.Connection) -> bool:
    return role_store.count_active_with(conn, ADMINISTERS) > 0


# --- reading -------------------------------------------------------------------------------------


def list_roles(conn: db.Connection) -> list[Role]:
    return role_store.list_roles(conn)


def get_role(conn: db.Connection, role_id: int) -> Role:
    role = role_store.find_role(conn, role_id)
    if role is None:
        raise NotFound(_("There is no such role."))
    return role


def fingerprint(roles: list[Role]) -> str:
    """Changes whenever any grant does: a grid that was shown before is not saved over it."""
    text = repr([(role.id, role.permissions) for role in roles])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# --- changing ------------------------------------------------------------------------------------


def create_role(
    conn: db.Connection,
    actor: Actor,
    *,
    label: str,
    description: str = "",
    name: str | None = None,
    permissions: list[str],
    copy_of: int | None = None,
) -> Role:
    """`copy_of`: a role whose permissions it has too, and what that may do in each stage."""
    check(actor, ROLES_MANAGE)
    if copy_of is not None:
        permissions = [*permissions, *get_role(conn, copy_of).permissions]
    _check_known(permissions)
    check_may_grant(actor, permissions)
    name = name or _name_from(label)
    taken = Conflict(
        _("There is a role named %(name)s already.", name=name),
        problems=[{"field": "label", "message": _("There is a role of this name already")}],
    )
    with conn.transaction():
        with db.constraints(role_name_key=taken), conn.transaction():
            role_id = role_store.insert_role(conn, name=name, label=label, description=description)
        role_store.insert_grants(conn, role_id, sorted(set(permissions)))
        if copy_of is not None:
            matrix.copy_grants(conn, actor, copy_of, role_id)
        audit.record(conn, actor, "role.created", "role", role_id, permissions=sorted(set(permissions)))
    return get_role(conn, role_id)


def update_role(
    conn: db.Connection,
    actor: Actor,
    role_id: int,
    *,
    label: str | None = None,
    description: str | None = None,
    needs_second_factor: bool | None = None,
    permissions: list[str] | None = None,
) -> Role:
    """Changes what is given; `permissions` is the whole of what the role may do from now on."""
    check(actor, ROLES_MANAGE)
    _check_known(permissions or [])
    with conn.transaction():
        role_store.lock_roles(conn)
        role = get_role(conn, role_id)
        _describe(
            conn,
            actor,
            role,
            label=label,
            description=description,
            needs_second_factor=needs_second_factor,
        )
        if permissions is not None:
            _change_grants(conn, actor, role, set(permissions))
            check_administrator_left(conn)
    return get_role(conn, role_id)


def _describe(
    conn: db.Connection,
    actor: Actor,
    role: Role,
    *,
    label: str | None,
    description: str | None,
    needs_second_factor: bool | None,
) -> None:
    if needs_second_factor not in {None, role.needs_second_factor}:
        check_may_grant(actor, role.permissions)
        audit.record(conn, actor, "role.second_factor", "role", role.id, needed=needs_second_factor)
    if label is not None or description is not None:
        audit.record(conn, actor, "role.described", "role", role.id)
    role_store.update_role(
        conn, role.id, label=label, description=description, needs_second_factor=needs_second_factor
    )


def change_grid(conn: db.Connection, actor: Actor, wanted: Mapping[int, set[str]], *, seen: str) -> None:
    """Every role at once, as the grid has it. What the actor may not do stays as it is, ticked or not."""
    check(actor, ROLES_MANAGE)
    with conn.transaction():
        role_store.lock_roles(conn)
        roles = role_store.list_roles(conn)
        if fingerprint(roles) != seen:
            raise Conflict(
                _(
                    "Somebody changed a role since this grid was shown. "
                    "Nothing was saved; this is how it is now."
                )
            )
        for role in (role for role in roles if not role.is_fixed):
            kept = set(role.permissions) - actor.permissions
            _change_grants(conn, actor, role, wanted.get(role.id, set()) & actor.permissions | kept)
        check_administrator_left(conn)


def delete_role(conn: db.Connection, actor: Actor, role_id: int) -> None:
    check(actor, ROLES_MANAGE)
    role = get_role(conn, role_id)
    if role.is_fixed:
        raise Conflict(_("The role %(role)s cannot be deleted.", role=role.label))
    check_may_grant(actor, role.permissions)
    used = Conflict(
        _(
            "Somebody has the role %(role)s, or is invited with it. Give them another one first.",
            role=role.label,
        )
    )
    joining = Conflict(
        _("Whoever signs up gets the role %(role)s. Choose another one for that first.", role=role.label)
    )
    taken = {
        "user_role_role_fkey": used,
        "account_link_role_role_fkey": used,
        "access_policy_sign_up_role_fkey": joining,
    }
    with conn.transaction():
        with db.constraints(**taken), conn.transaction():
            role_store.end_views_as(conn, role_id)
            role_store.delete_role(conn, role_id)
        audit.record(conn, actor, "role.deleted", "role", role_id, role=role.name)


def _change_grants(conn: db.Connection, actor: Actor, role: Role, wanted: set[str]) -> None:
    added, removed = wanted - set(role.permissions), set(role.permissions) - wanted
    if not added and not removed:
        return
    if role.is_fixed:
        raise Conflict(_("What the role %(role)s may do is fixed.", role=role.label))
    check_may_grant(actor, added | removed)
    role_store.insert_grants(conn, role.id, sorted(added))
    role_store.delete_grants(conn, role.id, sorted(removed))
    audit.record(
        conn, actor, "role.changed", "role", role.id, granted=sorted(added), taken_away=sorted(removed)
    )


def _check_known(permissions: list[str]) -> None:
    if unknown := sorted(set(permissions) - PERMISSIONS.keys()):
        raise invalid(
            "permissions", _("There is no such permission: %(unknown)s.", unknown=", ".join(unknown))
        )


def _name_from(label: str) -> str:
    """What programs call it; a label without any Latin letter gets a name made up for it."""
    plain = unicodedata.normalize("NFKD", label).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or f"role_{secrets.token_hex(3)}"
