"""SQL of how long runs are kept. Each statement lets go of a few."""

from collections.abc import Sequence

from blog.app import db
from blog.app.insight.retention_models import EndStatus, RetentionRule, What
from blog.app.llm.runs.search_store import WORDS

# The database's own clock, which also ended the run.
IS_OVER = """
    run.id > %(after)s AND run.status = %(status)s
    AND run.finished_at < now() - make_interval(days => %(days)s)
"""
# Words of a post come from it, or may still: then the run stays.
IS_NEEDED = """
    EXISTS (SELECT FROM field_revision WHERE field_revision.llm_run_id = run.id)
    OR EXISTS (SELECT FROM workflow_automation AS automation
               JOIN suggestion ON suggestion.workflow_automation_id = automation.id
               WHERE automation.llm_run_id = run.id AND suggestion.status = 'waiting')
"""
# Which inputs there were, without their values: llm/runs/sight.py goes by it.
NAMES_OF_INPUTS = """
    jsonb_build_object(
        'post', (SELECT coalesce(jsonb_object_agg(name, NULL::text), '{}')
                 FROM jsonb_object_keys(inputs->'post') AS name),
        'section', (SELECT coalesce(jsonb_object_agg(name, NULL::text), '{}')
                    FROM jsonb_object_keys(nullif(inputs->'section', 'null')) AS name),
        'sections', jsonb_build_array((
            SELECT coalesce(jsonb_object_agg(name, NULL::text), '{}')
            FROM jsonb_array_elements(inputs->'sections') AS section, jsonb_object_keys(section) AS name)),
        'selection', NULL, 'input', jsonb_build_object())
"""


def list_rules(conn: db.Connection) -> list[RetentionRule]:
    return db.many(
        conn,
        RetentionRule,
        """
        SELECT what, status, days, person.name AS user_name, llm_retention.updated_at
        FROM llm_retention JOIN app_user AS person ON person.id = llm_retention.app_user_id
        ORDER BY what, status
        """,
    )


def upsert_rule(conn: db.Connection, what: What, status: EndStatus, days: int, user_id: int) -> None:
    db.run(
        conn,
        """
        INSERT INTO llm_retention (what, status, days, app_user_id) VALUES (%s, %s, %s, %s)
        ON CONFLICT ON CONSTRAINT llm_retention_pkey
        DO UPDATE SET days = EXCLUDED.days, app_user_id = EXCLUDED.app_user_id, updated_at = now()
        WHERE llm_retention.days <> EXCLUDED.days
        """,
        (what, status, days, user_id),
    )


def delete_rule(conn: db.Connection, what: What, status: EndStatus) -> None:
    db.run(conn, "DELETE FROM llm_retention WHERE what = %s AND status = %s", (what, status))


def try_lock(conn: db.Connection) -> bool:
    """Whether no other worker is at it; until the transaction ends."""
    return db.scalar(conn, "SELECT pg_try_advisory_xact_lock(hashtext('llm_retention'))")


def drop_replies(conn: db.Connection, status: EndStatus, days: int, *, after: int, limit: int) -> list[int]:
    """The raw bytes of runs and of their failed calls; the text that was read from them stays."""
    rows = conn.execute(
        f"""
        WITH over AS (
            SELECT run.id FROM llm_run AS run
            WHERE {IS_OVER} AND run.reply_dropped_at IS NULL
              AND (run.raw_reply IS NOT NULL
                   OR EXISTS (SELECT FROM llm_run_try AS tried
                              WHERE tried.llm_run_id = run.id AND tried.raw_reply IS NOT NULL))
            ORDER BY run.id LIMIT %(limit)s
        ), calls AS (
            UPDATE llm_run_try SET raw_reply = NULL FROM over WHERE llm_run_id = over.id
        )
        UPDATE llm_run SET raw_reply = NULL, reply_dropped_at = now() FROM over WHERE llm_run.id = over.id
        RETURNING llm_run.id
        """,
        {"status": status, "days": days, "after": after, "limit": limit},
    )
    return [run_id for (run_id,) in rows]


def drop_messages(conn: db.Connection, status: EndStatus, days: int, *, after: int, limit: int) -> list[int]:
    """Messages, the values of inputs, and requests; answers which runs it was.

    Which inputs there were stays: who may see the answer goes by what it was made of.
    """
    rows = conn.execute(
        f"""
        WITH over AS (
            SELECT run.id FROM llm_run AS run
            WHERE {IS_OVER} AND run.messages_dropped_at IS NULL
            ORDER BY run.id LIMIT %(limit)s
        ), calls AS (
            UPDATE llm_run_try SET request_body = NULL FROM over WHERE llm_run_id = over.id
        )
        UPDATE llm_run
        SET messages = '[]', inputs = {NAMES_OF_INPUTS}, request_body = NULL, messages_dropped_at = now()
        FROM over WHERE llm_run.id = over.id
        RETURNING llm_run.id
        """,
        {"status": status, "days": days, "after": after, "limit": limit},
    )
    return [run_id for (run_id,) in rows]


def update_words(conn: db.Connection, run_ids: Sequence[int]) -> None:
    """Lets a search find no words of messages that are gone."""
    db.run(
        conn,
        f"""
        UPDATE llm_run_words SET words = {WORDS}
        FROM llm_run AS run WHERE run.id = llm_run_id AND run.id = ANY(%s)
        """,
        (list(run_ids),),
    )


def list_over(conn: db.Connection, status: EndStatus, days: int, *, after: int, limit: int) -> list[int]:
    """Runs that may be removed: no revision names them, no suggestion of theirs waits, no run follows."""
    rows = conn.execute(
        f"""
        SELECT run.id FROM llm_run AS run
        WHERE {IS_OVER} AND NOT ({IS_NEEDED})
          AND NOT EXISTS (SELECT FROM llm_run AS next WHERE next.retry_of_id = run.id)
          AND NOT EXISTS (SELECT FROM llm_run AS next WHERE next.refines_id = run.id)
          AND NOT EXISTS (SELECT FROM llm_run AS next WHERE next.replay_of_id = run.id)
          AND NOT EXISTS (SELECT FROM llm_run AS next WHERE next.repair_of_id = run.id)
        ORDER BY run.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        """,
        {"status": status, "days": days, "after": after, "limit": limit},
    )
    return [run_id for (run_id,) in rows]


def insert_removal(conn: db.Connection, run_id: int) -> None:
    """Notes on which day the run had ended: what was counted of that day is not counted again."""
    db.run(
        conn,
        """
        INSERT INTO llm_run_removal (day, runs)
        SELECT (finished_at AT TIME ZONE 'UTC')::date, 1 FROM llm_run WHERE id = %s
        ON CONFLICT ON CONSTRAINT llm_run_removal_pkey DO UPDATE SET runs = llm_run_removal.runs + 1
        """,
        (run_id,),
    )


def delete_suggestion(conn: db.Connection, run_id: int) -> None:
    db.run(
        conn,
        """
        DELETE FROM suggestion USING workflow_automation AS automation
        WHERE automation.id = suggestion.workflow_automation_id AND automation.llm_run_id = %s
        """,
        (run_id,),
    )


def delete_automation(conn: db.Connection, run_id: int) -> None:
    db.run(conn, "DELETE FROM workflow_automation WHERE llm_run_id = %s", (run_id,))


def delete_words(conn: db.Connection, run_id: int) -> None:
    db.run(conn, "DELETE FROM llm_run_words WHERE llm_run_id = %s", (run_id,))


def delete_tries(conn: db.Connection, run_id: int) -> None:
    db.run(conn, "DELETE FROM llm_run_try WHERE llm_run_id = %s", (run_id,))


def delete_events(conn: db.Connection, run_id: int) -> None:
    db.run(conn, "DELETE FROM llm_run_event WHERE llm_run_id = %s", (run_id,))


def delete_run(conn: db.Connection, run_id: int) -> None:
    db.run(conn, "DELETE FROM llm_run WHERE id = %s", (run_id,))
