"""The statements behind previews and histories. Reads only."""

from collections.abc import Sequence
from datetime import datetime

from blog.app import db
from blog.app.posts.models import Revision
from blog.app.posts.store import REVISION
from blog.app.reading.models import Choice, NamingValue, PostRevision

# The current revision is looked for twice, because a section that may be NULL is found in no index.
POST_REVISION = """
    revision.id, revision.post_section_id AS section_id, revision.workflow_field_id AS field_id,
    field.name AS field_name, field.label AS field_label, field.kind, revision.number,
    left(revision.value, 200) AS excerpt, length(revision.value) AS length, revision.origin,
    revision.app_user_id AS author_id, app_user.name AS author_name, revision.llm_run_id,
    action.label AS action_label, model.name AS model_name,
    coalesce(provider.is_rehearsal, false) AS is_rehearsal,
    revision.base_revision_id, revision.restored_from_id, revision.created_at, revision.superseded_at,
    coalesce(
        (SELECT id FROM field_revision AS current
         WHERE current.post_id = revision.post_id AND current.post_section_id = revision.post_section_id
           AND current.workflow_field_id = revision.workflow_field_id AND current.superseded_at IS NULL),
        (SELECT id FROM field_revision AS current
         WHERE current.post_id = revision.post_id AND current.post_section_id IS NULL
           AND revision.post_section_id IS NULL
           AND current.workflow_field_id = revision.workflow_field_id AND current.superseded_at IS NULL)
    ) AS current_id,
    field.archived_at IS NULL AND section.removed_at IS NULL AS is_writable
"""
IN_FULL = "revision.value, base.value AS base_value"
# Longer texts are compared when somebody asks for it, not in a list.
IN_SHORT = """
    CASE WHEN is_short THEN revision.value END AS value, CASE WHEN is_short THEN base.value END AS base_value
"""
# From the few that were chosen first: with so many joins the planner would not begin there by itself.
FROM_REVISION = """
    FROM revision
    JOIN workflow_field AS field ON field.id = revision.workflow_field_id
    LEFT JOIN field_revision AS base ON base.id = revision.base_revision_id
    LEFT JOIN post_section AS section ON section.id = revision.post_section_id
    LEFT JOIN app_user ON app_user.id = revision.app_user_id
    LEFT JOIN llm_run AS run ON run.id = revision.llm_run_id
    LEFT JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
    LEFT JOIN llm_action AS action ON action.id = version.llm_action_id
    LEFT JOIN llm_model AS model ON model.id = run.llm_model_id
    LEFT JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
    CROSS JOIN LATERAL (
        SELECT length(revision.value) + coalesce(length(base.value), 0) <= 6000 AS is_short) AS size
"""


# Of a field that may be seen; `seen` None: of any.
IS_SEEN = """
    (%(seen)s::bigint[] IS NULL OR workflow_field_id IN (
        SELECT id FROM workflow_field WHERE workflow_sub_stage_id = ANY(%(seen)s)))
"""


# --- history -------------------------------------------------------------------------------------


def list_history(
    conn: db.Connection,
    post_id: int,
    *,
    seen: Sequence[int] | None,
    field_id: int | None,
    section_id: int | None,
    person_id: int | None,
    run_id: int | None,
    after: int | None,
    limit: int,
) -> list[PostRevision]:
    """Newest first, those with an id below `after`."""
    return db.many(
        conn,
        PostRevision,
        f"""
        WITH revision AS MATERIALIZED (
            SELECT * FROM field_revision
            WHERE post_id = %(post_id)s AND {IS_SEEN}
              AND (%(field_id)s::bigint IS NULL OR workflow_field_id = %(field_id)s)
              AND (%(section_id)s::bigint IS NULL OR post_section_id = %(section_id)s)
              AND (%(person_id)s::bigint IS NULL OR app_user_id = %(person_id)s)
              AND (%(run_id)s::bigint IS NULL OR llm_run_id = %(run_id)s)
              AND (%(after)s::bigint IS NULL OR id < %(after)s)
            ORDER BY id DESC
            LIMIT %(limit)s)
        SELECT {POST_REVISION}, {IN_SHORT} {FROM_REVISION}
        ORDER BY revision.id DESC
        """,
        {
            "post_id": post_id,
            "seen": seen,
            "field_id": field_id,
            "section_id": section_id,
            "person_id": person_id,
            "run_id": run_id,
            "after": after,
            "limit": limit,
        },
    )


def find_post_revision(
    conn: db.Connection, post_id: int, revision_id: int, seen: Sequence[int] | None
) -> PostRevision | None:
    """In full."""
    return db.one(
        conn,
        PostRevision,
        f"""
        WITH revision AS MATERIALIZED (
            SELECT * FROM field_revision WHERE post_id = %(post_id)s AND id = %(revision_id)s AND {IS_SEEN})
        SELECT {POST_REVISION}, {IN_FULL} {FROM_REVISION}
        """,
        {"post_id": post_id, "revision_id": revision_id, "seen": seen},
    )


def list_section_names(conn: db.Connection, post_id: int, field_ids: Sequence[int]) -> list[NamingValue]:
    """The current ones, of removed sections too."""
    return db.many(
        conn,
        NamingValue,
        """
        SELECT post_section_id AS section_id, workflow_field_id AS field_id, value FROM field_revision
        WHERE post_id = %s AND workflow_field_id = ANY(%s) AND post_section_id IS NOT NULL
          AND superseded_at IS NULL
        """,
        (post_id, list(field_ids)),
    )


def list_written_fields(conn: db.Connection, post_id: int, seen: Sequence[int] | None) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        f"""
        SELECT field.id, field.label
        FROM workflow_field AS field
        JOIN workflow_sub_stage AS sub_stage ON sub_stage.id = field.workflow_sub_stage_id
        JOIN workflow_stage AS stage ON stage.id = sub_stage.workflow_stage_id
        WHERE EXISTS (
            SELECT FROM field_revision
            WHERE post_id = %(post_id)s AND workflow_field_id = field.id AND {IS_SEEN})
        ORDER BY stage.position, sub_stage.position, field.position
        """,
        {"post_id": post_id, "seen": seen},
    )


def list_writers(conn: db.Connection, post_id: int, seen: Sequence[int] | None) -> list[Choice]:
    return db.many(
        conn,
        Choice,
        f"""
        SELECT id, name AS label FROM app_user
        WHERE id IN (SELECT app_user_id FROM field_revision WHERE post_id = %(post_id)s AND {IS_SEEN})
        ORDER BY name, id
        """,
        {"post_id": post_id, "seen": seen},
    )


def list_writing_runs(
    conn: db.Connection, post_id: int, seen: Sequence[int] | None, *, limit: int
) -> list[Choice]:
    """The latest first."""
    return db.many(
        conn,
        Choice,
        f"""
        SELECT run.id, format('%%s, run %%s', action.label, run.id) AS label
        FROM llm_run AS run
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        JOIN llm_action AS action ON action.id = version.llm_action_id
        WHERE run.id IN (
            SELECT llm_run_id FROM field_revision
            WHERE post_id = %(post_id)s AND llm_run_id IS NOT NULL AND {IS_SEEN})
        ORDER BY run.id DESC
        LIMIT %(limit)s
        """,
        {"post_id": post_id, "seen": seen, "limit": limit},
    )


# --- the post as it was --------------------------------------------------------------------------


def list_values_at(conn: db.Connection, post_id: int, at: datetime) -> list[Revision]:
    """What each field held then; a field that had not been written is not among them."""
    return db.many(
        conn,
        Revision,
        f"""
        SELECT DISTINCT ON (revision.post_section_id, revision.workflow_field_id) {REVISION}
        FROM field_revision AS revision
        LEFT JOIN app_user ON app_user.id = revision.app_user_id
        WHERE revision.post_id = %s AND revision.created_at <= %s
        ORDER BY revision.post_section_id, revision.workflow_field_id, revision.number DESC
        """,
        (post_id, at),
    )


def find_section_ids_at(conn: db.Connection, post_id: int, at: datetime) -> list[int] | None:
    """In their order then. None: the post had never had a section."""
    return db.scalar(
        conn,
        """
        SELECT section_ids FROM post_section_order WHERE post_id = %s AND created_at <= %s
        ORDER BY id DESC LIMIT 1
        """,
        (post_id, at),
    )


# --- what is shown -------------------------------------------------------------------------------


def list_rehearsed_runs(conn: db.Connection, run_ids: Sequence[int]) -> list[int]:
    """Those of the runs whose words only prove the wiring."""
    rows = conn.execute(
        """
        SELECT run.id FROM llm_run AS run
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        WHERE run.id = ANY(%s) AND provider.is_rehearsal
        """,
        (list(run_ids),),
    ).fetchall()
    return [run_id for (run_id,) in rows]


def list_revision_ids(conn: db.Connection, post_id: int) -> dict[tuple[int | None, int], list[int]]:
    """By section and field, the oldest first."""
    rows = conn.execute(
        """
        SELECT post_section_id, workflow_field_id, array_agg(id ORDER BY number)
        FROM field_revision WHERE post_id = %s GROUP BY 1, 2
        """,
        (post_id,),
    ).fetchall()
    return {(section_id, field_id): ids for section_id, field_id, ids in rows}
