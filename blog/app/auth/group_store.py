"""The statements about groups, their members and the workflows they open. Decides nothing."""

from collections.abc import Sequence

from blog.app import db
from blog.app.auth.matrix_models import Group, GroupChoice
from blog.app.translation import gettext as _

GROUP = """
    SELECT user_group.id, user_group.name, user_group.is_everyone, user_group.created_at,
           ARRAY(SELECT app_user_id FROM user_group_member
                 WHERE user_group_id = user_group.id ORDER BY app_user_id) AS member_ids,
           ARRAY(SELECT workflow_id FROM user_group_workflow
                 WHERE user_group_id = user_group.id ORDER BY workflow_id) AS workflow_ids
    FROM user_group
"""


def list_groups(conn: db.Connection) -> list[Group]:
    return db.many(
        conn, Group, f"{GROUP} ORDER BY user_group.is_everyone DESC, lower(user_group.name), user_group.id"
    )


def find_group(conn: db.Connection, group_id: int) -> Group | None:
    return db.one(conn, Group, f"{GROUP} WHERE user_group.id = %s", (group_id,))


def lock_group(conn: db.Connection, group_id: int) -> None:
    conn.execute("SELECT FROM user_group WHERE id = %s FOR UPDATE", (group_id,))


def insert_group(conn: db.Connection, name: str) -> int:
    return db.scalar(conn, "INSERT INTO user_group (name) VALUES (%s) RETURNING id", (name,))


def update_name(conn: db.Connection, group_id: int, name: str) -> None:
    count = db.run(conn, "UPDATE user_group SET name = %s WHERE id = %s", (name, group_id))
    db.must_touch(count, _("There is no such group."))


def delete_group(conn: db.Connection, group_id: int) -> None:
    count = db.run(conn, "DELETE FROM user_group WHERE id = %s", (group_id,))
    db.must_touch(count, _("There is no such group."))


def delete_members(conn: db.Connection, group_id: int) -> None:
    db.run(conn, "DELETE FROM user_group_member WHERE user_group_id = %s", (group_id,))


def insert_members(conn: db.Connection, group_id: int, user_ids: Sequence[int]) -> None:
    db.run(
        conn,
        "INSERT INTO user_group_member (user_group_id, app_user_id) SELECT %s, unnest(%s::bigint[])",
        (group_id, list(user_ids)),
    )


def delete_workflows(conn: db.Connection, group_id: int) -> None:
    db.run(conn, "DELETE FROM user_group_workflow WHERE user_group_id = %s", (group_id,))


def insert_workflows(conn: db.Connection, group_id: int, workflow_ids: Sequence[int]) -> None:
    db.run(
        conn,
        "INSERT INTO user_group_workflow (user_group_id, workflow_id) SELECT %s, unnest(%s::bigint[])",
        (group_id, list(workflow_ids)),
    )


def list_workflows(conn: db.Connection) -> list[GroupChoice]:
    return db.many(conn, GroupChoice, "SELECT id, label FROM workflow ORDER BY id")


def list_people(conn: db.Connection, limit: int) -> list[GroupChoice]:
    return db.many(
        conn,
        GroupChoice,
        """
        SELECT id, name AS label FROM app_user WHERE deactivated_at IS NULL
        ORDER BY lower(name), id LIMIT %s
        """,
        (limit,),
    )
