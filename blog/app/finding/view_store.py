"""The statements about saved views."""

from blog.app import db
from blog.app.finding.models import Place, SavedView

VIEW = """
    saved_view.id, saved_view.app_user_id AS owner_id, app_user.name AS owner_name, saved_view.name,
    saved_view.place, saved_view.query, saved_view.is_shared, saved_view.created_at
"""


def list_views(conn: db.Connection, user_id: int | None, limit: int) -> list[SavedView]:
    """One's own, then those that others share."""
    return db.many(
        conn,
        SavedView,
        f"""
        SELECT {VIEW} FROM saved_view JOIN app_user ON app_user.id = saved_view.app_user_id
        WHERE saved_view.app_user_id = %(user_id)s OR saved_view.is_shared
        ORDER BY saved_view.app_user_id <> %(user_id)s, lower(saved_view.name), saved_view.id LIMIT %(limit)s
        """,
        {"user_id": user_id, "limit": limit},
    )


def find_view(conn: db.Connection, user_id: int | None, view_id: int) -> SavedView | None:
    """One's own, or a shared one."""
    return db.one(
        conn,
        SavedView,
        f"""
        SELECT {VIEW} FROM saved_view JOIN app_user ON app_user.id = saved_view.app_user_id
        WHERE saved_view.id = %s AND (saved_view.app_user_id = %s OR saved_view.is_shared)
        """,
        (view_id, user_id),
    )


def insert_view(
    conn: db.Connection, user_id: int, *, name: str, place: Place, query: str, is_shared: bool
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO saved_view (app_user_id, name, place, query, is_shared)
        VALUES (%s, %s, %s, %s, %s) RETURNING id
        """,
        (user_id, name, place, query, is_shared),
    )


def update_view(conn: db.Connection, view_id: int, *, name: str | None, is_shared: bool | None) -> int:
    """None: as it was."""
    return db.run(
        conn,
        "UPDATE saved_view SET name = coalesce(%s, name), is_shared = coalesce(%s, is_shared) WHERE id = %s",
        (name, is_shared, view_id),
    )


def delete_view(conn: db.Connection, view_id: int) -> int:
    return db.run(conn, "DELETE FROM saved_view WHERE id = %s", (view_id,))
