"""Rows of the places that calls may go to besides public addresses."""

from blog.app import db
from blog.app.auth.place_models import OutgoingPlace


def list_places(conn: db.Connection) -> list[OutgoingPlace]:
    return db.many(
        conn,
        OutgoingPlace,
        """
        SELECT outgoing_place.id, host, port, note, app_user.name AS allowed_by, outgoing_place.created_at
        FROM outgoing_place LEFT JOIN app_user ON app_user.id = app_user_id
        ORDER BY host, port NULLS FIRST
        """,
    )


def insert_place(
    conn: db.Connection, *, host: str, port: int | None, note: str, user_id: int | None
) -> int | None:
    """None: it is allowed already."""
    return db.scalar(
        conn,
        """
        INSERT INTO outgoing_place (host, port, note, app_user_id) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING RETURNING id
        """,
        (host, port, note, user_id),
    )


def delete_place(conn: db.Connection, place_id: int) -> OutgoingPlace | None:
    return db.one(
        conn,
        OutgoingPlace,
        """
        DELETE FROM outgoing_place WHERE id = %s
        RETURNING id, host, port, note, NULL::text AS allowed_by, created_at
        """,
        (place_id,),
    )
