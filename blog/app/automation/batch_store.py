"""The statements about batches and their steps. How far a step is follows from its newest run."""

from collections.abc import Sequence

from blog.app import db
from blog.app.automation.batch_models import Acceptance, BatchRow, BatchStep

BATCH = """
    SELECT batch.id, batch.post_id, batch.workflow_sub_stage_id AS sub_stage_id,
           coalesce(batch.workflow_sub_stage_id, field.workflow_sub_stage_id) AS place_id,
           coalesce(sub_stage.label, field.label) AS label, batch.acceptance, batch.llm_model_id AS model_id,
           batch.app_user_id AS user_id, app_user.name AS user_name, batch.created_at, batch.stopped_at
    FROM automation_batch AS batch
    JOIN app_user ON app_user.id = batch.app_user_id
    LEFT JOIN workflow_field AS field ON field.id = batch.workflow_field_id
    LEFT JOIN workflow_sub_stage AS sub_stage ON sub_stage.id = batch.workflow_sub_stage_id
"""
IS_SEEN = """
    (%(seen)s::bigint[] IS NULL
     OR coalesce(batch.workflow_sub_stage_id, field.workflow_sub_stage_id) = ANY(%(seen)s))
"""


def insert_batch(
    conn: db.Connection,
    *,
    post_id: int,
    field_id: int | None,
    sub_stage_id: int | None,
    acceptance: Acceptance,
    model_id: int | None,
    user_id: int | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO automation_batch
            (post_id, workflow_field_id, workflow_sub_stage_id, acceptance, llm_model_id, app_user_id)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (post_id, field_id, sub_stage_id, acceptance, model_id, user_id),
    )


def insert_step(
    conn: db.Connection, batch_id: int, *, post_id: int, section_id: int | None, field_id: int
) -> int:
    """Behind the batch's other steps: ids are in their order."""
    return db.scalar(
        conn,
        """
        INSERT INTO automation_batch_step (automation_batch_id, post_id, post_section_id, workflow_field_id)
        VALUES (%s, %s, %s, %s) RETURNING id
        """,
        (batch_id, post_id, section_id, field_id),
    )


def update_step_problem(conn: db.Connection, step_id: int, problem: str) -> None:
    db.run(conn, "UPDATE automation_batch_step SET problem = %s WHERE id = %s", (problem, step_id))


def update_stopped(conn: db.Connection, batch_id: int) -> int:
    return db.run(
        conn,
        "UPDATE automation_batch SET stopped_at = clock_timestamp() WHERE id = %s AND stopped_at IS NULL",
        (batch_id,),
    )


def lock_batch(conn: db.Connection, batch_id: int) -> None:
    """Whoever takes a batch further does it alone."""
    conn.execute("SELECT FROM automation_batch WHERE id = %s FOR UPDATE", (batch_id,))


def find_batch(conn: db.Connection, batch_id: int, seen: Sequence[int] | None) -> BatchRow | None:
    """`seen`: if it is about one of these sub-stages; None: about whichever."""
    return db.one(
        conn,
        BatchRow,
        f"{BATCH} WHERE batch.id = %(batch_id)s AND {IS_SEEN}",
        {"batch_id": batch_id, "seen": seen},
    )


def list_batches(
    conn: db.Connection, post_id: int, seen: Sequence[int] | None, *, limit: int
) -> list[BatchRow]:
    """Newest first; `seen` as in find_batch."""
    return db.many(
        conn,
        BatchRow,
        f"{BATCH} WHERE batch.post_id = %(post_id)s AND {IS_SEEN} ORDER BY batch.id DESC LIMIT %(limit)s",
        {"post_id": post_id, "seen": seen, "limit": limit},
    )


def find_batch_of_run(conn: db.Connection, run_id: int) -> int | None:
    """The batch whose steps follow each other and one of which this run is for."""
    return db.scalar(
        conn,
        """
        SELECT batch.id FROM workflow_automation AS automation
        JOIN automation_batch_step AS step ON step.id = automation.automation_batch_step_id
        JOIN automation_batch AS batch ON batch.id = step.automation_batch_id
        WHERE automation.llm_run_id = %s AND batch.workflow_sub_stage_id IS NOT NULL
        """,
        (run_id,),
    )


def list_steps(conn: db.Connection, batch_id: int) -> list[BatchStep]:
    """In their order, each with its newest run."""
    return db.many(
        conn,
        BatchStep,
        """
        SELECT step.id, step.post_section_id AS section_id, coalesce(heading.value, '') AS section_heading,
               field.name AS field_name, field.label AS field_label, step.problem, newest.run_id,
               newest.error_message, newest.suggestion_id,
               CASE WHEN step.problem <> '' THEN 'left_out'
                    WHEN newest.run_id IS NULL THEN 'later'
                    WHEN newest.run_status IN ('queued', 'running') THEN 'working'
                    WHEN newest.suggestion_status = 'waiting' THEN 'waiting'
                    WHEN newest.suggestion_id IS NOT NULL THEN 'done'
                    ELSE 'failed' END AS state
        FROM automation_batch_step AS step
        JOIN workflow_field AS field ON field.id = step.workflow_field_id
        LEFT JOIN LATERAL (
            SELECT run.id AS run_id, run.status AS run_status, run.error_message,
                   suggestion.id AS suggestion_id, suggestion.status AS suggestion_status
            FROM workflow_automation AS automation
            JOIN llm_run AS run ON run.id = automation.llm_run_id
            LEFT JOIN suggestion ON suggestion.workflow_automation_id = automation.id
            WHERE automation.automation_batch_step_id = step.id
            ORDER BY automation.id DESC LIMIT 1
        ) AS newest ON true
        LEFT JOIN LATERAL (
            SELECT revision.value FROM field_revision AS revision
            JOIN workflow_field AS naming ON naming.id = revision.workflow_field_id
            WHERE revision.post_id = step.post_id AND revision.post_section_id = step.post_section_id
              AND revision.superseded_at IS NULL AND naming.title_rank IS NOT NULL AND revision.value <> ''
            ORDER BY naming.title_rank LIMIT 1
        ) AS heading ON true
        WHERE step.automation_batch_id = %s
        ORDER BY step.id
        """,
        (batch_id,),
    )
