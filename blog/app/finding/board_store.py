"""The statements of the board: the first posts of each column, and how many there are."""

from collections.abc import Sequence

from blog.app import db
from blog.app.finding import conditions
from blog.app.finding.conditions import ORDERS
from blog.app.finding.models import ColumnCount, CountedPost, FoundPost
from blog.app.finding.rules import Wanted


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
                    SELECT post.id, {order.shown} AS sort_key, post.updated_at AS key FROM post
                    WHERE {conditions.filters(wanted)} AND post.workflow_sub_stage_id = place.id
                    ORDER BY post.updated_at DESC, post.id DESC LIMIT %(walk)s) AS post {words}
                ORDER BY post.key DESC, post.id DESC LIMIT %(limit)s) AS shown)
        {conditions.dressed()} ORDER BY chosen.key DESC, chosen.id DESC
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
                SELECT FROM post WHERE post.workflow_sub_stage_id = place.id AND {conditions.filters(wanted)}
                LIMIT %(bound)s) AS these) AS counted
        """,
        conditions.params(wanted, sub_stage_ids=list(sub_stage_ids), bound=bound),
    )


def list_counted_columns(
    conn: db.Connection,
    wanted: Wanted,
    sub_stage_ids: Sequence[int],
    limit: int,
    *,
    post_ids: Sequence[int],
) -> list[CountedPost]:
    """The first of each column among `post_ids`, and how many of them it has. Words are not looked at.

    A column without posts is not told of.
    """
    order = ORDERS["changed"]
    return db.many(
        conn,
        CountedPost,
        f"""
        WITH chosen AS (
            SELECT post.*, {order.shown} AS sort_key FROM (
                SELECT post.id, post.updated_at,
                       count(*) OVER (PARTITION BY post.workflow_sub_stage_id) AS in_column,
                       row_number() OVER (PARTITION BY post.workflow_sub_stage_id
                                          ORDER BY post.updated_at DESC, post.id DESC) AS place
                FROM post
                WHERE post.id = ANY(%(post_ids)s)
                  AND post.workflow_sub_stage_id = ANY(%(sub_stage_ids)s)
                  AND {conditions.filters(wanted)}) AS post
            WHERE post.place <= %(limit)s LIMIT %(shown)s)
        {conditions.dressed("chosen.in_column")} ORDER BY post.updated_at DESC, post.id DESC
        """,
        conditions.params(
            wanted,
            sub_stage_ids=list(sub_stage_ids),
            post_ids=list(post_ids),
            limit=limit,
            shown=limit * len(sub_stage_ids),  # never fewer than there are, but the planner knows then
        ),
    )
