"""The statements that find. They read the tables of every package and write only saved views.

A page of posts is found first, as ids in their order, and only then dressed with names and labels. Filters
are left out rather than switched off by a parameter: only then do the partial indexes serve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import LiteralString

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.whom import NOBODY
from blog.app.finding.models import (
    CalendarEntry,
    ColumnCount,
    FoundPost,
    Hit,
    PersonChoice,
    Place,
    SavedView,
    Sort,
    StageChoice,
)
from blog.app.finding.rules import Cursor, SearchWords, Wanted
from blog.app.llm.runs import sight

STANDING = """
    LEFT JOIN post_sub_stage AS standing
        ON standing.post_id = post.id AND standing.workflow_sub_stage_id = post.workflow_sub_stage_id
"""
DRESSED = f"""
    SELECT post.id, post.title, post.workflow_id, post.workflow_sub_stage_id AS sub_stage_id,
           workflow_stage.label AS stage, workflow_sub_stage.label AS sub_stage,
           coalesce(standing.status, 'not_started') AS status,
           post.app_user_id AS author_id, author.name AS author_name,
           standing.assignee_id, assignee.name AS assignee_name, standing.due_on,
           post.planned_on, post.scheduled_for, post.created_at, post.updated_at, post.removed_at,
           chosen.sort_key
    FROM chosen
    JOIN post ON post.id = chosen.id
    JOIN workflow_sub_stage ON workflow_sub_stage.id = post.workflow_sub_stage_id
    JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
    {STANDING}
    LEFT JOIN app_user AS author ON author.id = post.app_user_id
    LEFT JOIN app_user AS assignee ON assignee.id = standing.assignee_id
"""
# No part of a text is parsed here: field_revision.words is what its words were when it was written.
QUERY = """
    (websearch_to_tsquery('simple', %(words)s)
     && CASE WHEN %(prefix)s = '' THEN ''::tsquery
             ELSE to_tsquery('simple', '''' || %(prefix)s || ''':*') END)
"""
ASSIGNED = """
    post_sub_stage AS standing
    CROSS JOIN LATERAL (
        SELECT * FROM post
        WHERE post.id = standing.post_id AND post.workflow_sub_stage_id = standing.workflow_sub_stage_id
        LIMIT 1) AS post
"""


# --- filters and orders --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """`key` is what posts are sorted by, `shown` its text, `read` that text as a value again."""

    key: LiteralString
    shown: LiteralString
    read: LiteralString
    direction: LiteralString
    only: LiteralString = "true"


ORDERS: dict[Sort, Order] = {
    "changed": Order(
        key="post.updated_at",
        shown="""to_char(post.updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US')""",
        read="%(after_key)s::timestamp AT TIME ZONE 'UTC'",
        direction="DESC",
    ),
    "created": Order(key="post.id", shown="post.id::text", read="%(after_key)s::bigint", direction="DESC"),
    "title": Order(
        key="left(lower(post.title), 200)",
        shown="left(lower(post.title), 200)",
        read="%(after_key)s::text",
        direction="ASC",
    ),
    "due": Order(
        key="standing.due_on",
        shown="standing.due_on::text",
        read="%(after_key)s::date",
        direction="ASC",
        only="standing.due_on IS NOT NULL",
    ),
    "planned": Order(
        key="post.planned_on",
        shown="post.planned_on::text",
        read="%(after_key)s::date",
        direction="ASC",
        only="post.planned_on IS NOT NULL",
    ),
}
DUE: dict[str, LiteralString] = {
    "overdue": "standing.due_on < current_date AND standing.status <> 'done'",
    "today": "standing.due_on = current_date",
    "week": "standing.due_on BETWEEN current_date AND current_date + 6",
    "none": "standing.due_on IS NULL",
}


def _filters(wanted: Wanted) -> LiteralString:
    """What must hold of `post` and `standing`, words aside."""
    said: list[LiteralString] = [
        "post.removed_at IS NOT NULL" if wanted.removed else "post.removed_at IS NULL",
    ]
    if wanted.seen is not None:
        said.append("post.workflow_sub_stage_id = ANY(%(seen)s)")
    if wanted.sub_stage_id is not None:
        said.append("post.workflow_sub_stage_id = %(sub_stage_id)s")
    if wanted.author_id is not None:
        said.append("post.app_user_id = %(author_id)s")
    if wanted.assignee_id == NOBODY:
        said.append("standing.assignee_id IS NULL")
    elif wanted.assignee_id is not None:
        said.append("standing.assignee_id = %(assignee_id)s")
    if wanted.status == "not_started":
        said.append("(standing.status IS NULL OR standing.status = 'not_started')")
    elif wanted.status is not None:
        said.append("standing.status = %(status)s")
    if wanted.due is not None:
        said.append(DUE[wanted.due])
    return " AND ".join(said)


def _in_words(wanted: Wanted) -> LiteralString:
    """What must hold of a revision that has the words; those of a field out of sight do not count."""
    if wanted.seen is None:
        return f"superseded_at IS NULL AND words @@ {QUERY}"
    return f"""
        superseded_at IS NULL AND words @@ {QUERY} AND workflow_field_id IN (
            SELECT id FROM workflow_field WHERE workflow_sub_stage_id = ANY(%(seen)s))
    """


def _has_words(wanted: Wanted) -> LiteralString:
    return f"""
        CROSS JOIN LATERAL (
            SELECT FROM field_revision
            WHERE field_revision.post_id = post.id AND {_in_words(wanted)}
            LIMIT 1) AS matching
    """


def _matching(wanted: Wanted) -> LiteralString:
    """The planner knows neither how rare a word is nor whose posts are few: it would read every post."""
    return f"""
        (WITH matching AS MATERIALIZED (
             SELECT DISTINCT post_id FROM field_revision WHERE {_in_words(wanted)})
         SELECT post.* FROM matching
         CROSS JOIN LATERAL (SELECT * FROM post WHERE post.id = matching.post_id LIMIT 1) AS post) AS post
    """


def _behind(order: Order, after: Cursor | None) -> LiteralString:
    if after is None:
        return "true"
    sign = "<" if order.direction == "DESC" else ">"
    return f"({order.key}, post.id) {sign} ({order.read}, %(after_id)s)"


def _params(wanted: Wanted, **more: object) -> dict[str, object]:
    return {
        "seen": wanted.seen,
        "sub_stage_id": wanted.sub_stage_id,
        "author_id": wanted.author_id,
        "assignee_id": wanted.assignee_id,
        "status": wanted.status,
        **_words(wanted.search),
        **more,
    }


def _words(search: SearchWords | None) -> dict[str, object]:
    return {"words": search and search.words, "prefix": search and search.prefix}


# --- the list ------------------------------------------------------------------------------------


def list_posts(
    conn: db.Connection,
    wanted: Wanted,
    sort: Sort,
    after: Cursor | None,
    limit: int,
) -> list[FoundPost]:
    order = ORDERS[sort]
    among = _matching(wanted) if wanted.search else "post"
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH chosen AS (
            SELECT post.id, {order.shown} AS sort_key, {order.key} AS key FROM {among} {STANDING}
            WHERE {_filters(wanted)} AND {order.only} AND {_behind(order, after)}
            ORDER BY {order.key} {order.direction}, post.id {order.direction} LIMIT %(limit)s)
        {DRESSED} ORDER BY chosen.key {order.direction}, chosen.id {order.direction}
        """,
        _params(
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
            SELECT post.id, {order.shown} AS sort_key, {order.key} AS key FROM post {STANDING}
            WHERE {_filters(wanted)} AND {order.only} AND {_behind(order, after)}
            ORDER BY {order.key} {order.direction}, post.id {order.direction} LIMIT %(walk)s
        ), chosen AS (
            SELECT post.* FROM walked AS post {_has_words(wanted)}
            ORDER BY post.key {order.direction}, post.id {order.direction} LIMIT %(limit)s)
        {DRESSED} ORDER BY chosen.key {order.direction}, chosen.id {order.direction}
        """,
        _params(
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
            SELECT FROM post {STANDING}
            WHERE {_filters(wanted)} AND {order.only} AND {_behind(order, after)} LIMIT %(bound)s) AS these
        """,
        _params(wanted, after_key=after and after.key, after_id=after and after.post_id, bound=bound),
    )


def list_matching(conn: db.Connection, wanted: Wanted) -> list[int]:
    """Every post with the words in one of its current texts, also a removed one. For rare words."""
    rows = conn.execute(
        f"SELECT DISTINCT post_id FROM field_revision WHERE {_in_words(wanted)}", _params(wanted)
    ).fetchall()
    return [post_id for (post_id,) in rows]


def list_titled(
    conn: db.Connection, search: SearchWords, seen: list[int] | None, *, walk: int, limit: int
) -> list[FoundPost]:
    """Posts with the words in their title: of the `walk` changed last, then of all."""
    is_there = _filters(Wanted(seen=seen))
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH recent AS (
            SELECT id, updated_at FROM (
                SELECT id, title, updated_at FROM post WHERE {is_there}
                ORDER BY updated_at DESC, id DESC LIMIT %(walk)s) AS post
            WHERE to_tsvector('simple', title) @@ {QUERY}
            ORDER BY updated_at DESC, id DESC LIMIT %(limit)s
        ), titled AS MATERIALIZED (
            SELECT id, updated_at FROM post
            WHERE {is_there} AND to_tsvector('simple', title) @@ {QUERY}
        ), every AS (
            SELECT id, updated_at FROM titled WHERE (SELECT count(*) FROM recent) < %(limit)s
            ORDER BY updated_at DESC, id DESC LIMIT %(limit)s
        ), chosen AS (
            SELECT id, updated_at, '' AS sort_key FROM recent UNION SELECT id, updated_at, '' FROM every
            ORDER BY updated_at DESC, id DESC LIMIT %(limit)s)
        {DRESSED} ORDER BY chosen.updated_at DESC, chosen.id DESC
        """,
        {**_words(search), "seen": seen, "walk": walk, "limit": limit},
    )


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


# --- the board -----------------------------------------------------------------------------------


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
    words = _has_words(wanted) if walk is not None else ""
    return db.many(
        conn,
        FoundPost,
        f"""
        WITH chosen AS (
            SELECT shown.* FROM unnest(%(sub_stage_ids)s::bigint[]) AS place (id)
            CROSS JOIN LATERAL (
                SELECT post.* FROM (
                    SELECT post.id, {order.shown} AS sort_key, post.updated_at AS key FROM post {STANDING}
                    WHERE {_filters(wanted)} AND post.workflow_sub_stage_id = place.id
                    ORDER BY post.updated_at DESC, post.id DESC LIMIT %(walk)s) AS post {words}
                ORDER BY post.key DESC, post.id DESC LIMIT %(limit)s) AS shown)
        {DRESSED} ORDER BY chosen.key DESC, chosen.id DESC
        """,
        _params(
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
                SELECT FROM {_at_place(wanted)} AND {_filters(wanted)}
                LIMIT %(bound)s) AS these) AS counted
        """,
        _params(wanted, sub_stage_ids=list(sub_stage_ids), bound=bound),
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
                  AND {_filters(wanted)}) AS placed
            WHERE place <= %(limit)s)
        {DRESSED} ORDER BY chosen.key DESC, chosen.id DESC
        """,
        _params(wanted, sub_stage_ids=list(sub_stage_ids), post_ids=list(post_ids), limit=limit),
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
          AND {_filters(wanted)}
        GROUP BY post.workflow_sub_stage_id
        """,
        _params(wanted, sub_stage_ids=list(sub_stage_ids), post_ids=list(post_ids)),
    )


# --- the calendar --------------------------------------------------------------------------------


def list_calendar(
    conn: db.Connection, days: Sequence[date], limit: int, seen: list[int] | None
) -> list[CalendarEntry]:
    """Up to `limit` posts of each day, those scheduled for it first."""
    is_there = _filters(Wanted(seen=seen))
    return db.many(
        conn,
        CalendarEntry,
        f"""
        SELECT place.day, post.id AS post_id, post.title, post.app_user_id AS author_id,
               workflow_sub_stage.label AS sub_stage, coalesce(standing.status, 'not_started') AS status,
               post.planned_on, post.scheduled_for
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
        {STANDING}
        ORDER BY place.day, post.scheduled_for IS DISTINCT FROM place.day, post.id
        """,
        {"days": list(days), "limit": limit, "seen": seen},
    )


# --- saved views ---------------------------------------------------------------------------------

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


# --- jump to -------------------------------------------------------------------------------------


def list_fields(
    conn: db.Connection, post_id: int, pattern: str, seen: Sequence[int] | None, limit: int
) -> list[Hit]:
    """The fields of the workflow of a post; one of sections leads to the first of them."""
    is_seen = (
        "true"
        if seen is None
        else "post.workflow_sub_stage_id = ANY(%(seen)s) AND workflow_sub_stage.id = ANY(%(seen)s)"
    )
    return db.many(
        conn,
        Hit,
        f"""
        SELECT 'field' AS kind, workflow_field.label,
               workflow_sub_stage.label
                   || CASE WHEN scope = 'section' THEN ' · each section' ELSE '' END AS detail,
               CASE WHEN scope = 'post' THEN '/posts/' || post.id || '/fields/' || workflow_field.name
                    ELSE '/posts/' || post.id || '/' || workflow_sub_stage.name END AS url
        FROM post
        JOIN workflow_field ON workflow_field.workflow_id = post.workflow_id AND archived_at IS NULL
        JOIN workflow_sub_stage ON workflow_sub_stage.id = workflow_field.workflow_sub_stage_id
        JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
        WHERE post.id = %(post_id)s AND removed_at IS NULL AND workflow_field.label ILIKE %(pattern)s
          AND {is_seen}
        ORDER BY workflow_stage.position, workflow_sub_stage.position, workflow_field.position
        LIMIT %(limit)s
        """,
        {"post_id": post_id, "pattern": pattern, "seen": seen, "limit": limit},
    )


def list_llm(conn: db.Connection, pattern: str, limit: int) -> list[Hit]:
    """Actions, prompt parts and models by name."""
    return db.many(
        conn,
        Hit,
        """
        (SELECT 'action' AS kind, label, description AS detail, '/llm/actions/' || id AS url
         FROM llm_action WHERE archived_at IS NULL AND (label ILIKE %(pattern)s OR name ILIKE %(pattern)s)
         ORDER BY label, id LIMIT %(limit)s)
        UNION ALL
        (SELECT 'part', name, description, '/llm/parts/' || id
         FROM llm_prompt_part WHERE archived_at IS NULL AND name ILIKE %(pattern)s
         ORDER BY name, id LIMIT %(limit)s)
        UNION ALL
        (SELECT 'model', llm_model.label, llm_provider.label, '/llm/models/' || llm_model.id
         FROM llm_model JOIN llm_provider ON llm_provider.id = llm_model.llm_provider_id
         WHERE llm_model.label ILIKE %(pattern)s OR llm_model.name ILIKE %(pattern)s
         ORDER BY llm_model.label, llm_model.id LIMIT %(limit)s)
        """,
        {"pattern": pattern, "limit": limit},
    )


def list_runs(
    conn: db.Connection, actor: Actor, pattern: str, run_id: int | None, *, recent: int, limit: int
) -> list[Hit]:
    """The run of this id, then those of the latest `recent` by the label of their action or model."""
    return db.many(
        conn,
        Hit,
        f"""
        WITH looked AS (
            (SELECT id FROM llm_run ORDER BY id DESC LIMIT %(recent)s) UNION SELECT %(run_id)s::bigint
        )
        SELECT 'run' AS kind, 'Run ' || run.id || ' · ' || llm_action.label AS label,
               llm_model.label || ' · ' || run.status AS detail, '/llm/runs/' || run.id AS url
        FROM looked
        JOIN llm_run AS run ON run.id = looked.id
        JOIN llm_action_version ON llm_action_version.id = run.llm_action_version_id
        JOIN llm_action ON llm_action.id = llm_action_version.llm_action_id
        JOIN llm_model ON llm_model.id = run.llm_model_id
        WHERE (run.id = %(run_id)s OR llm_action.label ILIKE %(pattern)s
               OR llm_model.label ILIKE %(pattern)s)
          AND {sight.condition(actor)}
        ORDER BY run.id = %(run_id)s DESC NULLS LAST, run.id DESC LIMIT %(limit)s
        """,
        {"pattern": pattern, "run_id": run_id, "recent": recent, "limit": limit, **sight.params(actor)},
    )
