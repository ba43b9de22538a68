"""What finding statements are made of: who is dressed how, what must hold of a post, in which order.

Filters are left out rather than switched off by a parameter: only then do the partial indexes serve.
"""

from dataclasses import dataclass
from typing import LiteralString

from blog.app.auth.whom import NOBODY
from blog.app.finding.models import Sort
from blog.app.finding.rules import Cursor, SearchWords, Wanted

# No part of a text is parsed here: field_revision.words is what its words were when it was written.
QUERY = """
    (websearch_to_tsquery('simple', %(words)s)
     && CASE WHEN %(prefix)s = '' THEN ''::tsquery
             ELSE to_tsquery('simple', '''' || %(prefix)s || ''':*') END)
"""


def dressed(*more: LiteralString) -> LiteralString:
    """The posts of `chosen` as FoundPosts, with `more` columns for a row that has more."""
    return f"""
        SELECT post.id, post.title, post.workflow_id, post.workflow_sub_stage_id AS sub_stage_id,
               workflow_stage.label AS stage, workflow_sub_stage.label AS sub_stage,
               post.status,
               post.app_user_id AS author_id, author.name AS author_name,
               post.assignee_id, assignee.name AS assignee_name, post.due_on,
               post.planned_on, post.scheduled_for, post.created_at, post.updated_at, post.removed_at,
               chosen.sort_key{"".join(f", {column}" for column in more)}
        FROM chosen
        JOIN post ON post.id = chosen.id
        JOIN workflow_sub_stage ON workflow_sub_stage.id = post.workflow_sub_stage_id
        JOIN workflow_stage ON workflow_stage.id = workflow_sub_stage.workflow_stage_id
        LEFT JOIN app_user AS author ON author.id = post.app_user_id
        LEFT JOIN app_user AS assignee ON assignee.id = post.assignee_id
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
        key="post.due_on",
        shown="post.due_on::text",
        read="%(after_key)s::date",
        direction="ASC",
        only="post.due_on IS NOT NULL",
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
    "overdue": "post.due_on < current_date AND post.status <> 'done'",
    "today": "post.due_on = current_date",
    "week": "post.due_on BETWEEN current_date AND current_date + 6",
    "none": "post.due_on IS NULL",
}


def filters(wanted: Wanted) -> LiteralString:
    """What must hold of `post`, words aside."""
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
        said.append("post.assignee_id IS NULL")
    elif wanted.assignee_id is not None:
        said.append("post.assignee_id = %(assignee_id)s")
    if wanted.status is not None:
        said.append("post.status = %(status)s")
    if wanted.due is not None:
        said.append(DUE[wanted.due])
    return " AND ".join(said)


def in_words(wanted: Wanted) -> LiteralString:
    """What must hold of a revision that has the words: they are looked up in their index."""
    return f"words @@ {QUERY} AND {_readable(wanted)}"


def has_words(wanted: Wanted) -> LiteralString:
    """What leaves of a few posts those that have the words.

    With IS TRUE the index of words is of no use: once for each post, it is the most costly way to ask.
    """
    return f"""
        CROSS JOIN LATERAL (
            SELECT FROM field_revision
            WHERE field_revision.post_id = post.id AND (words @@ {QUERY}) IS TRUE AND {_readable(wanted)}
            LIMIT 1) AS matching
    """


def _readable(wanted: Wanted) -> LiteralString:
    """Revisions of now, of a field in sight."""
    if wanted.seen is None:
        return "superseded_at IS NULL"
    return """superseded_at IS NULL AND workflow_field_id IN (
        SELECT id FROM workflow_field WHERE workflow_sub_stage_id = ANY(%(seen)s))"""


def matching(wanted: Wanted) -> LiteralString:
    """The planner knows neither how rare a word is nor whose posts are few: it would read every post."""
    return f"""
        (WITH matching AS MATERIALIZED (
             SELECT DISTINCT post_id FROM field_revision WHERE {in_words(wanted)})
         SELECT * FROM post WHERE post.id = ANY(ARRAY(SELECT post_id FROM matching))) AS post
    """


def behind(order: Order, after: Cursor | None) -> LiteralString:
    if after is None:
        return "true"
    sign = "<" if order.direction == "DESC" else ">"
    return f"({order.key}, post.id) {sign} ({order.read}, %(after_id)s)"


def params(wanted: Wanted, **more: object) -> dict[str, object]:
    return {
        "seen": wanted.seen,
        "sub_stage_id": wanted.sub_stage_id,
        "author_id": wanted.author_id,
        "assignee_id": wanted.assignee_id,
        "status": wanted.status,
        **words(wanted.search),
        **more,
    }


def words(search: SearchWords | None) -> dict[str, object]:
    return {"words": search and search.words, "prefix": search and search.prefix}
