"""SQL of runs and their events. A worker's writes name its attempt: one that lost its run writes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from blog.app import db
from blog.app.llm.runs.models import (
    ClaimedRun,
    EventKind,
    Exchange,
    Run,
    RunEvent,
    RunPurpose,
    RunStatus,
    Try,
    Turn,
)

RUN = """
    run.id, version.llm_action_id AS action_id, action.label AS action_label,
    run.llm_action_version_id AS action_version_id, version.number AS action_version,
    run.llm_model_id AS model_id, model.name AS model_name, provider.label AS provider_label,
    provider.is_rehearsal, run.status, run.purpose, run.attempt, run.retry_of_id, run.refines_id,
    run.replay_of_id, run.repair_of_id, run.repair_number,
    (SELECT repair.id FROM llm_run AS repair WHERE repair.repair_of_id = run.id) AS repaired_by_id,
    run.workflow_field_id AS field_id, run.llm_action_split_id AS split_id,
    run.app_user_id AS user_id, person.name AS user_name,
    run.messages, run.dropped,
    run.output, run.reasoning, run.checked_output, run.check_problems, run.check_repairs,
    run.has_replaced_chars, run.finish, run.finish_raw,
    run.usage_input, run.usage_output, run.usage_cached, run.usage_cache_write, run.usage_reasoning,
    run.cost, run.cost_currency, run.error_kind, run.error_message, run.error_retryable,
    run.created_at, run.cancel_requested_at, run.started_at, run.first_text_at, run.finished_at,
    run.messages_dropped_at, run.reply_dropped_at
"""
RUN_FROM = """
    FROM llm_run AS run
    JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
    JOIN llm_action AS action ON action.id = version.llm_action_id
    JOIN llm_model AS model ON model.id = run.llm_model_id
    JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
    LEFT JOIN app_user AS person ON person.id = run.app_user_id
"""


def insert_run(
    conn: db.Connection,
    *,
    action_version_id: int,
    model_id: int,
    purpose: RunPurpose,
    user_id: int | None,
    api_token_id: int | None,
    retry_of_id: int | None = None,
    refines_id: int | None = None,
    replay_of_id: int | None = None,
    repair_of_id: int | None = None,
    repair_number: int = 0,
    post_id: int | None = None,
    field_id: int | None = None,
    split_id: int | None = None,
    inputs: Mapping[str, Any],
    fence: str,
    messages: Sequence[Mapping[str, Any]],
    idempotency_key: str | None = None,
    idempotency_digest: bytes | None = None,
) -> int | None:
    """The new run's id, or None when this person has used the idempotency key before.

    What comes of another run is made of the same post.
    """
    return db.scalar(
        conn,
        """
        INSERT INTO llm_run (llm_action_version_id, llm_model_id, purpose, app_user_id, api_token_id,
                             retry_of_id, refines_id, replay_of_id, repair_of_id, repair_number, post_id,
                             workflow_field_id, llm_action_split_id, inputs, fence, messages, idempotency_key,
                             idempotency_digest)
        VALUES (%(action_version_id)s, %(model_id)s, %(purpose)s, %(user_id)s, %(api_token_id)s,
                %(retry_of_id)s, %(refines_id)s, %(replay_of_id)s, %(repair_of_id)s, %(repair_number)s,
                coalesce(%(post_id)s::bigint, (SELECT post_id FROM llm_run WHERE id = coalesce(
                    %(retry_of_id)s::bigint, %(refines_id)s, %(replay_of_id)s, %(repair_of_id)s))),
                %(field_id)s, %(split_id)s, %(inputs)s, %(fence)s, %(messages)s, %(idempotency_key)s,
                %(idempotency_digest)s)
        ON CONFLICT ON CONSTRAINT llm_run_idempotency_key DO NOTHING
        RETURNING id
        """,
        {
            "action_version_id": action_version_id,
            "model_id": model_id,
            "purpose": purpose,
            "user_id": user_id,
            "api_token_id": api_token_id,
            "retry_of_id": retry_of_id,
            "refines_id": refines_id,
            "replay_of_id": replay_of_id,
            "repair_of_id": repair_of_id,
            "repair_number": repair_number,
            "post_id": post_id,
            "field_id": field_id,
            "split_id": split_id,
            "inputs": db.jsonb(inputs),
            "fence": fence,
            "messages": db.jsonb(messages),
            "idempotency_key": idempotency_key,
            "idempotency_digest": idempotency_digest,
        },
    )


def find_digest(conn: db.Connection, user_id: int | None, key: str) -> tuple[int, bytes] | None:
    """The run that used this idempotency key, and the digest of the request that did."""
    return conn.execute(
        "SELECT id, idempotency_digest FROM llm_run WHERE app_user_id = %s AND idempotency_key = %s",
        (user_id, key),
    ).fetchone()


def find_run(conn: db.Connection, run_id: int) -> Run | None:
    return db.one(conn, Run, f"SELECT {RUN} {RUN_FROM} WHERE run.id = %s", (run_id,))


def find_status(conn: db.Connection, run_id: int) -> RunStatus | None:
    return db.scalar(conn, "SELECT status FROM llm_run WHERE id = %s", (run_id,))


def find_exchange(conn: db.Connection, run_id: int) -> Exchange | None:
    return db.one(
        conn,
        Exchange,
        "SELECT request_url, request_body, raw_reply, inputs, fence FROM llm_run WHERE id = %s",
        (run_id,),
    )


def list_thread(conn: db.Connection, run_id: int) -> list[Turn]:
    """The tree of runs that went on from one another, each behind the one it follows."""
    return db.many(
        conn,
        Turn,
        """
        WITH RECURSIVE before AS (
            SELECT id, coalesce(refines_id, repair_of_id) AS follows FROM llm_run WHERE id = %s
            UNION ALL
            SELECT run.id, coalesce(run.refines_id, run.repair_of_id)
            FROM llm_run AS run JOIN before ON run.id = before.follows
        ), thread AS (
            SELECT id, ARRAY[id] AS path FROM before WHERE follows IS NULL
            UNION ALL
            SELECT run.id, path || run.id
            FROM llm_run AS run JOIN thread ON thread.id IN (run.refines_id, run.repair_of_id)
        )
        SELECT run.id AS run_id, cardinality(path) - 1 AS depth,
               CASE WHEN run.refines_id IS NULL THEN '' ELSE coalesce(run.messages->-1->>'content', '') END
                   AS instruction,
               run.status, model.name AS model_name, person.name AS user_name
        FROM thread
        JOIN llm_run AS run ON run.id = thread.id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        LEFT JOIN app_user AS person ON person.id = run.app_user_id
        ORDER BY path
        """,
        (run_id,),
    )


def count_active(conn: db.Connection) -> int:
    return db.scalar(conn, "SELECT count(*) FROM llm_run WHERE status IN ('queued', 'running')")


# --- what a worker does --------------------------------------------------------------------------


def claim_run(conn: db.Connection, run_id: int, attempt: int) -> ClaimedRun | None:
    """Takes a run up: queued, or left by an older attempt. None: it is finished, or someone else's."""
    return db.one(
        conn,
        ClaimedRun,
        """
        WITH claimed AS (
            UPDATE llm_run
            SET status = 'running', attempt = %(attempt)s, started_at = clock_timestamp()
            WHERE id = %(run_id)s AND (status = 'queued' OR (status = 'running' AND attempt < %(attempt)s))
            RETURNING *
        ), event AS (
            INSERT INTO llm_run_event (llm_run_id, kind, data)
            SELECT id, 'started', jsonb_build_object('attempt', attempt) FROM claimed
            RETURNING llm_run_id
        ), told AS (
            SELECT pg_notify('llm_run_event', llm_run_id::text) FROM event
        )
        SELECT id, attempt, llm_action_version_id AS action_version_id, llm_model_id AS model_id,
               messages, inputs, fence, purpose, app_user_id AS user_id, api_token_id,
               replay_of_id, repair_number, workflow_field_id AS field_id,
               llm_action_split_id AS split_id,
               cancel_requested_at IS NOT NULL AS is_cancel_requested
        FROM claimed, told
        """,
        {"run_id": run_id, "attempt": attempt},
    )


def update_request(
    conn: db.Connection,
    run_id: int,
    attempt: int,
    *,
    model_id: int,
    url: str,
    body: str,
    dropped: Sequence[Any],
) -> int:
    return db.run(
        conn,
        """
        UPDATE llm_run SET llm_model_id = %s, request_url = %s, request_body = %s, dropped = %s
        WHERE id = %s AND attempt = %s AND status = 'running'
        """,
        (model_id, url, body, db.jsonb(list(dropped)), run_id, attempt),
    )


def insert_try(
    conn: db.Connection,
    run_id: int,
    *,
    model_id: int,
    raw_reply: bytes | None,
    error_kind: str,
    error_message: str,
    waited_s: float | None,
) -> None:
    """Keeps the run's last call, which failed, before another one takes its place."""
    db.run(
        conn,
        """
        INSERT INTO llm_run_try (llm_run_id, llm_model_id, request_url, request_body, raw_reply,
                                 error_kind, error_message, waited_seconds)
        SELECT id, %(model_id)s, request_url, request_body, %(raw_reply)s,
               %(error_kind)s, %(error_message)s, %(waited_s)s
        FROM llm_run WHERE id = %(run_id)s
        """,
        {
            "run_id": run_id,
            "model_id": model_id,
            "raw_reply": raw_reply,
            "error_kind": error_kind,
            "error_message": error_message,
            "waited_s": waited_s,
        },
    )


def list_tries(conn: db.Connection, run_id: int) -> list[Try]:
    return db.many(
        conn,
        Try,
        """
        SELECT model.name AS model_name, request_body, error_kind, error_message, waited_seconds,
               llm_run_try.created_at
        FROM llm_run_try JOIN llm_model AS model ON model.id = llm_model_id
        WHERE llm_run_id = %s ORDER BY llm_run_try.id
        """,
        (run_id,),
    )


def insert_event(
    conn: db.Connection,
    run_id: int,
    attempt: int,
    kind: EventKind,
    data: Mapping[str, Any],
    *,
    may_be_lost: bool = False,
) -> bool:
    """Appends an event and wakes the watchers. False: the run is not this attempt's any more.

    `may_be_lost`: this transaction, which must be of nothing else, does not wait for the disk.
    """
    appended = conn.execute(
        """
        WITH event AS (
            INSERT INTO llm_run_event (llm_run_id, kind, data)
            SELECT id, %(kind)s, %(data)s FROM llm_run
            WHERE id = %(run_id)s AND attempt = %(attempt)s AND status = 'running'
            RETURNING llm_run_id
        )
        SELECT pg_notify('llm_run_event', llm_run_id::text),
               CASE WHEN %(may_be_lost)s THEN set_config('synchronous_commit', 'off', true) END
        FROM event
        """,
        {
            "run_id": run_id,
            "attempt": attempt,
            "kind": kind,
            "data": db.jsonb(data),
            "may_be_lost": may_be_lost,
        },
    ).fetchone()
    return appended is not None


def finish_run(conn: db.Connection, run_id: int, attempt: int, outcome: Mapping[str, Any]) -> bool:
    """Ends a run for good. False: it is not this attempt's any more, and nothing may follow from it."""
    return (
        db.run(
            conn,
            """
            UPDATE llm_run
            SET status = %(status)s, output = %(output)s, reasoning = %(reasoning)s,
                checked_output = %(checked_output)s, check_problems = %(check_problems)s,
                check_repairs = %(check_repairs)s, has_replaced_chars = %(has_replaced_chars)s,
                raw_reply = %(raw_reply)s, finish = %(finish)s, finish_raw = %(finish_raw)s,
                usage_input = %(usage_input)s, usage_output = %(usage_output)s,
                usage_cached = %(usage_cached)s, usage_cache_write = %(usage_cache_write)s,
                usage_reasoning = %(usage_reasoning)s, cost = %(cost)s, cost_currency = %(cost_currency)s,
                error_kind = %(error_kind)s, error_message = %(error_message)s,
                error_retryable = %(error_retryable)s, finished_at = clock_timestamp(),
                first_text_at = started_at + make_interval(secs => %(first_text_s)s)
            WHERE id = %(run_id)s AND attempt = %(attempt)s AND status = 'running'
            """,
            {**outcome, "run_id": run_id, "attempt": attempt},
        )
        == 1
    )


def insert_last_event(conn: db.Connection, run_id: int, data: Mapping[str, Any]) -> None:
    """The `done` of a run that has just been ended."""
    db.run(
        conn,
        """
        WITH event AS (
            INSERT INTO llm_run_event (llm_run_id, kind, data) VALUES (%s, 'done', %s) RETURNING llm_run_id
        )
        SELECT pg_notify('llm_run_event', llm_run_id::text) FROM event
        """,
        (run_id, db.jsonb(data)),
    )


# --- cancelling, watching, pruning ---------------------------------------------------------------


def request_cancel(conn: db.Connection, run_id: int) -> str | None:
    """Marks an active run to be stopped and tells its worker; answers its status, None if it has ended."""
    status = db.scalar(
        conn,
        """
        UPDATE llm_run SET cancel_requested_at = coalesce(cancel_requested_at, now())
        WHERE id = %s AND status IN ('queued', 'running') RETURNING status
        """,
        (run_id,),
    )
    if status:
        db.run(conn, "SELECT pg_notify('llm_run_cancel', %s)", (str(run_id),))
    return status


def cancel_queued(conn: db.Connection, run_id: int) -> bool:
    """Ends a run that nobody has taken up yet."""
    return (
        db.run(
            conn,
            """
            UPDATE llm_run SET status = 'cancelled', finished_at = clock_timestamp()
            WHERE id = %s AND status = 'queued'
            """,
            (run_id,),
        )
        == 1
    )


def list_cancelled_among(conn: db.Connection, run_ids: Sequence[int]) -> list[int]:
    rows = conn.execute(
        "SELECT id FROM llm_run WHERE id = ANY(%s) AND cancel_requested_at IS NOT NULL", (list(run_ids),)
    )
    return [row[0] for row in rows]


def list_abandoned(conn: db.Connection) -> list[tuple[int, int]]:
    """Active runs (id, attempt) for which no job waits or works: something went wrong behind our back."""
    return conn.execute(
        """
        SELECT id, attempt FROM llm_run
        WHERE status IN ('queued', 'running') AND created_at < now() - interval '10 seconds'
          AND NOT EXISTS (SELECT FROM procrastinate_jobs
                          WHERE status IN ('todo', 'doing')
                            AND args @> jsonb_build_object('run_id', llm_run.id))
        ORDER BY id LIMIT 100
        """
    ).fetchall()


def list_events(conn: db.Connection, run_id: int, after: int) -> list[RunEvent]:
    return db.many(
        conn,
        RunEvent,
        "SELECT id, kind, data FROM llm_run_event WHERE llm_run_id = %s AND id > %s ORDER BY id",
        (run_id, after),
    )


def delete_old_events(conn: db.Connection, *, older_than_minutes: int) -> int:
    return db.run(
        conn,
        """
        DELETE FROM llm_run_event WHERE llm_run_id IN (
            SELECT llm_run_id FROM llm_run_event
            JOIN llm_run ON llm_run.id = llm_run_id
            WHERE kind = 'done' AND finished_at < now() - make_interval(mins => %s)
            LIMIT 5000
        )
        """,
        (older_than_minutes,),
    )
