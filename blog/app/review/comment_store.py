"""The statements about comments. A removed one keeps its words and is not shown; decides nothing."""

from collections.abc import Sequence
from dataclasses import asdict

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.review.comment_models import Comment, CommentCount, NewComment, Shown

COMMENT = """
    SELECT comment.id, comment.post_id, comment.post_section_id AS section_id,
           comment.workflow_field_id AS field_id, workflow_field.name AS field_name,
           workflow_field.label AS field_label, comment.field_revision_id AS revision_id, comment.quote,
           comment.parent_id, comment.body, comment.app_user_id AS author_id, author.name AS author_name,
           comment.created_at, comment.edited_at, resolver.name AS resolved_by_name, comment.resolved_at,
           comment.removed_at
    FROM comment
    LEFT JOIN workflow_field ON workflow_field.id = comment.workflow_field_id
    LEFT JOIN app_user AS author ON author.id = comment.app_user_id
    LEFT JOIN app_user AS resolver ON resolver.id = comment.resolved_by_id
"""


# What is said about a field is seen where the field is; `seen` None: everywhere. That the post is, is asked
# of the post.
IS_SEEN = """
    (%(seen)s::bigint[] IS NULL OR comment.workflow_field_id IS NULL OR comment.workflow_field_id IN (
        SELECT id FROM workflow_field WHERE workflow_sub_stage_id = ANY(%(seen)s)))
"""


def find_comment(conn: db.Connection, comment_id: int, seen: Sequence[int] | None) -> Comment | None:
    """Also a removed one: only the service knows who asks."""
    return db.one(
        conn,
        Comment,
        f"{COMMENT} WHERE comment.id = %(id)s AND {IS_SEEN}",
        {"id": comment_id, "seen": seen},
    )


def lock_comment(conn: db.Connection, comment_id: int, seen: Sequence[int] | None) -> Comment | None:
    return db.one(
        conn,
        Comment,
        f"{COMMENT} WHERE comment.id = %(id)s AND {IS_SEEN} FOR UPDATE OF comment",
        {"id": comment_id, "seen": seen},
    )


def list_roots(
    conn: db.Connection,
    post_id: int,
    *,
    seen: Sequence[int] | None,
    field_id: int | None,
    section_id: int | None,
    shown: Shown,
    after: int | None,
    limit: int,
) -> list[Comment]:
    """The beginnings of threads; `field_id` None: about anything. One removed stays while it has replies."""
    about = (
        "AND comment.workflow_field_id = %(field_id)s "
        "AND comment.post_section_id IS NOT DISTINCT FROM %(section_id)s"
        if field_id is not None
        else ""
    )
    match shown:
        case "open":
            state = "AND comment.resolved_at IS NULL"
        case "resolved":
            state = "AND comment.resolved_at IS NOT NULL"
        case "all":
            state = ""
    return db.many(
        conn,
        Comment,
        f"""
        {COMMENT}
        WHERE comment.post_id = %(post_id)s AND comment.parent_id IS NULL {about} {state} AND {IS_SEEN}
          AND (comment.removed_at IS NULL OR EXISTS (
              SELECT FROM comment AS reply WHERE reply.parent_id = comment.id AND reply.removed_at IS NULL))
          AND (%(after)s::bigint IS NULL OR comment.id > %(after)s)
        ORDER BY comment.id LIMIT %(limit)s
        """,
        {
            "post_id": post_id,
            "seen": seen,
            "field_id": field_id,
            "section_id": section_id,
            "after": after,
            "limit": limit,
        },
    )


def list_replies(conn: db.Connection, root_ids: Sequence[int]) -> list[Comment]:
    return db.many(
        conn,
        Comment,
        f"{COMMENT} WHERE comment.parent_id = ANY(%s) AND comment.removed_at IS NULL ORDER BY comment.id",
        (list(root_ids),),
    )


def list_counts(conn: db.Connection, post_id: int, seen: Sequence[int] | None) -> list[CommentCount]:
    """Of the fields that have open threads."""
    return db.many(
        conn,
        CommentCount,
        f"""
        SELECT workflow_field.name AS field_name, comment.post_section_id AS section_id, count(*) AS count
        FROM comment JOIN workflow_field ON workflow_field.id = comment.workflow_field_id
        WHERE comment.post_id = %(post_id)s AND comment.parent_id IS NULL AND comment.resolved_at IS NULL
          AND comment.removed_at IS NULL AND {IS_SEEN}
        GROUP BY workflow_field.name, comment.post_section_id ORDER BY 1, 2
        """,
        {"post_id": post_id, "seen": seen},
    )


def count_open(conn: db.Connection, post_id: int, sub_stage_id: int) -> int:
    """Open threads about the fields of a sub-stage, those of removed sections aside."""
    return db.scalar(
        conn,
        """
        SELECT count(*) FROM comment
        JOIN workflow_field ON workflow_field.id = comment.workflow_field_id
        LEFT JOIN post_section ON post_section.id = comment.post_section_id
        WHERE comment.post_id = %s AND workflow_field.workflow_sub_stage_id = %s
          AND comment.parent_id IS NULL AND comment.resolved_at IS NULL AND comment.removed_at IS NULL
          AND post_section.removed_at IS NULL
        """,
        (post_id, sub_stage_id),
    )


def count_threads(
    conn: db.Connection,
    post_id: int,
    *,
    seen: Sequence[int] | None,
    field_id: int | None,
    section_id: int | None,
) -> tuple[int, int]:
    """Open and resolved ones."""
    found = conn.execute(
        f"""
        SELECT count(*) FILTER (WHERE resolved_at IS NULL), count(*) FILTER (WHERE resolved_at IS NOT NULL)
        FROM comment
        WHERE post_id = %(post_id)s AND parent_id IS NULL AND removed_at IS NULL AND {IS_SEEN}
          AND (%(field_id)s::bigint IS NULL OR (
              workflow_field_id = %(field_id)s AND post_section_id IS NOT DISTINCT FROM %(section_id)s))
        """,
        {"post_id": post_id, "seen": seen, "field_id": field_id, "section_id": section_id},
    ).fetchone()
    return found or (0, 0)


def insert_comment(conn: db.Connection, actor: Actor, new: NewComment) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO comment (post_id, post_section_id, workflow_field_id, field_revision_id, quote, parent_id,
                             body, app_user_id, api_token_id, created_at)
        VALUES (%(post_id)s, %(section_id)s, %(field_id)s, %(revision_id)s, %(quote)s, %(parent_id)s,
                %(body)s, %(user_id)s, %(token_id)s, clock_timestamp())
        RETURNING id
        """,
        {**asdict(new), "user_id": actor.user_id, "token_id": actor.api_token_id},
    )


def update_body(conn: db.Connection, comment_id: int, body: str) -> int:
    return db.run(
        conn,
        "UPDATE comment SET body = %s, edited_at = clock_timestamp() WHERE id = %s AND removed_at IS NULL",
        (body, comment_id),
    )


def update_removed(conn: db.Connection, comment_id: int, is_removed: bool) -> int:
    return db.run(
        conn,
        """
        UPDATE comment SET removed_at = CASE WHEN %s THEN coalesce(removed_at, clock_timestamp()) END
        WHERE id = %s
        """,
        (is_removed, comment_id),
    )


def update_resolved(conn: db.Connection, comment_id: int, by_id: int | None, is_resolved: bool) -> int:
    """Keeps the first moment of a repeated resolution."""
    return db.run(
        conn,
        """
        UPDATE comment
        SET resolved_at = CASE WHEN %(resolved)s THEN coalesce(resolved_at, clock_timestamp()) END,
            resolved_by_id = CASE WHEN %(resolved)s THEN coalesce(resolved_by_id, %(by_id)s) END
        WHERE id = %(id)s AND removed_at IS NULL
        """,
        {"resolved": is_resolved, "by_id": by_id, "id": comment_id},
    )


def list_participants(conn: db.Connection, root_id: int) -> list[int]:
    """Everybody who has spoken in a thread."""
    rows = conn.execute(
        """
        SELECT DISTINCT app_user_id FROM comment
        WHERE (id = %(id)s OR parent_id = %(id)s) AND removed_at IS NULL AND app_user_id IS NOT NULL
        """,
        {"id": root_id},
    ).fetchall()
    return [user_id for (user_id,) in rows]


def find_assignee_id(conn: db.Connection, post_id: int, field_id: int) -> int | None:
    """Who has the sub-stage a field is in."""
    return db.scalar(
        conn,
        """
        SELECT assignee_id FROM post_sub_stage
        JOIN workflow_field USING (workflow_sub_stage_id)
        WHERE post_sub_stage.post_id = %s AND workflow_field.id = %s
        """,
        (post_id, field_id),
    )
