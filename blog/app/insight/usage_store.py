"""The statements that read what was counted of runs. None of them looks at a run."""

from collections.abc import Sequence
from datetime import date
from typing import LiteralString

from blog.app import db
from blog.app.insight.models import Choice
from blog.app.insight.usage_models import By, Counted, FailureCount, Step
from blog.app.llm.runs.usage_store import summed

COUNTED = f"""
    usage.cost_currency, sum(runs) AS runs, sum(succeeded) AS succeeded, sum(invalid) AS invalid,
    sum(failed) AS failed, sum(cancelled) AS cancelled, sum(cost) AS cost,
    sum(usage_input)::bigint AS usage_input,
    sum(usage_output)::bigint AS usage_output, sum(usage_cached)::bigint AS usage_cached,
    sum(usage_reasoning)::bigint AS usage_reasoning, sum(untold) AS untold,
    {summed("seconds")} AS seconds, {summed("first_text")} AS first_text
"""
# Whole months from the rows of months, the days around them from those of days. Nothing has ended after
# today, so a month that is asked for until today is asked for as a whole.
MONTHS_SINCE = "(date_trunc('month', (%(since)s::date - 1)::timestamp) + interval '1 month')::date"
MONTHS_UNTIL = """
    (date_trunc('month', (%(until)s::date + 1)::timestamp)
     + make_interval(months => (%(until)s::date >= (now() AT TIME ZONE 'UTC')::date)::int))::date
"""
IN_PERIOD = f"""
    (span = 'day' AND day >= %(since)s AND day <= %(until)s AND day < {MONTHS_SINCE}
     OR span = 'month' AND day >= {MONTHS_SINCE} AND day < {MONTHS_UNTIL}
     OR span = 'day' AND day <= %(until)s AND day >= greatest({MONTHS_SINCE}, {MONTHS_UNTIL}))
"""
# By what a report is; the facet that is counted by it, and what of its rows tells one from another.
FACETS: dict[By, tuple[LiteralString, LiteralString]] = {
    "model": ("model", "usage.llm_model_id"),
    "action": ("action", "usage.llm_action_id"),
    "stage": ("field", "field.workflow_sub_stage_id"),
    "person": ("person", "usage.app_user_id"),
}
NARROWED: dict[By, LiteralString] = {
    "model": "AND usage.llm_model_id = %(only)s",
    "action": "AND usage.llm_action_id = %(only)s",
    "stage": """
        AND usage.workflow_field_id IN (SELECT id FROM workflow_field WHERE workflow_sub_stage_id = %(only)s)
    """,
    "person": "AND usage.app_user_id = %(only)s",
}
STEPS: dict[Step, LiteralString] = {
    "day": "usage.day",
    "week": "greatest(date_trunc('week', usage.day::timestamp)::date, %(since)s::date)",
}


def list_counted(
    conn: db.Connection, by: By, since: date, until: date, *, purpose: str | None
) -> list[Counted]:
    """One row for each model, action, stage or person and each currency. `by` is not day."""
    facet, key = FACETS[by]
    return db.many(
        conn,
        Counted,
        f"""
        SELECT coalesce({key}::text, '') AS key, {COUNTED}
        FROM llm_usage AS usage LEFT JOIN workflow_field AS field ON field.id = usage.workflow_field_id
        WHERE usage.facet = '{facet}' AND {IN_PERIOD}
          AND (%(purpose)s::text IS NULL OR usage.purpose = %(purpose)s)
        GROUP BY {key}, usage.cost_currency
        """,
        {"since": since, "until": until, "purpose": purpose},
    )


def list_counted_steps(
    conn: db.Connection,
    since: date,
    until: date,
    *,
    step: Step,
    purpose: str | None,
    of: tuple[By, int] | None,
) -> list[Counted]:
    """One row for each step and currency: of everything, or only of one model, action, stage or person.

    A week is known by its Monday, the first one by the day since when.
    """
    facet, narrowed, only = ("total", "", None) if of is None else (FACETS[of[0]][0], NARROWED[of[0]], of[1])
    return db.many(
        conn,
        Counted,
        f"""
        SELECT {STEPS[step]}::text AS key, {COUNTED}
        FROM llm_usage AS usage
        WHERE usage.facet = '{facet}' AND usage.span = 'day' AND usage.day BETWEEN %(since)s AND %(until)s
          AND (%(purpose)s::text IS NULL OR usage.purpose = %(purpose)s) {narrowed}
        GROUP BY {STEPS[step]}, usage.cost_currency
        """,
        {"since": since, "until": until, "purpose": purpose, "only": only},
    )


def list_failures(
    conn: db.Connection, since: date, until: date, *, model_id: int | None = None
) -> list[FailureCount]:
    """The most frequent first."""
    return db.many(
        conn,
        FailureCount,
        """
        SELECT error_kind, sum(runs) AS runs FROM llm_usage_failure
        WHERE day BETWEEN %(since)s AND %(until)s
          AND (%(model_id)s::bigint IS NULL OR llm_model_id = %(model_id)s)
        GROUP BY error_kind ORDER BY sum(runs) DESC, error_kind
        """,
        {"since": since, "until": until, "model_id": model_id},
    )


def list_names(conn: db.Connection, by: By, ids: Sequence[int]) -> list[Choice]:
    """What models, actions, stages or people with these ids are called."""
    statements: dict[By, LiteralString] = {
        "model": """
            SELECT model.id, model.label, provider.label AS "group"
            FROM llm_model AS model JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
            WHERE model.id = ANY(%s)
        """,
        "action": """SELECT id, label, '' AS "group" FROM llm_action WHERE id = ANY(%s)""",
        "stage": """SELECT id, label, '' AS "group" FROM workflow_sub_stage WHERE id = ANY(%s)""",
        "person": """SELECT id, name AS label, '' AS "group" FROM app_user WHERE id = ANY(%s)""",
    }
    return db.many(conn, Choice, statements[by], (list(ids),))
