"""The statements about notifications: each person's own, and only of what is still there to be read."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.review.comment_models import Notification

# What was removed since, a post or a comment, is told no more; nor is what is out of sight, by `seen` (None:
# nothing is): where the post stands, the field that was spoken of, the sub-stage that was changed.
PRESENT = """
    post.removed_at IS NULL AND comment.removed_at IS NULL
    AND (%(seen)s::bigint[] IS NULL OR (
        post.workflow_sub_stage_id = ANY(%(seen)s)
        AND (comment.workflow_field_id IS NULL OR comment.workflow_field_id IN (
            SELECT id FROM workflow_field WHERE workflow_sub_stage_id = ANY(%(seen)s)))
        AND (event.workflow_sub_stage_id IS NULL OR event.workflow_sub_stage_id = ANY(%(seen)s))))
"""
NOTIFICATION = """
    SELECT notification.id, notification.kind, notification.post_id, post.title AS post_title,
           notification.by_id, by_user.name AS by_name, notification.comment_id,
           notification.post_sub_stage_event_id AS event_id, workflow_field.name AS field_name,
           comment.post_section_id AS section_id, workflow_sub_stage.name AS sub_stage,
           coalesce(workflow_field.label, workflow_sub_stage.label, 'the post') AS place,
           left(coalesce(comment.body, event.note, ''), 300) AS words,
           notification.created_at, notification.read_at
    FROM notification
    JOIN post ON post.id = notification.post_id
    LEFT JOIN comment ON comment.id = notification.comment_id
    LEFT JOIN workflow_field ON workflow_field.id = comment.workflow_field_id
    LEFT JOIN post_sub_stage_event AS event ON event.id = notification.post_sub_stage_event_id
    LEFT JOIN workflow_sub_stage ON workflow_sub_stage.id = event.workflow_sub_stage_id
    LEFT JOIN app_user AS by_user ON by_user.id = notification.by_id
"""


def list_notifications(
    conn: db.Connection,
    user_id: int,
    seen: Sequence[int] | None,
    *,
    only_unread: bool,
    after: int | None,
    limit: int,
) -> list[Notification]:
    """Newest first."""
    unread = "AND notification.read_at IS NULL" if only_unread else ""
    return db.many(
        conn,
        Notification,
        f"""
        {NOTIFICATION}
        WHERE notification.app_user_id = %(user_id)s AND {PRESENT} {unread}
          AND (%(after)s::bigint IS NULL OR notification.id < %(after)s)
        ORDER BY notification.id DESC LIMIT %(limit)s
        """,
        {"user_id": user_id, "seen": seen, "after": after, "limit": limit},
    )


def count_unread(conn: db.Connection, user_id: int, seen: Sequence[int] | None) -> int:
    return db.scalar(
        conn,
        f"""
        SELECT count(*) FROM notification
        JOIN post ON post.id = notification.post_id
        LEFT JOIN comment ON comment.id = notification.comment_id
        LEFT JOIN post_sub_stage_event AS event ON event.id = notification.post_sub_stage_event_id
        WHERE notification.app_user_id = %(user_id)s AND notification.read_at IS NULL AND {PRESENT}
        """,
        {"user_id": user_id, "seen": seen},
    )


def find_notification(
    conn: db.Connection, user_id: int, notification_id: int, seen: Sequence[int] | None
) -> Notification | None:
    return db.one(
        conn,
        Notification,
        f"""
        {NOTIFICATION}
        WHERE notification.app_user_id = %(user_id)s AND notification.id = %(id)s AND {PRESENT}
        """,
        {"user_id": user_id, "id": notification_id, "seen": seen},
    )


def update_read(conn: db.Connection, user_id: int, notification_id: int) -> int:
    """Keeps the first moment of a repeated reading."""
    return db.run(
        conn,
        """
        UPDATE notification SET read_at = coalesce(read_at, clock_timestamp())
        WHERE app_user_id = %s AND id = %s
        """,
        (user_id, notification_id),
    )


def update_all_read(conn: db.Connection, user_id: int, up_to: int | None) -> int:
    """Those up to the newest one the person has seen; None: all."""
    return db.run(
        conn,
        """
        UPDATE notification SET read_at = clock_timestamp()
        WHERE app_user_id = %(user_id)s AND read_at IS NULL
          AND (%(up_to)s::bigint IS NULL OR id <= %(up_to)s)
        """,
        {"user_id": user_id, "up_to": up_to},
    )


def insert_for_event(
    conn: db.Connection, actor: Actor, post_id: int, event_id: int, told: Mapping[int, str]
) -> int:
    return _insert(conn, actor, post_id, told, comment_id=None, event_id=event_id)


def insert_for_comment(
    conn: db.Connection, actor: Actor, post_id: int, comment_id: int, told: Mapping[int, str]
) -> int:
    """Whoever was told the same of this comment before is not told again."""
    return _insert(conn, actor, post_id, told, comment_id=comment_id, event_id=None)


def _insert(
    conn: db.Connection,
    actor: Actor,
    post_id: int,
    told: Mapping[int, str],
    *,
    comment_id: int | None,
    event_id: int | None,
) -> int:
    return db.run(
        conn,
        """
        INSERT INTO notification (app_user_id, kind, post_id, comment_id, post_sub_stage_event_id, by_id,
                                  created_at)
        SELECT told.user_id, told.kind, %(post_id)s, %(comment_id)s, %(event_id)s, %(by_id)s,
               clock_timestamp()
        FROM unnest(%(user_ids)s::bigint[], %(kinds)s::text[]) AS told (user_id, kind)
        ON CONFLICT ON CONSTRAINT notification_about_key DO NOTHING
        """,
        {
            "post_id": post_id,
            "comment_id": comment_id,
            "event_id": event_id,
            "by_id": actor.user_id,
            "user_ids": list(told),
            "kinds": list(told.values()),
        },
    )


def delete_unread_of_event(conn: db.Connection, event_id: int) -> int:
    """What was undone before anybody read of it is not told."""
    return db.run(
        conn,
        "DELETE FROM notification WHERE post_sub_stage_event_id = %s AND read_at IS NULL",
        (event_id,),
    )
