"""The statements of jumping to something by a few letters. They read the tables of every package."""

from collections.abc import Sequence

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.finding import conditions
from blog.app.finding.conditions import QUERY
from blog.app.finding.models import FoundPost, Hit
from blog.app.finding.rules import SearchWords, Wanted
from blog.app.llm.runs import sight


def list_titled(
    conn: db.Connection, search: SearchWords, seen: list[int] | None, *, walk: int, limit: int
) -> list[FoundPost]:
    """Posts with the words in their title: of the `walk` changed last, then of all."""
    is_there = conditions.filters(Wanted(seen=seen))
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
        {conditions.dressed()} ORDER BY chosen.updated_at DESC, chosen.id DESC
        """,
        {**conditions.words(search), "seen": seen, "walk": walk, "limit": limit},
    )


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
