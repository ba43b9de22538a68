"""The statements of the board: the first posts of each column, and how many there are."""

from collections.abc import Sequence
from typing import LiteralString

from blog.app import db
from blog.app.auth.whom import NOBODY
from blog.app.finding import conditions
from blog.app.finding.conditions import DRESSED, ORDERS, STANDING
from blog.app.finding.models import ColumnCount, FoundPost
from blog.app.finding.rules import Wanted

ASSIGNED = """
    post_sub_stage AS standing
    CROSS JOIN LATERAL (
        SELECT * FROM post
        WHERE post.id = standing.post_id AND post.workflow_sub_stage_id = standing.workflow_sub_stage_id
        LIMIT 1) AS post
"""


def list_column_posts(
    conn: db.Connection,
    wanted: Wanted,
    sub_stage_ids: Sequence[int],
    limit: int,
    *,
    walk: int | None = None,
) -> list[FoundPost]:
    """The first posts of each column. With `walk`: those of its first so many that have the words."""
    order = ORDERS["changed"]
    words = conditions.has_words(wanted) if walk is not None else ""
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH chosen AS (
            SELECT shown.* FROM unnest(%(sub_stage_ids)s::bigint[]) AS place (id)
            CROSS JOIN LATERAL (
                SELECT post.* FROM (
                    SELECT post.id, {order.shown} AS sort_key, post.updated_at AS key FROM post {STANDING}
                    WHERE {conditions.filters(wanted)} AND post.workflow_sub_stage_id = place.id
                    ORDER BY post.updated_at DESC, post.id DESC LIMIT %(walk)s) AS post {words}
                ORDER BY post.key DESC, post.id DESC LIMIT %(limit)s) AS shown)
        {DRESSED} ORDER BY chosen.key DESC, chosen.id DESC
        """,
        conditions.params(
            wanted,
            sub_stage_ids=list(sub_stage_ids),
            walk=walk or limit,
            limit=limit,
        ),
    )


def list_column_counts(
    conn: db.Connection,
    wanted: Wanted,
    sub_stage_ids: Sequence[int],
    bound: int,
) -> list[ColumnCount]:
    """Counted no further than `bound`: a column of any length costs the same. Words are not looked at."""
    return db.many(
        conn,
        ColumnCount,
        f"""
        SELECT place.id AS sub_stage_id, counted.count
        FROM unnest(%(sub_stage_ids)s::bigint[]) AS place (id)
        CROSS JOIN LATERAL (
            SELECT count(*) AS count FROM (
                SELECT FROM {_at_place(wanted)} AND {conditions.filters(wanted)}
                LIMIT %(bound)s) AS these) AS counted
        """,
        conditions.params(wanted, sub_stage_ids=list(sub_stage_ids), bound=bound),
    )


def _at_place(wanted: Wanted) -> LiteralString:
    if wanted.assignee_id:
        return f"{ASSIGNED} WHERE standing.workflow_sub_stage_id = place.id"
    needs_standing = wanted.status or wanted.assignee_id == NOBODY or wanted.due
    return f"post {STANDING if needs_standing else ''} WHERE post.workflow_sub_stage_id = place.id"


def list_columns_of(
    conn: db.Connection, wanted: Wanted, sub_stage_ids: Sequence[int], limit: int, *, post_ids: Sequence[int]
) -> list[FoundPost]:
    """The first of each column among `post_ids`. Words are not looked at."""
    order = ORDERS["changed"]
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH chosen AS (
            SELECT * FROM (
                SELECT post.id, {order.shown} AS sort_key, post.updated_at AS key, row_number() OVER (
                    PARTITION BY post.workflow_sub_stage_id
                    ORDER BY post.updated_at DESC, post.id DESC) AS place
                FROM post {STANDING}
                WHERE post.id = ANY(%(post_ids)s) AND post.workflow_sub_stage_id = ANY(%(sub_stage_ids)s)
                  AND {conditions.filters(wanted)}) AS placed
            WHERE place <= %(limit)s)
        {DRESSED} ORDER BY chosen.key DESC, chosen.id DESC
        """,
        conditions.params(wanted, sub_stage_ids=list(sub_stage_ids), post_ids=list(post_ids), limit=limit),
    )


def list_counts_of(
    conn: db.Connection, wanted: Wanted, sub_stage_ids: Sequence[int], *, post_ids: Sequence[int]
) -> list[ColumnCount]:
    """Of each column that has some of `post_ids`. Words are not looked at."""
    return db.many(
        conn,
        ColumnCount,
        f"""
        SELECT post.workflow_sub_stage_id AS sub_stage_id, count(*) AS count FROM post {STANDING}
        WHERE post.id = ANY(%(post_ids)s) AND post.workflow_sub_stage_id = ANY(%(sub_stage_ids)s)
          AND {conditions.filters(wanted)}
        GROUP BY post.workflow_sub_stage_id
        """,
        conditions.params(wanted, sub_stage_ids=list(sub_stage_ids), post_ids=list(post_ids)),
    )
