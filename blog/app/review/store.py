"""The statements about sub-stages of posts, their events and requirements. Decides nothing."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date

from blog.app import db
from blog.app.auth import matrix_store
from blog.app.auth.models import Actor
from blog.app.posts.models import Post
from blog.app.review.models import (
    Change,
    Colleague,
    PostPlan,
    Receiver,
    Requirement,
    SubStageEvent,
    SubStageState,
)

STATE = """
    SELECT post.id AS post_id, workflow_sub_stage.id AS sub_stage_id, workflow_sub_stage.name,
           workflow_sub_stage.label, workflow_stage.label AS stage,
           coalesce(state.status, 'not_started') AS status, coalesce(state.note, '') AS note,
           state.assignee_id, assignee.name AS assignee_name, state.due_on,
           post.workflow_sub_stage_id = workflow_sub_stage.id AS is_here,
           updater.name AS updated_by_name, state.updated_at
    FROM post
    JOIN workflow_sub_stage ON workflow_sub_stage.workflow_id = post.workflow_id
    JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
    LEFT JOIN post_sub_stage AS state
           ON state.post_id = post.id AND state.workflow_sub_stage_id = workflow_sub_stage.id
    LEFT JOIN app_user AS assignee ON assignee.id = state.assignee_id
    LEFT JOIN app_user AS updater ON updater.id = state.updated_by_id
"""
EVENT = """
    SELECT event.id, event.post_id, event.workflow_sub_stage_id AS sub_stage_id, place.name, place.label,
           event.kind, event.status_before, event.status_after, other.name AS other_name,
           other.label AS other_label, event.caused_by_id, event.assignee_id,
           assignee.name AS assignee_name, event.due_on, event.note, event.app_user_id AS author_id,
           author.name AS author_name, event.created_at
    FROM post_sub_stage_event AS event
    JOIN workflow_sub_stage AS place ON place.id = event.workflow_sub_stage_id
    LEFT JOIN workflow_sub_stage AS other ON other.id = event.other_sub_stage_id
    LEFT JOIN app_user AS assignee ON assignee.id = event.assignee_id
    LEFT JOIN app_user AS author ON author.id = event.app_user_id
"""
READS = """
    EXISTS (
        SELECT FROM user_role JOIN role_permission USING (role_id)
        WHERE user_role.app_user_id = app_user.id AND role_permission.permission = 'post.read')
"""
SEES = matrix_store.may_see_sql("%(place_id)s")


# --- states --------------------------------------------------------------------------------------


def list_states(conn: db.Connection, post_id: int) -> list[SubStageState]:
    """Every sub-stage of the post's workflow, in order."""
    return db.many(
        conn,
        SubStageState,
        f"{STATE} WHERE post.id = %s ORDER BY workflow_stage.position, workflow_sub_stage.position",
        (post_id,),
    )


def save_state(conn: db.Connection, actor: Actor, post: Post, sub_stage_id: int, change: Change) -> None:
    db.run(
        conn,
        """
        INSERT INTO post_sub_stage (workflow_id, post_id, workflow_sub_stage_id, status, note, assignee_id,
                                    due_on, updated_by_id, updated_at)
        VALUES (%(workflow_id)s, %(post_id)s, %(sub_stage_id)s, %(status)s, %(note)s, %(assignee_id)s,
                %(due_on)s, %(user_id)s, clock_timestamp())
        ON CONFLICT (post_id, workflow_sub_stage_id) DO UPDATE
        SET status = excluded.status, note = excluded.note, assignee_id = excluded.assignee_id,
            due_on = excluded.due_on, updated_by_id = excluded.updated_by_id, updated_at = excluded.updated_at
        """,
        {
            "workflow_id": post.workflow_id,
            "post_id": post.id,
            "sub_stage_id": sub_stage_id,
            "status": change.status,
            "note": change.note,
            "assignee_id": change.assignee_id,
            "due_on": change.due_on,
            "user_id": actor.user_id,
        },
    )


# --- events --------------------------------------------------------------------------------------


def insert_event(conn: db.Connection, actor: Actor, post: Post, state: SubStageState, change: Change) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO post_sub_stage_event (workflow_id, post_id, workflow_sub_stage_id, kind, status_before,
                                          status_after, other_sub_stage_id, caused_by_id, assignee_id, due_on,
                                          note, app_user_id, api_token_id, created_at)
        VALUES (%(workflow_id)s, %(post_id)s, %(sub_stage_id)s, %(kind)s, %(before)s, %(status)s,
                %(other_id)s, %(caused_by_id)s, %(assignee_id)s, %(due_on)s, %(note)s, %(user_id)s,
                %(token_id)s, clock_timestamp())
        RETURNING id
        """,
        {
            **asdict(change),
            "workflow_id": post.workflow_id,
            "post_id": post.id,
            "sub_stage_id": state.sub_stage_id,
            "before": state.status,
            "user_id": actor.user_id,
            "token_id": actor.api_token_id,
        },
    )


def find_event(conn: db.Connection, event_id: int) -> SubStageEvent | None:
    return db.one(conn, SubStageEvent, f"{EVENT} WHERE event.id = %s", (event_id,))


def list_caused(conn: db.Connection, event_id: int) -> list[SubStageEvent]:
    """What came along with an event in other sub-stages, and what has undone it."""
    return db.many(
        conn, SubStageEvent, f"{EVENT} WHERE event.caused_by_id = %s ORDER BY event.id", (event_id,)
    )


def find_event_before(
    conn: db.Connection, post_id: int, sub_stage_id: int, event_id: int
) -> SubStageEvent | None:
    """The newest one of that sub-stage before `event_id`."""
    return db.one(
        conn,
        SubStageEvent,
        f"""
        {EVENT} WHERE event.post_id = %s AND event.workflow_sub_stage_id = %s AND event.id < %s
        ORDER BY event.id DESC LIMIT 1
        """,
        (post_id, sub_stage_id, event_id),
    )


def find_newest_event_id(conn: db.Connection, post_id: int, sub_stage_ids: Sequence[int]) -> int | None:
    return db.scalar(
        conn,
        """
        SELECT max(id) FROM post_sub_stage_event
        WHERE post_id = %s AND workflow_sub_stage_id = ANY(%s)
        """,
        (post_id, list(sub_stage_ids)),
    )


def find_latest_of(conn: db.Connection, post_id: int, user_id: int) -> SubStageEvent | None:
    """The newest change of the post, if this person made it a short while ago and for its own sake."""
    return db.one(
        conn,
        SubStageEvent,
        f"""
        {EVENT}
        WHERE event.id = (
                SELECT max(coalesce(newest.caused_by_id, newest.id)) FROM (
                    SELECT id, caused_by_id FROM post_sub_stage_event
                    WHERE post_id = %(post_id)s ORDER BY id DESC LIMIT 1) AS newest)
          AND event.app_user_id = %(user_id)s AND event.kind <> 'undone'
          AND event.created_at > clock_timestamp() - interval '10 minutes'
          AND NOT EXISTS (SELECT FROM post_sub_stage_event AS undoing
                          WHERE undoing.caused_by_id = event.id AND undoing.kind = 'undone')
        """,
        {"post_id": post_id, "user_id": user_id},
    )


def list_events(
    conn: db.Connection,
    post_id: int,
    sub_stage_id: int | None,
    *,
    seen: Sequence[int] | None,
    after: int | None,
    limit: int,
) -> list[SubStageEvent]:
    """Newest first; `sub_stage_id` None: of all sub-stages, or of those `seen`."""
    return db.many(
        conn,
        SubStageEvent,
        f"""
        {EVENT}
        WHERE event.post_id = %(post_id)s
          AND (%(sub_stage_id)s::bigint IS NULL OR event.workflow_sub_stage_id = %(sub_stage_id)s)
          AND (%(seen)s::bigint[] IS NULL OR event.workflow_sub_stage_id = ANY(%(seen)s))
          AND (%(after)s::bigint IS NULL OR event.id < %(after)s)
        ORDER BY event.id DESC LIMIT %(limit)s
        """,
        {"post_id": post_id, "sub_stage_id": sub_stage_id, "seen": seen, "after": after, "limit": limit},
    )


# --- what a sub-stage asks for -------------------------------------------------------------------


def list_requirements(conn: db.Connection, sub_stage_id: int) -> list[Requirement]:
    return db.many(
        conn,
        Requirement,
        """
        SELECT id, workflow_sub_stage_id AS sub_stage_id, kind, workflow_field_id AS field_id, amount,
               expected
        FROM workflow_requirement WHERE workflow_sub_stage_id = %s ORDER BY position
        """,
        (sub_stage_id,),
    )


# --- people and plans ----------------------------------------------------------------------------


def list_colleagues(conn: db.Connection, sub_stage_id: int | None = None) -> list[Colleague]:
    """Active people who may read posts, by name; those that stand in this sub-stage, if one is named."""
    return db.many(
        conn,
        Colleague,
        f"""
        SELECT id, name FROM app_user
        WHERE deactivated_at IS NULL AND {READS if sub_stage_id is None else SEES}
        ORDER BY lower(name), id
        """,
        {"place_id": sub_stage_id},
    )


def list_receivers(conn: db.Connection, workflow_id: int) -> list[Receiver]:
    """Active people with the sub-stages of the workflow that they may see, in order; those who see any."""
    return db.many(
        conn,
        Receiver,
        f"""
        SELECT * FROM (
            SELECT app_user.id, app_user.name, ARRAY(
                SELECT asked.name FROM workflow_sub_stage AS asked
                JOIN workflow_stage AS stage ON stage.id = asked.workflow_stage_id
                WHERE asked.workflow_id = %s AND {matrix_store.may_see_sql("asked.id")}
                ORDER BY stage.position, asked.position) AS sees
            FROM app_user WHERE deactivated_at IS NULL) AS receiver
        WHERE sees <> '{{}}' ORDER BY lower(name), id
        """,
        (workflow_id,),
    )


def find_plan(conn: db.Connection, post_id: int) -> PostPlan | None:
    return db.one(
        conn,
        PostPlan,
        "SELECT id AS post_id, planned_on, scheduled_for FROM post WHERE id = %s",
        (post_id,),
    )


def update_planned(conn: db.Connection, post_id: int, planned_on: date | None) -> PostPlan | None:
    return db.one(
        conn,
        PostPlan,
        """
        UPDATE post SET planned_on = %s WHERE id = %s
        RETURNING id AS post_id, planned_on, scheduled_for
        """,
        (planned_on, post_id),
    )
