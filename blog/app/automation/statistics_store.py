"""SQL of what became of suggestions: counted as they are decided, measured as fields are worked on."""

from dataclasses import dataclass
from datetime import date

from blog.app import db

COUNT = """
    INSERT INTO suggestion_usage (span, day, llm_action_version_id, llm_model_id, status, cost_currency,
                                  suggestions, cost, measured, kept)
    SELECT span, date_trunc(span, run.finished_at AT TIME ZONE 'UTC')::date,
           run.llm_action_version_id, run.llm_model_id,
           suggestion.status, coalesce(run.cost_currency, ''),
           %(sign)s * count(*), %(sign)s * coalesce(sum(run.cost), 0),
           %(sign)s * count(suggestion.kept_share), %(sign)s * coalesce(sum(suggestion.kept_share), 0)
    FROM suggestion
    JOIN workflow_automation AS automation ON automation.id = suggestion.workflow_automation_id
    JOIN llm_run AS run ON run.id = automation.llm_run_id
    CROSS JOIN unnest(%(spans)s::text[]) AS span
    WHERE run.purpose = 'use' AND run.finished_at IS NOT NULL
"""
ADD = """
    GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
    ON CONFLICT ON CONSTRAINT suggestion_usage_pkey DO UPDATE SET
        suggestions = suggestion_usage.suggestions + EXCLUDED.suggestions,
        cost = suggestion_usage.cost + EXCLUDED.cost,
        measured = suggestion_usage.measured + EXCLUDED.measured,
        kept = suggestion_usage.kept + EXCLUDED.kept
"""


def add_suggestion(conn: db.Connection, suggestion_id: int, sign: int) -> None:
    """Counts a suggestion as it is now, or with -1 takes it out of the counts before it changes."""
    db.run(
        conn,
        f"{COUNT} AND suggestion.id = %(id)s {ADD}",
        {"sign": sign, "id": suggestion_id, "spans": ["day", "month"]},
    )


def list_days(conn: db.Connection) -> list[date]:
    """The days whose suggestions can be counted again: those from which no run was removed."""
    rows = conn.execute(
        """
        SELECT day FROM (
            SELECT DISTINCT (run.finished_at AT TIME ZONE 'UTC')::date AS day
            FROM suggestion
            JOIN workflow_automation AS automation ON automation.id = suggestion.workflow_automation_id
            JOIN llm_run AS run ON run.id = automation.llm_run_id
            WHERE run.finished_at IS NOT NULL
            UNION SELECT day FROM suggestion_usage WHERE span = 'day') AS counted
        WHERE NOT EXISTS (SELECT FROM llm_run_removal AS removal WHERE removal.day = counted.day)
        ORDER BY day
        """
    )
    return [day for (day,) in rows]


def lock_usage(conn: db.Connection) -> None:
    conn.execute("LOCK TABLE suggestion_usage IN EXCLUSIVE MODE")


def prefer_indexes(conn: db.Connection) -> None:
    """Until the transaction ends. A day is a small part of all runs; reading all of them for each is slow."""
    conn.execute("SET LOCAL random_page_cost = 1.1")


def delete_usage(conn: db.Connection, day: date) -> None:
    db.run(conn, "DELETE FROM suggestion_usage WHERE span = 'day' AND day = %s", (day,))


def add_suggestions(conn: db.Connection, day: date) -> None:
    db.run(
        conn,
        f"""
        {COUNT}
          AND run.finished_at >= %(day)s::timestamp AT TIME ZONE 'UTC'
          AND run.finished_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
        {ADD}
        """,
        {"sign": 1, "day": day, "spans": ["day"]},
    )


def list_months(conn: db.Connection) -> list[date]:
    """The first day of each month of which something is counted."""
    rows = conn.execute("SELECT DISTINCT date_trunc('month', day)::date FROM suggestion_usage ORDER BY 1")
    return [month for (month,) in rows]


def delete_month(conn: db.Connection, month: date) -> None:
    db.run(conn, "DELETE FROM suggestion_usage WHERE span = 'month' AND day = %s", (month,))


def add_month(conn: db.Connection, month: date) -> None:
    """Counts a month from what is counted of its days."""
    db.run(
        conn,
        """
        INSERT INTO suggestion_usage (span, day, llm_action_version_id, llm_model_id, status, cost_currency,
                                      suggestions, cost, measured, kept)
        SELECT 'month', %(month)s, llm_action_version_id, llm_model_id, status, cost_currency,
               sum(suggestions), sum(cost), sum(measured), sum(kept)
        FROM suggestion_usage
        WHERE span = 'day' AND day >= %(month)s AND day < %(month)s + interval '1 month'
        GROUP BY llm_action_version_id, llm_model_id, status, cost_currency
        """,
        {"month": month},
    )


# --- measuring -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """An accepted suggestion whose field was worked on; `later`: the last before a model's came."""

    suggestion_id: int
    accepted: str
    later: str
    later_id: int


def lock_progress(conn: db.Connection) -> bool:
    """Whether no other worker is at it; until the transaction ends."""
    return db.scalar(conn, "SELECT pg_try_advisory_xact_lock(hashtext('suggestion_measuring'))")


def find_progress(conn: db.Connection) -> int:
    return db.scalar(conn, "SELECT field_revision_id FROM suggestion_measuring") or 0


def update_progress(conn: db.Connection, revision_id: int) -> None:
    db.run(
        conn,
        """
        INSERT INTO suggestion_measuring (field_revision_id) VALUES (%s)
        ON CONFLICT ON CONSTRAINT suggestion_measuring_pkey
        DO UPDATE SET field_revision_id = EXCLUDED.field_revision_id
        """,
        (revision_id,),
    )


def list_settled(conn: db.Connection, after: int, *, minutes: int, limit: int) -> list[int]:
    """The next revisions that came at least so many minutes ago."""
    rows = conn.execute(
        """
        SELECT id FROM field_revision WHERE id > %s AND created_at < now() - make_interval(mins => %s)
        ORDER BY id LIMIT %s
        """,
        (after, minutes, limit),
    )
    return [revision_id for (revision_id,) in rows]


def list_worked(conn: db.Connection, revision_ids: list[int]) -> list[Worked]:
    """Accepted suggestions of the fields these revisions are of, where there is something new to measure."""
    return db.many(
        conn,
        Worked,
        """
        WITH touched AS (
            SELECT DISTINCT post_id, post_section_id, workflow_field_id FROM field_revision WHERE id = ANY(%s)
        )
        SELECT suggestion.id AS suggestion_id, accepted.value AS accepted, later.value AS later,
               later.id AS later_id
        FROM touched
        JOIN workflow_automation AS automation
            ON automation.post_id = touched.post_id
           AND automation.workflow_field_id = touched.workflow_field_id
           AND automation.post_section_id IS NOT DISTINCT FROM touched.post_section_id
        JOIN suggestion ON suggestion.workflow_automation_id = automation.id
        JOIN field_revision AS accepted ON accepted.id = suggestion.field_revision_id
        CROSS JOIN LATERAL (
            SELECT revision.id, revision.value FROM field_revision AS revision
            WHERE revision.post_id = touched.post_id
              AND revision.post_section_id IS NOT DISTINCT FROM touched.post_section_id
              AND revision.workflow_field_id = touched.workflow_field_id
              AND revision.number >= accepted.number
              AND NOT EXISTS (
                  SELECT FROM field_revision AS again
                  WHERE again.post_id = revision.post_id
                    AND again.post_section_id IS NOT DISTINCT FROM revision.post_section_id
                    AND again.workflow_field_id = revision.workflow_field_id
                    AND again.origin = 'run'
                    AND again.number > accepted.number AND again.number <= revision.number)
            ORDER BY revision.number DESC LIMIT 1) AS later
        WHERE suggestion.measured_revision_id IS DISTINCT FROM later.id
          AND automation.selection_text IS NULL  -- around a passage stand the editor's own words
        ORDER BY suggestion.id
        FOR UPDATE OF suggestion
        """,
        (revision_ids,),
    )


def update_measure(conn: db.Connection, suggestion_id: int, *, kept: float | None, revision_id: int) -> None:
    db.run(
        conn,
        "UPDATE suggestion SET kept_share = %s, measured_revision_id = %s WHERE id = %s",
        (kept, revision_id, suggestion_id),
    )
