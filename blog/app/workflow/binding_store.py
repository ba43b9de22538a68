"""SQL of which actions a field offers."""

from typing import Any

from blog.app import db
from blog.app.workflow.models import Binding


def list_bindings(conn: db.Connection, action_id: int) -> list[Binding]:
    return db.many(
        conn,
        Binding,
        """
        SELECT fa.llm_action_id AS action_id, f.id AS field_id, f.name AS field_name,
               f.label AS field_label, f.kind AS field_kind, f.scope AS field_scope,
               ss.label AS sub_stage_label, st.label AS stage_label, fa.position, fa.on_success
          FROM workflow_field_action fa
          JOIN workflow_field f ON f.id = fa.workflow_field_id
          JOIN workflow_sub_stage ss ON ss.id = f.workflow_sub_stage_id
          JOIN workflow_stage st ON st.id = ss.workflow_stage_id
         WHERE fa.llm_action_id = %s AND f.archived_at IS NULL
         ORDER BY st.workflow_id, st.position, ss.position, f.position
        """,
        (action_id,),
    )


def list_fields(conn: db.Connection) -> list[dict[str, Any]]:
    """Every field of every workflow, with where it stands."""
    rows = conn.execute(
        """
        SELECT f.id, f.label, f.kind, f.scope, ss.label, st.label
          FROM workflow_field f
          JOIN workflow_sub_stage ss ON ss.id = f.workflow_sub_stage_id
          JOIN workflow_stage st ON st.id = ss.workflow_stage_id
         WHERE f.archived_at IS NULL
         ORDER BY st.workflow_id, st.position, ss.position, f.position
        """
    ).fetchall()
    names = ("field_id", "field_label", "field_kind", "field_scope", "sub_stage_label", "stage_label")
    return [dict(zip(names, row, strict=True)) for row in rows]


def is_archived(conn: db.Connection, field_id: int) -> bool:
    return bool(
        db.scalar(conn, "SELECT archived_at IS NOT NULL FROM workflow_field WHERE id = %s", (field_id,))
    )


def upsert_binding(
    conn: db.Connection, *, field_id: int, action_id: int, position: int | None, on_success: str
) -> int:
    """`position` None: where it is, or after the others."""
    return db.run(
        conn,
        """
        INSERT INTO workflow_field_action (workflow_field_id, llm_action_id, position, on_success)
        SELECT %(field)s, %(action)s,
               coalesce(%(position)s::int, (SELECT 1 + coalesce(max(position), 0) FROM workflow_field_action
                                             WHERE workflow_field_id = %(field)s)),
               %(on_success)s
        ON CONFLICT ON CONSTRAINT workflow_field_action_pkey
        DO UPDATE SET position = coalesce(%(position)s::int, workflow_field_action.position),
                      on_success = excluded.on_success
        """,
        {"field": field_id, "action": action_id, "position": position, "on_success": on_success},
    )


def delete_binding(conn: db.Connection, *, field_id: int, action_id: int) -> int:
    return db.run(
        conn,
        "DELETE FROM workflow_field_action WHERE workflow_field_id = %s AND llm_action_id = %s",
        (field_id, action_id),
    )


def find_on_success(conn: db.Connection, *, field_id: int, action_id: int) -> str | None:
    return db.scalar(
        conn,
        "SELECT on_success FROM workflow_field_action WHERE workflow_field_id = %s AND llm_action_id = %s",
        (field_id, action_id),
    )
