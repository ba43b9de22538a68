"""SQL of automations and suggestions."""

from collections.abc import Sequence
from typing import LiteralString

from blog.app import db
from blog.app.automation.models import (
    Automation,
    AutomationListItem,
    Passage,
    Suggestion,
    SuggestionStatus,
)

SUGGESTION = """
    SELECT suggestion.id, automation.llm_run_id AS run_id, automation.post_id,
           automation.post_section_id AS section_id, automation.workflow_field_id AS field_id,
           field.name AS field_name, automation.base_revision_id, current.id AS current_revision_id,
           automation.selection_start, automation.selection_end, automation.selection_text,
           suggestion.value, suggestion.status, suggestion.reason,
           version.llm_action_id AS action_id, action.label AS action_label,
           version.number AS action_version, model.id AS model_id, model.name AS model_name,
           provider.is_rehearsal, run.refines_id,
           CASE WHEN run.refines_id IS NULL THEN '' ELSE coalesce(run.messages->-1->>'content', '') END
               AS instruction,
           run.finish, run.has_replaced_chars, run.check_repairs,
           suggestion.created_at, suggestion.decided_at
    FROM suggestion
    JOIN workflow_automation AS automation ON automation.id = suggestion.workflow_automation_id
    JOIN workflow_field AS field ON field.id = automation.workflow_field_id
    JOIN llm_run AS run ON run.id = automation.llm_run_id
    JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
    JOIN llm_action AS action ON action.id = version.llm_action_id
    JOIN llm_model AS model ON model.id = run.llm_model_id
    JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
    LEFT JOIN field_revision AS current
           ON current.post_id = automation.post_id
          AND current.post_section_id IS NOT DISTINCT FROM automation.post_section_id
          AND current.workflow_field_id = automation.workflow_field_id
          AND current.superseded_at IS NULL
"""


def lock_target(conn: db.Connection, post_id: int, section_id: int | None, field_id: int) -> None:
    """Lets one start per target through at a time, until the transaction ends."""
    conn.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))",
        (f"automation {post_id} {section_id} {field_id}",),
    )


def find_active_run(
    conn: db.Connection,
    *,
    post_id: int,
    section_id: int | None,
    field_id: int,
    passage: Passage | None,
    action_id: int,
    model_id: int,
) -> int | None:
    """A run of this action and model for this field, or this passage of it, that has not ended."""
    return db.scalar(
        conn,
        """
        SELECT run.id FROM workflow_automation AS automation
        JOIN llm_run AS run ON run.id = automation.llm_run_id
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        WHERE automation.post_id = %s AND automation.post_section_id IS NOT DISTINCT FROM %s
          AND automation.workflow_field_id = %s AND version.llm_action_id = %s AND run.llm_model_id = %s
          AND automation.selection_start IS NOT DISTINCT FROM %s
          AND automation.selection_text IS NOT DISTINCT FROM %s
          AND run.status IN ('queued', 'running')
        """,
        (
            post_id,
            section_id,
            field_id,
            action_id,
            model_id,
            passage.start if passage else None,
            passage.text if passage else None,
        ),
    )


def insert_automation(
    conn: db.Connection,
    *,
    run_id: int,
    post_id: int,
    section_id: int | None,
    field_id: int,
    base_revision_id: int | None,
    passage: Passage | None = None,
    batch_step_id: int | None = None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO workflow_automation (llm_run_id, post_id, post_section_id, workflow_field_id,
                                         base_revision_id, selection_start, selection_end, selection_text,
                                         automation_batch_step_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (
            run_id,
            post_id,
            section_id,
            field_id,
            base_revision_id,
            passage.start if passage else None,
            passage.end if passage else None,
            passage.text if passage else None,
            batch_step_id,
        ),
    )


def copy_automation(conn: db.Connection, run_id: int, child_id: int) -> None:
    db.run(
        conn,
        """
        INSERT INTO workflow_automation (llm_run_id, post_id, post_section_id, workflow_field_id,
                                         base_revision_id, selection_start, selection_end, selection_text,
                                         automation_batch_step_id)
        SELECT %s, post_id, post_section_id, workflow_field_id, base_revision_id, selection_start,
               selection_end, selection_text, automation_batch_step_id
        FROM workflow_automation WHERE llm_run_id = %s
        """,
        (child_id, run_id),
    )


def find_automation(conn: db.Connection, run_id: int) -> Automation | None:
    return db.one(
        conn,
        Automation,
        """
        SELECT automation.id, llm_run_id AS run_id, automation.post_id, post_section_id AS section_id,
               field.id AS field_id, field.name AS field_name, base_revision_id,
               selection_start, selection_end, selection_text,
               version.llm_action_id AS action_id, run.llm_model_id AS model_id,
               automation_batch_step_id AS batch_step_id
        FROM workflow_automation AS automation
        JOIN workflow_field AS field ON field.id = automation.workflow_field_id
        JOIN llm_run AS run ON run.id = automation.llm_run_id
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        WHERE llm_run_id = %s
        """,
        (run_id,),
    )


def find_base_value(conn: db.Connection, automation_id: int) -> str:
    """What the field held when the run was started."""
    return db.scalar(
        conn,
        """
        SELECT revision.value FROM workflow_automation AS automation
        JOIN field_revision AS revision ON revision.id = automation.base_revision_id
        WHERE automation.id = %s
        """,
        (automation_id,),
    )


def list_automations(
    conn: db.Connection,
    post_id: int,
    *,
    seen: Sequence[int] | None,
    field_id: int | None,
    only_active: bool,
    limit: int,
) -> list[AutomationListItem]:
    """Runs for a post's fields, newest first; of the fields in the sub-stages `seen`, None: of all."""
    return db.many(
        conn,
        AutomationListItem,
        f"""
        SELECT run.id AS run_id, automation.post_id, automation.post_section_id AS section_id,
               automation.workflow_field_id AS field_id, field.name AS field_name,
               version.llm_action_id AS action_id, action.label AS action_label,
               model.id AS model_id, model.name AS model_name, provider.is_rehearsal,
               run.status, run.error_message, person.name AS user_name, run.created_at, run.finished_at,
               suggestion.id AS suggestion_id, suggestion.status AS suggestion_status
        FROM workflow_automation AS automation
        JOIN workflow_field AS field ON field.id = automation.workflow_field_id
        JOIN llm_run AS run ON run.id = automation.llm_run_id
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        JOIN llm_action AS action ON action.id = version.llm_action_id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        LEFT JOIN app_user AS person ON person.id = run.app_user_id
        LEFT JOIN suggestion ON suggestion.workflow_automation_id = automation.id
        WHERE automation.post_id = %(post_id)s
          AND (%(field_id)s::bigint IS NULL OR automation.workflow_field_id = %(field_id)s)
          AND (NOT %(only_active)s OR run.status IN ('queued', 'running')) {_narrowed(seen)}
        ORDER BY automation.id DESC LIMIT %(limit)s
        """,
        {
            "post_id": post_id,
            "seen": seen,
            "field_id": field_id,
            "only_active": only_active,
            "limit": limit,
        },
    )


# --- suggestions ---------------------------------------------------------------------------------


def insert_suggestion(conn: db.Connection, automation_id: int, value: str) -> int | None:
    """The new suggestion's id, or None when this automation has one already."""
    return db.scalar(
        conn,
        """
        INSERT INTO suggestion (workflow_automation_id, value) VALUES (%s, %s)
        ON CONFLICT ON CONSTRAINT suggestion_automation_key DO NOTHING RETURNING id
        """,
        (automation_id, value),
    )


def find_suggestion(conn: db.Connection, suggestion_id: int, seen: Sequence[int] | None) -> Suggestion | None:
    """`seen`: if its field is in one of these sub-stages; None: wherever."""
    return db.one(
        conn,
        Suggestion,
        f"{SUGGESTION} WHERE suggestion.id = %(id)s {_narrowed(seen)}",
        {"id": suggestion_id, "seen": seen},
    )


def _narrowed(seen: Sequence[int] | None) -> LiteralString:
    return "" if seen is None else "AND field.workflow_sub_stage_id = ANY(%(seen)s)"


def lock_suggestion(conn: db.Connection, suggestion_id: int) -> None:
    """Two people deciding at once are let through one after the other."""
    conn.execute("SELECT FROM suggestion WHERE id = %s FOR UPDATE", (suggestion_id,))


def list_suggestions(
    conn: db.Connection, post_id: int, status: SuggestionStatus | None, seen: Sequence[int] | None
) -> list[Suggestion]:
    """A post's suggestions, newest first."""
    return db.many(
        conn,
        Suggestion,
        f"""
        {SUGGESTION}
        WHERE automation.post_id = %(post_id)s
          AND (%(status)s::text IS NULL OR suggestion.status = %(status)s) {_narrowed(seen)}
        ORDER BY suggestion.id DESC LIMIT 500
        """,
        {"post_id": post_id, "status": status, "seen": seen},
    )


def update_suggestion(
    conn: db.Connection,
    suggestion_id: int,
    *,
    status: SuggestionStatus,
    user_id: int | None,
    revision_id: int | None,
    reason: str,
) -> int:
    """Decides a suggestion, or with `waiting` takes the decision back."""
    return db.run(
        conn,
        """
        UPDATE suggestion
        SET status = %(status)s, app_user_id = %(user_id)s, field_revision_id = %(revision_id)s,
            reason = %(reason)s, decided_at = CASE WHEN %(status)s = 'waiting' THEN NULL ELSE now() END
        WHERE id = %(id)s
        """,
        {
            "id": suggestion_id,
            "status": status,
            "user_id": user_id,
            "revision_id": revision_id,
            "reason": reason,
        },
    )
