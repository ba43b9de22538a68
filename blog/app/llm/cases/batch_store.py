"""SQL of batches of cases and of their results."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.cases.models import Asked, BatchRow, ColumnRow, NewestResult, Result, Stand
from blog.app.llm.cases.sight import condition
from blog.app.llm.runs.sight import params

# A verdict is written once an answer was held to its checks; until then, and without one, the newest run
# says how it stands.
STATE = """
    CASE
        WHEN result.problem <> '' THEN 'left_out'
        WHEN result.verdict IS NOT NULL THEN result.verdict
        WHEN run.status = 'queued' THEN 'waiting'
        WHEN run.status = 'running' THEN 'working'
        WHEN run.status = 'invalid' THEN 'failed'
        WHEN run.status = 'cancelled' THEN 'stopped'
        WHEN run.status = 'failed' THEN 'error'
        WHEN judge.status IN ('queued', 'running') THEN 'judging'
        ELSE 'not_judged'
    END AS state
"""
RUNS = """
    LEFT JOIN LATERAL (
        SELECT newest.* FROM llm_case_run AS link JOIN llm_run AS newest ON newest.id = link.llm_run_id
        WHERE link.llm_case_result_id = result.id AND NOT link.is_judge
        ORDER BY newest.id DESC LIMIT 1
    ) AS run ON true
    LEFT JOIN LATERAL (
        SELECT newest.* FROM llm_case_run AS link JOIN llm_run AS newest ON newest.id = link.llm_run_id
        WHERE link.llm_case_result_id = result.id AND link.is_judge AND newest.id > run.id
        ORDER BY newest.id DESC LIMIT 1
    ) AS judge ON true
"""
NEWEST_CONTENT = """
    (SELECT newest.id FROM llm_case_version AS newest WHERE newest.llm_case_id = tried.id
     ORDER BY newest.number DESC LIMIT 1)
"""
BATCH = """
    SELECT batch.id, batch.llm_action_id AS action_id, action.label AS action_label,
           batch.llm_action_version_id AS version_id, version.number AS version_number,
           batch.llm_model_id AS model_id, model.label AS model_label, provider.is_rehearsal,
           batch.wordings, batch.part_version_ids, batch.app_user_id AS user_id, person.name AS user_name,
           batch.created_at, batch.stopped_at
    FROM llm_case_batch AS batch
    JOIN llm_action AS action ON action.id = batch.llm_action_id
    JOIN llm_action_version AS version ON version.id = batch.llm_action_version_id
    JOIN llm_model AS model ON model.id = batch.llm_model_id
    JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
    LEFT JOIN app_user AS person ON person.id = batch.app_user_id
"""


def lock_action(conn: db.Connection, action_id: int) -> None:
    """Lets one start of an action's cases through at a time, until the transaction ends."""
    conn.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"cases {action_id}",))


def lock_batch(conn: db.Connection, batch_id: int) -> None:
    conn.execute("SELECT id FROM llm_case_batch WHERE id = %s FOR UPDATE", (batch_id,))


def find_batch(conn: db.Connection, batch_id: int) -> BatchRow | None:
    return db.one(conn, BatchRow, f"{BATCH} WHERE batch.id = %s", (batch_id,))


def list_batches(conn: db.Connection, action_id: int, *, limit: int) -> list[BatchRow]:
    """Newest first."""
    return db.many(
        conn,
        BatchRow,
        f"{BATCH} WHERE batch.llm_action_id = %s ORDER BY batch.id DESC LIMIT %s",
        (action_id, limit),
    )


def find_batch_of_run(conn: db.Connection, run_id: int) -> int | None:
    return db.scalar(
        conn,
        """
        SELECT result.llm_case_batch_id FROM llm_case_run AS link
        JOIN llm_case_result AS result ON result.id = link.llm_case_result_id
        WHERE link.llm_run_id = %s
        """,
        (run_id,),
    )


def find_open_batch(conn: db.Connection, *, version_id: int, model_id: int, wordings: str) -> int | None:
    """A batch of the same with runs that have not ended."""
    return db.scalar(
        conn,
        """
        SELECT batch.id FROM llm_case_batch AS batch
        WHERE batch.llm_action_version_id = %s AND batch.llm_model_id = %s AND batch.wordings = %s
          AND EXISTS (SELECT FROM llm_case_result AS result
                      JOIN llm_case_run AS link ON link.llm_case_result_id = result.id
                      JOIN llm_run AS run ON run.id = link.llm_run_id
                      WHERE result.llm_case_batch_id = batch.id AND run.status IN ('queued', 'running'))
        ORDER BY batch.id DESC LIMIT 1
        """,
        (version_id, model_id, wordings),
    )


def insert_batch(
    conn: db.Connection,
    *,
    action_id: int,
    version_id: int,
    model_id: int,
    wordings: str,
    part_version_ids: Sequence[int],
    user_id: int | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_case_batch (llm_action_id, llm_action_version_id, llm_model_id, wordings,
                                    part_version_ids, app_user_id)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (action_id, version_id, model_id, wordings, list(part_version_ids), user_id),
    )


def update_stopped(conn: db.Connection, batch_id: int, *, is_stopped: bool) -> int:
    return db.run(
        conn,
        "UPDATE llm_case_batch SET stopped_at = CASE WHEN %s THEN now() END WHERE id = %s",
        (is_stopped, batch_id),
    )


# --- results -------------------------------------------------------------------------------------


def insert_result(conn: db.Connection, batch_id: int, case_version_id: int) -> int:
    return db.scalar(
        conn,
        "INSERT INTO llm_case_result (llm_case_batch_id, llm_case_version_id) VALUES (%s, %s) RETURNING id",
        (batch_id, case_version_id),
    )


def reset_result(conn: db.Connection, result_id: int, *, problem: str) -> None:
    """Before it is tried again, or with the reason why it cannot be."""
    db.run(
        conn,
        """
        UPDATE llm_case_result
        SET problem = %s, verdict = NULL, checks = '[]', score = NULL, decided_at = NULL
        WHERE id = %s
        """,
        (problem, result_id),
    )


def insert_case_run(conn: db.Connection, result_id: int, run_id: int, *, is_judge: bool) -> None:
    db.run(
        conn,
        "INSERT INTO llm_case_run (llm_run_id, llm_case_result_id, is_judge) VALUES (%s, %s, %s)",
        (run_id, result_id, is_judge),
    )


def copy_case_run(conn: db.Connection, run_id: int, child_id: int) -> int:
    """A repair belongs to the result its run belongs to."""
    return db.run(
        conn,
        """
        INSERT INTO llm_case_run (llm_run_id, llm_case_result_id, is_judge)
        SELECT %s, llm_case_result_id, is_judge FROM llm_case_run WHERE llm_run_id = %s
        """,
        (child_id, run_id),
    )


def find_asked(conn: db.Connection, run_id: int) -> Asked | None:
    return db.one(
        conn,
        Asked,
        """
        SELECT result.id AS result_id, run.post_id, content.checks, content.reference, content.inputs,
               content.judge_action_id, content.judge_model_id, content.judge_criteria,
               content.judge_least, version.output_kind, batch.llm_model_id AS asked_model_id,
               asked.label AS asked_model_label, run.llm_model_id AS model_id, model.label AS model_label,
               run.messages, result.checks AS held, batch.app_user_id AS user_id,
               batch.stopped_at IS NOT NULL AS is_stopped
        FROM llm_case_run AS link
        JOIN llm_run AS run ON run.id = link.llm_run_id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_case_result AS result ON result.id = link.llm_case_result_id
        JOIN llm_case_version AS content ON content.id = result.llm_case_version_id
        JOIN llm_case_batch AS batch ON batch.id = result.llm_case_batch_id
        JOIN llm_model AS asked ON asked.id = batch.llm_model_id
        JOIN llm_action_version AS version ON version.id = batch.llm_action_version_id
        WHERE link.llm_run_id = %s
        """,
        (run_id,),
    )


def update_verdict(
    conn: db.Connection,
    result_id: int,
    *,
    checks: Sequence[Mapping[str, Any]],
    verdict: str | None,
    score: Decimal | None = None,
) -> None:
    """`verdict` None: it is still to be judged, or could not be."""
    db.run(
        conn,
        """
        UPDATE llm_case_result
        SET checks = %(checks)s, verdict = %(verdict)s, score = %(score)s,
            decided_at = CASE WHEN %(verdict)s::text IS NOT NULL THEN clock_timestamp() END
        WHERE id = %(result_id)s
        """,
        {"checks": db.jsonb(list(checks)), "verdict": verdict, "score": score, "result_id": result_id},
    )


def list_results(conn: db.Connection, actor: Actor, batch_id: int) -> list[Result]:
    return db.many(
        conn,
        Result,
        f"""
        SELECT result.id, result.llm_case_batch_id AS batch_id, tried.id AS case_id,
               content.id AS case_version_id, tried.name AS case_name, content.number AS case_number,
               tried.is_required, content.id = {NEWEST_CONTENT} AS is_current,
               NOT {condition(actor)} AS is_hidden, {STATE},
               result.problem, result.checks, result.score, run.id AS run_id, judge.id AS judge_run_id,
               coalesce(run.error_message, judge.error_message) AS error_message,
               coalesce(run.check_problems, '{{}}') AS check_problems,
               spent.usage_input, spent.usage_output, spent.cost, spent.cost_currency,
               extract(epoch FROM run.finished_at - run.started_at)::float8 AS seconds
        FROM llm_case_result AS result
        JOIN llm_case_version AS content ON content.id = result.llm_case_version_id
        JOIN llm_case AS tried ON tried.id = content.llm_case_id
        {RUNS}
        LEFT JOIN LATERAL (
            SELECT sum(paid.usage_input)::int AS usage_input, sum(paid.usage_output)::int AS usage_output,
                   CASE WHEN count(DISTINCT paid.cost_currency) = 1
                         AND bool_and(paid.cost IS NOT NULL) FILTER (WHERE paid.request_body IS NOT NULL
                                                                       AND paid.finished_at IS NOT NULL)
                        THEN sum(paid.cost) END AS cost,
                   max(paid.cost_currency) AS cost_currency
            FROM llm_case_run AS link JOIN llm_run AS paid ON paid.id = link.llm_run_id
            WHERE link.llm_case_result_id = result.id
        ) AS spent ON true
        WHERE result.llm_case_batch_id = %(batch_id)s
        ORDER BY tried.id
        """,
        {"batch_id": batch_id, **params(actor)},
    )


def list_open_runs(conn: db.Connection, batch_id: int) -> list[int]:
    rows = conn.execute(
        """
        SELECT run.id FROM llm_case_result AS result
        JOIN llm_case_run AS link ON link.llm_case_result_id = result.id
        JOIN llm_run AS run ON run.id = link.llm_run_id
        WHERE result.llm_case_batch_id = %s AND run.status IN ('queued', 'running')
        ORDER BY run.id
        """,
        (batch_id,),
    ).fetchall()
    return [row[0] for row in rows]


# --- over versions -------------------------------------------------------------------------------


def list_stands(
    conn: db.Connection, action_id: int, *, version_id: int, model_id: int, wordings: str
) -> list[Stand]:
    """Each case that is not archived, with the newest result that was decided on it as all of it is now."""
    return db.many(
        conn,
        Stand,
        f"""
        SELECT tried.id AS case_id, tried.name, tried.is_required, decided.state, decided.batch_id
        FROM llm_case AS tried
        LEFT JOIN LATERAL (
            SELECT standing.* FROM (
                SELECT result.id, batch.id AS batch_id, {STATE}
                FROM llm_case_result AS result
                JOIN llm_case_batch AS batch ON batch.id = result.llm_case_batch_id
                {RUNS}
                WHERE result.llm_case_version_id = {NEWEST_CONTENT}
                  AND batch.llm_action_version_id = %(version_id)s
                  AND batch.llm_model_id = %(model_id)s AND batch.wordings = %(wordings)s
            ) AS standing
            WHERE standing.state IN ('passed', 'failed', 'not_judged')
            ORDER BY standing.id DESC LIMIT 1
        ) AS decided ON true
        WHERE tried.llm_action_id = %(action_id)s AND tried.archived_at IS NULL
        ORDER BY tried.id
        """,
        {"action_id": action_id, "version_id": version_id, "model_id": model_id, "wordings": wordings},
    )


def list_columns(conn: db.Connection, action_id: int) -> list[ColumnRow]:
    """The versions and models that cases were run with, the newest version first."""
    return db.many(
        conn,
        ColumnRow,
        """
        SELECT version.id AS version_id, version.number AS version_number,
               model.id AS model_id, model.label AS model_label
        FROM llm_case_batch AS batch
        JOIN llm_action_version AS version ON version.id = batch.llm_action_version_id
        JOIN llm_model AS model ON model.id = batch.llm_model_id
        WHERE batch.llm_action_id = %s
        GROUP BY version.id, version.number, model.id, model.label
        ORDER BY version.number DESC, max(batch.id) DESC
        """,
        (action_id,),
    )


def list_newest_results(conn: db.Connection, action_id: int) -> list[NewestResult]:
    """The newest result of each case on each version with each model, whatever became of it."""
    return db.many(
        conn,
        NewestResult,
        f"""
        SELECT newest.case_id, newest.version_id, newest.model_id, newest.batch_id, newest.wordings,
               newest.is_newest_content, {STATE}
        FROM (
            SELECT DISTINCT ON (tried.id, batch.llm_action_version_id, batch.llm_model_id)
                   result.id AS result_id, tried.id AS case_id,
                   batch.llm_action_version_id AS version_id, batch.llm_model_id AS model_id,
                   batch.id AS batch_id, batch.wordings,
                   result.llm_case_version_id = {NEWEST_CONTENT} AS is_newest_content
            FROM llm_case_result AS result
            JOIN llm_case_batch AS batch ON batch.id = result.llm_case_batch_id
            JOIN llm_case_version AS content ON content.id = result.llm_case_version_id
            JOIN llm_case AS tried ON tried.id = content.llm_case_id
            WHERE batch.llm_action_id = %s AND tried.archived_at IS NULL
            ORDER BY tried.id, batch.llm_action_version_id, batch.llm_model_id, result.id DESC
        ) AS newest
        JOIN llm_case_result AS result ON result.id = newest.result_id
        {RUNS}
        """,
        (action_id,),
    )
