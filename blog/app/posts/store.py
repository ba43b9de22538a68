"""The statements about posts, sections and revisions. No revision is ever updated but to supersede it."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import LiteralString

from blog.app import db
from blog.app.posts.models import (
    NewRevision,
    Post,
    PostListItem,
    Revision,
    RevisionListItem,
    Section,
)

POST = """
    post.id, post.workflow_id, post.workflow_sub_stage_id AS sub_stage_id, post.title,
    post.app_user_id AS author_id, app_user.name AS author_name,
    post.created_at, post.updated_at, post.removed_at
"""
SECTION = "id, post_id, position, created_at, removed_at"
REVISION = """
    revision.id, revision.post_id, revision.post_section_id AS section_id,
    revision.workflow_field_id AS field_id, revision.number, revision.value, revision.origin,
    revision.app_user_id AS author_id, app_user.name AS author_name, revision.llm_run_id,
    revision.base_revision_id, revision.restored_from_id, revision.created_at, revision.superseded_at
"""


# --- posts ---------------------------------------------------------------------------------------


def insert_post(conn: db.Connection, workflow_id: int, sub_stage_id: int, author_id: int | None) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO post (workflow_id, workflow_sub_stage_id, app_user_id, updated_at)
        VALUES (%s, %s, %s, clock_timestamp()) RETURNING id
        """,
        (workflow_id, sub_stage_id, author_id),
    )


def find_post(conn: db.Connection, post_id: int) -> Post | None:
    """Also a removed one: only the service knows who asks."""
    return db.one(
        conn,
        Post,
        f"SELECT {POST} FROM post LEFT JOIN app_user ON app_user.id = post.app_user_id WHERE post.id = %s",
        (post_id,),
    )


def lock_post(conn: db.Connection, post_id: int) -> Post | None:
    """find_post, and other writers to the post wait. First in every write, so that none deadlock."""
    return db.one(
        conn,
        Post,
        f"""
        SELECT {POST} FROM post LEFT JOIN app_user ON app_user.id = post.app_user_id
        WHERE post.id = %s FOR NO KEY UPDATE OF post
        """,
        (post_id,),
    )


def update_post_touched(conn: db.Connection, post_id: int) -> int:
    return db.run(conn, "UPDATE post SET updated_at = clock_timestamp() WHERE id = %s", (post_id,))


def update_post_scheduled(conn: db.Connection, post_id: int, day: date | None) -> int:
    return db.run(conn, "UPDATE post SET scheduled_for = %s WHERE id = %s", (day, post_id))


def update_post_title(conn: db.Connection, post_id: int, title: str) -> int:
    return db.run(conn, "UPDATE post SET title = %s WHERE id = %s", (title, post_id))


def update_post_sub_stage(conn: db.Connection, post_id: int, sub_stage_id: int) -> int:
    return db.run(
        conn,
        "UPDATE post SET workflow_sub_stage_id = %s, updated_at = clock_timestamp() WHERE id = %s",
        (sub_stage_id, post_id),
    )


def update_post_standing(conn: db.Connection, post_id: int) -> int:
    """As it stands where it stands; see post.status."""
    return db.run(
        conn,
        """
        UPDATE post SET (status, assignee_id, due_on) = (
            SELECT coalesce(max(standing.status), 'not_started'), max(standing.assignee_id),
                   max(standing.due_on)
            FROM post_sub_stage AS standing
            WHERE standing.post_id = post.id AND standing.workflow_sub_stage_id = post.workflow_sub_stage_id)
        WHERE id = %s
        """,
        (post_id,),
    )


def update_post_removed(conn: db.Connection, post_id: int) -> int:
    return db.run(
        conn,
        "UPDATE post SET removed_at = clock_timestamp() WHERE id = %s AND removed_at IS NULL",
        (post_id,),
    )


def update_post_brought_back(conn: db.Connection, post_id: int) -> int:
    return db.run(
        conn,
        """
        UPDATE post SET removed_at = NULL, updated_at = clock_timestamp()
        WHERE id = %s AND removed_at IS NOT NULL
        """,
        (post_id,),
    )


def list_latest(conn: db.Connection, limit: int, seen: Sequence[int] | None) -> list[PostListItem]:
    """`seen`: of the posts that stand in these sub-stages; None: of all."""
    narrowed = "AND workflow_sub_stage_id = ANY(%(seen)s)" if seen is not None else ""
    return db.many(
        conn,
        PostListItem,
        f"""
        SELECT id, title FROM post WHERE removed_at IS NULL {narrowed}
        ORDER BY updated_at DESC, id DESC LIMIT %(limit)s
        """,
        {"limit": limit, "seen": seen},
    )


# --- sections ------------------------------------------------------------------------------------


def list_sections(conn: db.Connection, post_id: int) -> list[Section]:
    """In order, removed ones in their places."""
    return db.many(
        conn,
        Section,
        f"SELECT {SECTION} FROM post_section WHERE post_id = %s ORDER BY position, id",
        (post_id,),
    )


def find_section(conn: db.Connection, post_id: int, section_id: int) -> Section | None:
    return db.one(
        conn,
        Section,
        f"SELECT {SECTION} FROM post_section WHERE post_id = %s AND id = %s",
        (post_id, section_id),
    )


def find_sections_place(conn: db.Connection, workflow_id: int) -> int | None:
    """The sub-stage of the field that names sections, else of their first one. None: there is none."""
    return db.scalar(
        conn,
        """
        SELECT workflow_sub_stage_id FROM workflow_field
        WHERE workflow_id = %s AND scope = 'section' AND archived_at IS NULL
        ORDER BY title_rank, id LIMIT 1
        """,
        (workflow_id,),
    )


def insert_section(conn: db.Connection, post_id: int) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO post_section (post_id, position)
        SELECT %(post_id)s, coalesce(max(position), 0) + 1 FROM post_section WHERE post_id = %(post_id)s
        RETURNING id
        """,
        {"post_id": post_id},
    )


def update_section_positions(conn: db.Connection, post_id: int, section_ids: Sequence[int]) -> int:
    return db.run(
        conn,
        """
        UPDATE post_section SET position = wanted.position
        FROM unnest(%(section_ids)s::bigint[]) WITH ORDINALITY AS wanted (id, position)
        WHERE post_section.id = wanted.id AND post_section.post_id = %(post_id)s
        """,
        {"post_id": post_id, "section_ids": list(section_ids)},
    )


def update_section_removed(conn: db.Connection, post_id: int, section_id: int) -> int:
    return db.run(
        conn,
        """
        UPDATE post_section SET removed_at = clock_timestamp()
        WHERE post_id = %s AND id = %s AND removed_at IS NULL
        """,
        (post_id, section_id),
    )


def update_section_brought_back(conn: db.Connection, post_id: int, section_id: int) -> int:
    return db.run(
        conn,
        "UPDATE post_section SET removed_at = NULL WHERE post_id = %s AND id = %s AND removed_at IS NOT NULL",
        (post_id, section_id),
    )


def insert_section_order(conn: db.Connection, post_id: int, author_id: int | None) -> int:
    """Writes down which sections the post has now, in their order."""
    return db.run(
        conn,
        """
        INSERT INTO post_section_order (post_id, section_ids, app_user_id)
        SELECT %(post_id)s, coalesce(array_agg(id ORDER BY position, id), '{}'), %(author_id)s
        FROM post_section WHERE post_id = %(post_id)s AND removed_at IS NULL
        """,
        {"post_id": post_id, "author_id": author_id},
    )


# --- revisions -----------------------------------------------------------------------------------


def list_current_revisions(conn: db.Connection, post_id: int) -> list[Revision]:
    return db.many(
        conn,
        Revision,
        f"""
        SELECT {REVISION} FROM field_revision AS revision
        LEFT JOIN app_user ON app_user.id = revision.app_user_id
        WHERE revision.post_id = %s AND revision.superseded_at IS NULL
        ORDER BY revision.id
        """,
        (post_id,),
    )


def find_current_revision(
    conn: db.Connection, post_id: int, section_id: int | None, field_id: int
) -> Revision | None:
    return db.one(
        conn,
        Revision,
        f"""
        SELECT {REVISION} FROM field_revision AS revision
        LEFT JOIN app_user ON app_user.id = revision.app_user_id
        WHERE revision.post_id = %s AND revision.post_section_id IS NOT DISTINCT FROM %s
          AND revision.workflow_field_id = %s AND revision.superseded_at IS NULL
        """,
        (post_id, section_id, field_id),
    )


def find_revision(conn: db.Connection, revision_id: int, seen: Sequence[int] | None) -> Revision | None:
    """`seen`: if the post stands in one of these sub-stages and the field is in one; None: wherever."""
    return db.one(
        conn,
        Revision,
        f"""
        SELECT {REVISION} FROM field_revision AS revision
        LEFT JOIN app_user ON app_user.id = revision.app_user_id
        WHERE revision.id = %(revision_id)s {_narrowed(seen)}
        """,
        {"revision_id": revision_id, "seen": seen},
    )


def list_revision_values(
    conn: db.Connection, revision_ids: Sequence[int], seen: Sequence[int] | None
) -> dict[int, str]:
    rows = conn.execute(
        f"""
        SELECT revision.id, revision.value FROM field_revision AS revision
        WHERE revision.id = ANY(%(ids)s) {_narrowed(seen)}
        """,
        {"ids": list(revision_ids), "seen": seen},
    ).fetchall()
    return dict(rows)


def _narrowed(seen: Sequence[int] | None) -> LiteralString:
    return (
        """
        AND EXISTS (SELECT FROM post
                    WHERE post.id = revision.post_id AND post.workflow_sub_stage_id = ANY(%(seen)s))
        AND EXISTS (SELECT FROM workflow_field AS field
                    WHERE field.id = revision.workflow_field_id
                      AND field.workflow_sub_stage_id = ANY(%(seen)s))
        """
        if seen is not None
        else ""
    )


def list_revisions(
    conn: db.Connection,
    post_id: int,
    section_id: int | None,
    field_id: int,
    *,
    after: int | None,
    limit: int,
) -> list[RevisionListItem]:
    """Newest first, those with a number below `after`."""
    return db.many(
        conn,
        RevisionListItem,
        """
        SELECT revision.id, revision.number, left(revision.value, 200) AS excerpt,
               length(revision.value) AS length, revision.origin, revision.app_user_id AS author_id,
               app_user.name AS author_name, revision.llm_run_id, revision.restored_from_id,
               revision.created_at, revision.superseded_at
        FROM field_revision AS revision
        LEFT JOIN app_user ON app_user.id = revision.app_user_id
        WHERE revision.post_id = %(post_id)s
          AND revision.post_section_id IS NOT DISTINCT FROM %(section_id)s
          AND revision.workflow_field_id = %(field_id)s
          AND (%(after)s::bigint IS NULL OR revision.number < %(after)s)
        ORDER BY revision.number DESC
        LIMIT %(limit)s
        """,
        {
            "post_id": post_id,
            "section_id": section_id,
            "field_id": field_id,
            "after": after,
            "limit": limit,
        },
    )


def insert_first_revision(conn: db.Connection, revision: NewRevision) -> int | None:
    """None: the field has a revision already, or another writer was first."""
    return db.scalar(
        conn,
        """
        INSERT INTO field_revision (post_id, post_section_id, workflow_field_id, number, value, origin,
                                    app_user_id, api_token_id, llm_run_id, restored_from_id)
        VALUES (%(post_id)s, %(section_id)s, %(field_id)s, 1, %(value)s, %(origin)s,
                %(app_user_id)s, %(api_token_id)s, %(llm_run_id)s, %(restored_from_id)s)
        ON CONFLICT DO NOTHING
        RETURNING id
        """,
        asdict(revision),
    )


def insert_next_revision(conn: db.Connection, revision: NewRevision) -> int | None:
    """None: the base is not this field's current revision; of two writers the database lets one through."""
    return db.scalar(
        conn,
        """
        WITH base AS (
            UPDATE field_revision SET superseded_at = clock_timestamp()
            WHERE id = %(base_revision_id)s AND superseded_at IS NULL AND post_id = %(post_id)s
              AND post_section_id IS NOT DISTINCT FROM %(section_id)s AND workflow_field_id = %(field_id)s
            RETURNING *
        )
        INSERT INTO field_revision (post_id, post_section_id, workflow_field_id, number, value, origin,
                                    app_user_id, api_token_id, llm_run_id, base_revision_id, restored_from_id)
        SELECT base.post_id, base.post_section_id, base.workflow_field_id, base.number + 1,
               %(value)s::text, %(origin)s::text, %(app_user_id)s::bigint, %(api_token_id)s::bigint,
               %(llm_run_id)s::bigint, base.id, %(restored_from_id)s::bigint
        FROM base
        RETURNING id
        """,
        asdict(revision),
    )
