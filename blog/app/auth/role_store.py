"""The statements about roles: what they grant and who has them. Decides nothing."""

from blog.app import db
from blog.app.auth.models import Role
from blog.app.translation import gettext as _

ROLE = """
    role.id, role.name, role.label, role.description, role.is_fixed,
    role.needs_second_factor,
    ARRAY(SELECT permission FROM role_permission WHERE role_id = role.id ORDER BY permission) AS permissions,
    (SELECT count(*) FROM user_role WHERE role_id = role.id) AS people
"""


# --- roles and what they grant -------------------------------------------------------------------


def list_roles(conn: db.Connection) -> list[Role]:
    return db.many(conn, Role, f"SELECT {ROLE} FROM role ORDER BY id")


def find_role(conn: db.Connection, role_id: int) -> Role | None:
    return db.one(conn, Role, f"SELECT {ROLE} FROM role WHERE id = %s", (role_id,))


def insert_role(conn: db.Connection, *, name: str, label: str, description: str) -> int:
    return db.scalar(
        conn,
        "INSERT INTO role (name, label, description) VALUES (%s, %s, %s) RETURNING id",
        (name, label, description),
    )


def update_role(
    conn: db.Connection,
    role_id: int,
    *,
    label: str | None,
    description: str | None,
    needs_second_factor: bool | None,
) -> None:
    """None: stays as it is."""
    count = db.run(
        conn,
        """
        UPDATE role
        SET label = coalesce(%s, label), description = coalesce(%s, description),
            needs_second_factor = coalesce(%s, needs_second_factor)
        WHERE id = %s
        """,
        (label, description, needs_second_factor, role_id),
    )
    db.must_touch(count, _("There is no such role."))


def delete_role(conn: db.Connection, role_id: int) -> None:
    db.must_touch(db.run(conn, "DELETE FROM role WHERE id = %s", (role_id,)), _("There is no such role."))


def end_views_as(conn: db.Connection, role_id: int) -> None:
    db.run(conn, "UPDATE user_session SET as_role_id = NULL WHERE as_role_id = %s", (role_id,))


def insert_grants(conn: db.Connection, role_id: int, permissions: list[str]) -> None:
    db.run(
        conn,
        """
        INSERT INTO role_permission (role_id, permission) SELECT %s, unnest(%s::text[])
        ON CONFLICT DO NOTHING
        """,
        (role_id, permissions),
    )


def delete_grants(conn: db.Connection, role_id: int, permissions: list[str]) -> None:
    db.run(
        conn,
        "DELETE FROM role_permission WHERE role_id = %s AND permission = ANY (%s)",
        (role_id, permissions),
    )


def permissions_of_roles(conn: db.Connection, names: list[str]) -> list[str]:
    return db.scalar(
        conn,
        """
        SELECT coalesce(array_agg(DISTINCT permission), '{}')
        FROM role JOIN role_permission ON role_permission.role_id = role.id WHERE role.name = ANY (%s)
        """,
        (names,),
    )


# --- who has them --------------------------------------------------------------------------------


def lock_roles(conn: db.Connection) -> None:
    """Whoever changes what people may do does so one after another, until the transaction ends."""
    db.run(conn, "LOCK TABLE user_role, role_permission IN SHARE ROW EXCLUSIVE MODE")


def delete_user_roles(conn: db.Connection, user_id: int) -> None:
    db.run(conn, "DELETE FROM user_role WHERE app_user_id = %s", (user_id,))


def insert_user_roles(conn: db.Connection, user_id: int, roles: list[str]) -> int:
    return db.run(
        conn,
        "INSERT INTO user_role (app_user_id, role_id) SELECT %s, id FROM role WHERE name = ANY (%s)",
        (user_id, roles),
    )


def insert_fixed_roles(conn: db.Connection, user_id: int) -> None:
    db.run(
        conn,
        "INSERT INTO user_role (app_user_id, role_id) SELECT %s, id FROM role WHERE is_fixed",
        (user_id,),
    )


def count_active_with(conn: db.Connection, permissions: list[str]) -> int:
    """How many people who may sign in have all of `permissions`."""
    return db.scalar(
        conn,
        """
        SELECT count(*) FROM app_user
        WHERE deactivated_at IS NULL AND cardinality(%(permissions)s::text[]) = (
            SELECT count(DISTINCT permission) FROM user_role JOIN role_permission USING (role_id)
            WHERE user_role.app_user_id = app_user.id AND permission = ANY (%(permissions)s)
        )
        """,
        {"permissions": permissions},
    )
