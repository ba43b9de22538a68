"""The statements of the list, of what it is narrowed by, and of the calendar; conditions.py has their parts.

A page of posts is found first, as ids in their order, and only then dressed with names and labels.
"""

from collections.abc import Sequence
from datetime import date

from blog.app import db
from blog.app.finding import conditions
from blog.app.finding.conditions import ORDERS
from blog.app.finding.models import CalendarEntry, FoundPost, PersonChoice, Sort, StageChoice
from blog.app.finding.rules import Cursor, Wanted

# --- the list ------------------------------------------------------------------------------------


def list_posts(
    conn: db.Connection,
    wanted: Wanted,
    sort: Sort,
    after: Cursor | None,
    limit: int,
) -> list[FoundPost]:
    order = ORDERS[sort]
    among = conditions.matching(wanted) if wanted.search else "post"
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH chosen AS (
            SELECT post.id, {order.shown} AS sort_key, {order.key} AS key FROM {among}
            WHERE {conditions.filters(wanted)} AND {order.only} AND {conditions.behind(order, after)}
            ORDER BY {order.key} {order.direction}, post.id {order.direction} LIMIT %(limit)s)
        {conditions.dressed()} ORDER BY chosen.key {order.direction}, chosen.id {order.direction}
        """,
        conditions.params(
            wanted,
            after_key=after and after.key,
            after_id=after and after.post_id,
            limit=limit,
        ),
    )


def list_posts_in_order(
    conn: db.Connection, wanted: Wanted, sort: Sort, after: Cursor | None, limit: int, *, walk: int
) -> list[FoundPost]:
    """Those of the next `walk` posts that have the words: quick when most have, blind to the rest."""
    order = ORDERS[sort]
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH walked AS (
            SELECT post.id, {order.shown} AS sort_key, {order.key} AS key FROM post
            WHERE {conditions.filters(wanted)} AND {order.only} AND {conditions.behind(order, after)}
            ORDER BY {order.key} {order.direction}, post.id {order.direction} LIMIT %(walk)s
        ), chosen AS (
            SELECT post.* FROM walked AS post {conditions.has_words(wanted)}
            ORDER BY post.key {order.direction}, post.id {order.direction} LIMIT %(limit)s)
        {conditions.dressed()} ORDER BY chosen.key {order.direction}, chosen.id {order.direction}
        """,
        conditions.params(
            wanted, after_key=after and after.key, after_id=after and after.post_id, walk=walk, limit=limit
        ),
    )


def count_posts(conn: db.Connection, wanted: Wanted, sort: Sort, after: Cursor | None, bound: int) -> int:
    """How many there are, words aside, counted no further than `bound`."""
    order = ORDERS[sort]
    return db.scalar(
        conn,
        f"""
        SELECT count(*) FROM (
            SELECT FROM post
            WHERE {conditions.filters(wanted)} AND {order.only} AND {conditions.behind(order, after)}
            LIMIT %(bound)s) AS these
        """,
        conditions.params(
            wanted, after_key=after and after.key, after_id=after and after.post_id, bound=bound
        ),
    )


def list_matching(conn: db.Connection, wanted: Wanted) -> list[int]:
    """Every post with the words in one of its current texts, also a removed one. For rare words."""
    rows = conn.execute(
        f"SELECT DISTINCT post_id FROM field_revision WHERE {conditions.in_words(wanted)}",
        conditions.params(wanted),
    ).fetchall()
    return [post_id for (post_id,) in rows]


# --- what posts can be narrowed by ---------------------------------------------------------------


def list_stage_choices(conn: db.Connection, seen: Sequence[int] | None) -> list[StageChoice]:
    """Those among `seen`; None: all."""
    return db.many(
        conn,
        StageChoice,
        f"""
        SELECT workflow_sub_stage.id, workflow.id AS workflow_id, workflow.label AS workflow,
               workflow_sub_stage.name, workflow_stage.label AS stage, workflow_sub_stage.label
        FROM workflow_sub_stage
        JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
        JOIN workflow ON workflow.id = workflow_stage.workflow_id
        WHERE {"true" if seen is None else "workflow_sub_stage.id = ANY(%(seen)s)"}
        ORDER BY workflow.id, workflow_stage.position, workflow_sub_stage.position
        """,
        {"seen": seen},
    )


def list_people(conn: db.Connection, limit: int) -> list[PersonChoice]:
    return db.many(
        conn,
        PersonChoice,
        "SELECT id, name FROM app_user WHERE deactivated_at IS NULL ORDER BY lower(name), id LIMIT %s",
        (limit,),
    )


# --- the calendar --------------------------------------------------------------------------------


def list_calendar(
    conn: db.Connection, days: Sequence[date], limit: int, seen: list[int] | None
) -> list[CalendarEntry]:
    """Up to `limit` posts of each day, those scheduled for it first."""
    is_there = conditions.filters(Wanted(seen=seen))
    return db.many(
        conn,
        CalendarEntry,
        f"""
        SELECT place.day, post.id AS post_id, post.title, post.app_user_id AS author_id,
               post.workflow_sub_stage_id AS sub_stage_id, workflow_sub_stage.label AS sub_stage,
               post.status, post.planned_on, post.scheduled_for
        FROM unnest(%(days)s::date[]) AS place (day)
        CROSS JOIN LATERAL (
            SELECT id FROM (
                (SELECT id, 1 AS rank FROM post WHERE scheduled_for = place.day AND {is_there}
                 ORDER BY id LIMIT %(limit)s)
                UNION ALL
                (SELECT id, 2 FROM post
                 WHERE planned_on = place.day AND scheduled_for IS DISTINCT FROM place.day
                   AND {is_there}
                 ORDER BY id LIMIT %(limit)s)) AS both_kinds
            ORDER BY rank, id LIMIT %(limit)s) AS chosen
        JOIN post ON post.id = chosen.id
        JOIN workflow_sub_stage ON workflow_sub_stage.id = post.workflow_sub_stage_id
        ORDER BY place.day, post.scheduled_for IS DISTINCT FROM place.day, post.id
        """,
        {"days": list(days), "limit": limit, "seen": seen},
    )
