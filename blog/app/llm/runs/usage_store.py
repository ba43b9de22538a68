"""SQL that counts ended runs into llm_usage: those that wait for it, or those of a day or a month again."""

from datetime import date
from typing import LiteralString

from blog.app import db
from blog.app.llm.runs.histogram import BOUNDS

# llm_usage.seconds and its like have as many places as there are buckets.
PLACES: tuple[LiteralString, ...] = (
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12",
    "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23", "24",
)  # fmt: skip
KEY: LiteralString = """
    facet, llm_action_id, llm_action_version_id, llm_model_id, app_user_id, workflow_field_id, purpose,
    cost_currency
"""
COUNTS: tuple[LiteralString, ...] = (
    "runs",
    "succeeded",
    "invalid",
    "failed",
    "cancelled",
    "cost",
    "usage_input",
    "usage_output",
    "usage_cached",
    "usage_reasoning",
    "untold",
)
HISTOGRAMS: tuple[LiteralString, ...] = ("seconds", "first_text")


def _counted(bucket: LiteralString) -> LiteralString:
    """An array with how often each bucket occurs."""
    return "ARRAY[" + ", ".join([f"count(*) FILTER (WHERE {bucket} = {n})" for n in PLACES]) + "]"


def _added(column: LiteralString) -> LiteralString:
    places = ", ".join([f"llm_usage.{column}[{n}] + EXCLUDED.{column}[{n}]" for n in PLACES])
    return f"{column} = ARRAY[{places}]"


def summed(column: LiteralString) -> LiteralString:
    """The sum of histograms in a query over llm_usage."""
    return "ARRAY[" + ", ".join([f"sum({column}[{n}])::bigint" for n in PLACES]) + "]"


ADDED = ", ".join(
    [
        *[f"{column} = llm_usage.{column} + EXCLUDED.{column}" for column in COUNTS],
        *[_added(column) for column in HISTOGRAMS],
    ]
)
ENDED = """
    SELECT (run.finished_at AT TIME ZONE 'UTC')::date AS day, version.llm_action_id,
           run.llm_action_version_id, run.llm_model_id, run.app_user_id, run.workflow_field_id,
           run.purpose, run.status, coalesce(run.cost_currency, '') AS cost_currency, run.cost,
           run.usage_input, run.usage_output, run.usage_cached, run.usage_reasoning,
           1 + width_bucket(extract(epoch FROM run.finished_at - run.started_at)::float8,
                            %(bounds)s::float8[]) AS seconds,
           1 + width_bucket(extract(epoch FROM run.first_text_at - run.started_at)::float8,
                            %(bounds)s::float8[]) AS first_text
    FROM llm_run AS run
    JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
"""
# `ended` is to be materialized, else buckets are found anew for each place of a histogram.
# In one order, so that two who count at once never wait for each other crosswise.
COUNT = f"""
    INSERT INTO llm_usage (span, day, {KEY}, {", ".join(COUNTS)}, {", ".join(HISTOGRAMS)})
    SELECT span.name, span.day,
           facet.name, facet.action_id, facet.version_id, facet.model_id, facet.user_id, facet.field_id,
           purpose, cost_currency, count(*),
           count(*) FILTER (WHERE status = 'succeeded'), count(*) FILTER (WHERE status = 'invalid'),
           count(*) FILTER (WHERE status = 'failed'), count(*) FILTER (WHERE status = 'cancelled'),
           coalesce(sum(cost), 0), coalesce(sum(usage_input), 0), coalesce(sum(usage_output), 0),
           coalesce(sum(usage_cached), 0), coalesce(sum(usage_reasoning), 0),
           count(*) FILTER (WHERE usage_input IS NULL OR usage_output IS NULL),
           {_counted("seconds")}, {_counted("first_text")}
    FROM ended
    CROSS JOIN LATERAL (VALUES
        ('day', ended.day), ('month', date_trunc('month', ended.day)::date)
    ) AS span (name, day)
    CROSS JOIN LATERAL (VALUES
        ('action', llm_action_id, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint),
        ('field', NULL, NULL, NULL, NULL, workflow_field_id),
        ('model', NULL, NULL, llm_model_id, NULL, NULL),
        ('person', NULL, NULL, NULL, app_user_id, NULL),
        ('total', NULL, NULL, NULL, NULL, NULL),
        ('version', NULL, llm_action_version_id, llm_model_id, NULL, NULL)
    ) AS facet (name, action_id, version_id, model_id, user_id, field_id)
    WHERE span.name = ANY (%(spans)s)
      AND (facet.name <> 'version' OR ended.workflow_field_id IS NOT NULL)
    GROUP BY span.name, span.day, facet.name, facet.action_id, facet.version_id, facet.model_id,
             facet.user_id, facet.field_id, purpose, cost_currency
    ORDER BY span.name, span.day, facet.name, facet.action_id, facet.version_id, facet.model_id,
             facet.user_id, facet.field_id, purpose, cost_currency
    ON CONFLICT ON CONSTRAINT llm_usage_key DO UPDATE SET {ADDED}
"""
COUNT_FAILURES = """
    INSERT INTO llm_usage_failure (day, llm_model_id, error_kind, runs)
    SELECT (finished_at AT TIME ZONE 'UTC')::date, llm_model_id, error_kind, count(*) FROM llm_run AS run
"""
ADD_FAILURES = """
    GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT ON CONSTRAINT llm_usage_failure_pkey
    DO UPDATE SET runs = llm_usage_failure.runs + EXCLUDED.runs
"""
IN_DAY = """
    run.finished_at >= %(day)s::timestamp AT TIME ZONE 'UTC'
    AND run.finished_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
"""


def insert_waiting(conn: db.Connection, run_id: int) -> None:
    """A promise that a run which has just ended will be counted."""
    db.run(conn, "INSERT INTO llm_usage_waiting (llm_run_id) VALUES (%s)", (run_id,))


def count_waiting(conn: db.Connection, limit: int) -> int:
    """Counts runs that wait for it, each once: whoever takes one while another counts it finds it gone."""
    return db.scalar(
        conn,
        f"""
        WITH taken AS (
            DELETE FROM llm_usage_waiting WHERE llm_run_id IN (
                SELECT llm_run_id FROM llm_usage_waiting ORDER BY llm_run_id LIMIT %(limit)s FOR UPDATE)
            RETURNING llm_run_id
        ), failures AS (
            {COUNT_FAILURES} JOIN taken ON taken.llm_run_id = run.id
            WHERE run.error_kind IS NOT NULL {ADD_FAILURES}
        ), ended AS MATERIALIZED (
            {ENDED} JOIN taken ON taken.llm_run_id = run.id
        ), counted AS ({COUNT})
        SELECT count(*) FROM taken
        """,
        {"limit": limit, "bounds": list(BOUNDS), "spans": ["day", "month"]},
    )


def list_days(conn: db.Connection) -> list[date]:
    """The days runs ended on, but for those from which runs were removed: what was counted of them stays."""
    rows = conn.execute(
        """
        SELECT day FROM (
            SELECT generate_series(min(finished_at AT TIME ZONE 'UTC')::date,
                                   max(finished_at AT TIME ZONE 'UTC')::date, '1 day')::date AS day
            FROM llm_run WHERE finished_at IS NOT NULL
            UNION SELECT day FROM llm_usage WHERE span = 'day'
            UNION SELECT day FROM llm_usage_failure) AS counted
        WHERE day IS NOT NULL
          AND NOT EXISTS (SELECT FROM llm_run_removal AS removal WHERE removal.day = counted.day)
        ORDER BY day
        """
    )
    return [day for (day,) in rows]


def lock_usage(conn: db.Connection) -> None:
    """Lets nobody end or count a run until this transaction is over, so that each is counted once."""
    conn.execute("LOCK TABLE llm_usage_waiting, llm_usage_failure, llm_usage IN EXCLUSIVE MODE")


def delete_usage(conn: db.Connection, day: date) -> int:
    return db.run(conn, "DELETE FROM llm_usage WHERE span = 'day' AND day = %s", (day,))


def delete_failures(conn: db.Connection, day: date) -> int:
    return db.run(conn, "DELETE FROM llm_usage_failure WHERE day = %s", (day,))


def delete_waiting(conn: db.Connection, day: date) -> int:
    """Of runs that are about to be counted with their day."""
    return db.run(
        conn,
        f"""
        DELETE FROM llm_usage_waiting USING llm_run AS run
        WHERE run.id = llm_usage_waiting.llm_run_id AND {IN_DAY}
        """,
        {"day": day},
    )


def add_runs(conn: db.Connection, day: date) -> int:
    """Counts all runs that ended on a day."""
    return db.run(
        conn,
        f"WITH ended AS MATERIALIZED ({ENDED} WHERE {IN_DAY}) {COUNT}",
        {"day": day, "bounds": list(BOUNDS), "spans": ["day"]},
    )


def add_failures(conn: db.Connection, day: date) -> int:
    return db.run(
        conn,
        f"{COUNT_FAILURES} WHERE run.error_kind IS NOT NULL AND {IN_DAY} {ADD_FAILURES}",
        {"day": day},
    )


# --- months --------------------------------------------------------------------------------------


def list_months(conn: db.Connection) -> list[date]:
    """The first day of each month of which something is counted."""
    rows = conn.execute("SELECT DISTINCT date_trunc('month', day)::date FROM llm_usage ORDER BY 1")
    return [month for (month,) in rows]


def delete_month(conn: db.Connection, month: date) -> int:
    return db.run(conn, "DELETE FROM llm_usage WHERE span = 'month' AND day = %s", (month,))


def add_month(conn: db.Connection, month: date) -> int:
    """Counts a month from what is counted of its days."""
    return db.run(
        conn,
        f"""
        INSERT INTO llm_usage (span, day, {KEY}, {", ".join(COUNTS)}, {", ".join(HISTOGRAMS)})
        SELECT 'month', %(month)s, {KEY}, {", ".join([f"sum({column})" for column in COUNTS])},
               {", ".join([summed(column) for column in HISTOGRAMS])}
        FROM llm_usage
        WHERE span = 'day' AND day >= %(month)s AND day < %(month)s + interval '1 month'
        GROUP BY {KEY}
        """,
        {"month": month},
    )
