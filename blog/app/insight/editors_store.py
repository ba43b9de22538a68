"""The statements that read what editors made of suggestions. None but a split's looks at a suggestion."""

from datetime import date

from blog.app import db
from blog.app.insight.editors_models import CountedRuns, CountedSuggestions, NamedVersion, PostCount
from blog.app.insight.usage_store import IN_PERIOD
from blog.app.llm.runs.usage_store import summed

OF_ACTION = """
    (%(action_id)s::bigint IS NULL OR counted.llm_action_version_id IN (
        SELECT id FROM llm_action_version WHERE llm_action_id = %(action_id)s))
"""


def list_suggestions(
    conn: db.Connection, since: date, until: date, action_id: int | None
) -> list[CountedSuggestions]:
    return db.many(
        conn,
        CountedSuggestions,
        f"""
        SELECT llm_action_version_id AS version_id, llm_model_id AS model_id, status, cost_currency,
               sum(suggestions) AS suggestions, sum(cost) AS cost,
               sum(measured) AS measured, sum(kept) AS kept
        FROM suggestion_usage AS counted
        WHERE {IN_PERIOD} AND {OF_ACTION}
        GROUP BY llm_action_version_id, llm_model_id, status, cost_currency
        HAVING sum(suggestions) <> 0
        """,
        {"since": since, "until": until, "action_id": action_id},
    )


def list_runs(conn: db.Connection, since: date, until: date, action_id: int | None) -> list[CountedRuns]:
    return db.many(
        conn,
        CountedRuns,
        f"""
        SELECT llm_action_version_id AS version_id, llm_model_id AS model_id, sum(runs) AS runs,
               sum(failed + invalid) AS failed, {summed("seconds")} AS seconds
        FROM llm_usage AS counted
        WHERE facet = 'version' AND purpose = 'use' AND {IN_PERIOD} AND {OF_ACTION}
        GROUP BY llm_action_version_id, llm_model_id
        """,
        {"since": since, "until": until, "action_id": action_id},
    )


def list_versions(conn: db.Connection, action_id: int | None) -> list[NamedVersion]:
    """The newest of an action first."""
    return db.many(
        conn,
        NamedVersion,
        """
        SELECT version.id, action.id AS action_id, action.label AS action_label, version.number,
               action.live_version_id = version.id AS is_live
        FROM llm_action_version AS version JOIN llm_action AS action ON action.id = version.llm_action_id
        WHERE (%(action_id)s::bigint IS NULL OR action.id = %(action_id)s)
        ORDER BY lower(action.label), action.id, version.number DESC
        """,
        {"action_id": action_id},
    )


def list_post_counts(conn: db.Connection, split_id: int) -> list[PostCount]:
    """What was decided in a split, by version and post."""
    return db.many(
        conn,
        PostCount,
        """
        SELECT run.llm_action_version_id AS version_id, automation.post_id, count(*) AS decided,
               count(*) FILTER (WHERE suggestion.status <> 'discarded') AS accepted,
               count(suggestion.kept_share) AS measured, coalesce(sum(suggestion.kept_share), 0) AS kept
        FROM llm_run AS run
        JOIN workflow_automation AS automation ON automation.llm_run_id = run.id
        JOIN suggestion ON suggestion.workflow_automation_id = automation.id
        WHERE run.llm_action_split_id = %s AND run.purpose = 'use' AND suggestion.status <> 'waiting'
        GROUP BY run.llm_action_version_id, automation.post_id
        """,
        (split_id,),
    )
