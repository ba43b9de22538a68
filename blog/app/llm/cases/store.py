"""SQL of cases and their gate. The content of a case is only ever inserted."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.llm.cases.models import Case, GateRow, HiddenCase
from blog.app.llm.cases.sight import condition
from blog.app.llm.runs.sight import params

CASE = """
    SELECT tried.id, tried.llm_action_id AS action_id, tried.name, tried.is_required, tried.post_id,
           tried.archived_at,
           content.id AS version_id, content.number, content.inputs, content.checks, content.reference,
           content.judge_action_id, judge.label AS judge_label, content.judge_model_id,
           content.judge_criteria, content.judge_least, person.name AS author,
           content.created_at AS changed_at
    FROM llm_case AS tried
    JOIN LATERAL (SELECT * FROM llm_case_version AS newest WHERE newest.llm_case_id = tried.id
                  ORDER BY newest.number DESC LIMIT 1) AS content ON true
    LEFT JOIN llm_action AS judge ON judge.id = content.judge_action_id
    LEFT JOIN app_user AS person ON person.id = content.app_user_id
"""


def find_case(conn: db.Connection, actor: Actor, case_id: int) -> Case | None:
    """None also of one that the actor may not see."""
    return db.one(
        conn,
        Case,
        f"{CASE} WHERE tried.id = %(case_id)s AND {condition(actor)}",
        {"case_id": case_id, **params(actor)},
    )


def list_cases(
    conn: db.Connection, actor: Actor, action_id: int, *, with_archived: bool = False
) -> list[Case]:
    """Those the actor may see, in the order they were made."""
    return db.many(
        conn,
        Case,
        f"""
        {CASE}
        WHERE tried.llm_action_id = %(action_id)s AND (%(with_archived)s OR tried.archived_at IS NULL)
            AND {condition(actor)}
        ORDER BY tried.id
        """,
        {"action_id": action_id, "with_archived": with_archived, **params(actor)},
    )


def list_hidden(conn: db.Connection, actor: Actor, action_id: int) -> list[HiddenCase]:
    """Those that are run and that the actor may not see."""
    return db.many(
        conn,
        HiddenCase,
        f"""
        SELECT tried.id, tried.name, tried.is_required,
               (SELECT id FROM llm_case_version AS newest WHERE newest.llm_case_id = tried.id
                ORDER BY newest.number DESC LIMIT 1) AS version_id
        FROM llm_case AS tried
        WHERE tried.llm_action_id = %(action_id)s AND tried.archived_at IS NULL
            AND NOT {condition(actor)}
        ORDER BY tried.id
        """,
        {"action_id": action_id, **params(actor)},
    )


def count_cases(conn: db.Connection, action_id: int) -> int:
    return db.scalar(
        conn,
        "SELECT count(*) FROM llm_case WHERE llm_action_id = %s AND archived_at IS NULL",
        (action_id,),
    )


def insert_case(
    conn: db.Connection, action_id: int, *, name: str, is_required: bool, post_id: int | None
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_case (llm_action_id, name, is_required, post_id) VALUES (%s, %s, %s, %s) RETURNING id
        """,
        (action_id, name, is_required, post_id),
    )


def update_case(conn: db.Connection, case_id: int, *, name: str, is_required: bool) -> int:
    return db.run(
        conn,
        "UPDATE llm_case SET name = %s, is_required = %s WHERE id = %s",
        (name, is_required, case_id),
    )


def archive_case(conn: db.Connection, case_id: int) -> int:
    return db.run(
        conn, "UPDATE llm_case SET archived_at = coalesce(archived_at, now()) WHERE id = %s", (case_id,)
    )


def bring_back_case(conn: db.Connection, case_id: int) -> int:
    return db.run(conn, "UPDATE llm_case SET archived_at = NULL WHERE id = %s", (case_id,))


def insert_case_version(
    conn: db.Connection,
    case_id: int,
    *,
    base_version_id: int | None,
    inputs: Mapping[str, Any],
    checks: Sequence[Mapping[str, Any]],
    reference: str,
    judge_action_id: int | None,
    judge_model_id: int | None,
    judge_criteria: str,
    judge_least: Decimal | None,
    user_id: int | None,
) -> int | None:
    """The new content's id; None when `base_version_id` is not the newest any more.

    The row of the case stays locked until the transaction ends, so of two writers one waits and is refused.
    """
    return db.scalar(
        conn,
        """
        WITH base AS (SELECT id FROM llm_case WHERE id = %(case_id)s FOR UPDATE),
        newest AS (
            SELECT base.id, (SELECT max(content.number) FROM llm_case_version AS content
                             WHERE content.llm_case_id = base.id) AS number
            FROM base
        )
        INSERT INTO llm_case_version (llm_case_id, number, inputs, checks, reference, judge_action_id,
                                      judge_model_id, judge_criteria, judge_least, app_user_id)
        SELECT newest.id, coalesce(newest.number, 0) + 1, %(inputs)s, %(checks)s, %(reference)s,
               %(judge_action_id)s, %(judge_model_id)s, %(judge_criteria)s, %(judge_least)s, %(user_id)s
        FROM newest
        WHERE %(base)s IS NOT DISTINCT FROM (SELECT content.id FROM llm_case_version AS content
                                             WHERE content.llm_case_id = newest.id
                                             ORDER BY content.number DESC LIMIT 1)
        RETURNING id
        """,
        {
            "case_id": case_id,
            "base": base_version_id,
            "inputs": db.jsonb(inputs),
            "checks": db.jsonb(list(checks)),
            "reference": reference,
            "judge_action_id": judge_action_id,
            "judge_model_id": judge_model_id,
            "judge_criteria": judge_criteria,
            "judge_least": judge_least,
            "user_id": user_id,
        },
    )


def lock_case(conn: db.Connection, case_id: int) -> None:
    conn.execute("SELECT id FROM llm_case WHERE id = %s FOR UPDATE", (case_id,))


# --- the gate ------------------------------------------------------------------------------------


def find_gate(conn: db.Connection, action_id: int) -> GateRow | None:
    """None: there is no such action."""
    return db.one(
        conn,
        GateRow,
        """
        SELECT action.id AS action_id, gate.least_percent,
               (count(tried.id) FILTER (WHERE tried.is_required))::int AS required,
               count(tried.id)::int AS cases
        FROM llm_action AS action
        LEFT JOIN llm_gate AS gate ON gate.llm_action_id = action.id
        LEFT JOIN llm_case AS tried ON tried.llm_action_id = action.id AND tried.archived_at IS NULL
        WHERE action.id = %s
        GROUP BY action.id, gate.least_percent
        """,
        (action_id,),
    )


def upsert_gate(conn: db.Connection, action_id: int, *, least_percent: int, user_id: int | None) -> None:
    db.run(
        conn,
        """
        INSERT INTO llm_gate (llm_action_id, least_percent, app_user_id) VALUES (%s, %s, %s)
        ON CONFLICT ON CONSTRAINT llm_gate_pkey DO UPDATE
        SET least_percent = excluded.least_percent, app_user_id = excluded.app_user_id, changed_at = now()
        """,
        (action_id, least_percent, user_id),
    )


def delete_gate(conn: db.Connection, action_id: int) -> int:
    return db.run(conn, "DELETE FROM llm_gate WHERE llm_action_id = %s", (action_id,))
