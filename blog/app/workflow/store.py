"""The statements about workflows. A tree is read in one statement, as the JSON of its dataclasses."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from blog.app import db
from blog.app.workflow.models import Field, Scope, Workflow

_WORKFLOW = TypeAdapter(Workflow)
_FIELD = TypeAdapter(Field)

FIELD = """
    jsonb_build_object(
        'id', workflow_field.id, 'sub_stage_id', workflow_field.workflow_sub_stage_id,
        'name', workflow_field.name, 'label', workflow_field.label, 'kind', workflow_field.kind,
        'scope', workflow_field.scope, 'help', workflow_field.help,
        'max_chars', workflow_field.max_chars, 'choices', workflow_field.choices,
        'title_rank', workflow_field.title_rank, 'on_accept', workflow_field.on_accept,
        'part', workflow_field.part, 'part_rank', workflow_field.part_rank,
        'actions', (
            SELECT coalesce(jsonb_agg(
                jsonb_build_object(
                    'action_id', llm_action.id, 'name', llm_action.name, 'label', llm_action.label,
                    'on_success', workflow_field_action.on_success)
                ORDER BY workflow_field_action.position, llm_action.id), '[]')
            FROM workflow_field_action
            JOIN llm_action ON llm_action.id = workflow_field_action.llm_action_id
            WHERE workflow_field_action.workflow_field_id = workflow_field.id
              AND llm_action.archived_at IS NULL))
"""


def find_workflow(conn: db.Connection, workflow_id: int) -> Workflow | None:
    tree = db.scalar(
        conn,
        f"""
        SELECT jsonb_build_object('id', id, 'name', name, 'label', label, 'stages', (
            SELECT coalesce(jsonb_agg(jsonb_build_object(
                'id', workflow_stage.id, 'name', workflow_stage.name, 'label', workflow_stage.label,
                'sub_stages', (
                    SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'id', workflow_sub_stage.id, 'name', workflow_sub_stage.name,
                        'label', workflow_sub_stage.label,
                        'fields', (
                            SELECT coalesce(jsonb_agg({FIELD} ORDER BY workflow_field.position), '[]')
                            FROM workflow_field
                            WHERE workflow_field.workflow_sub_stage_id = workflow_sub_stage.id
                              AND workflow_field.archived_at IS NULL)
                        ) ORDER BY workflow_sub_stage.position), '[]')
                    FROM workflow_sub_stage
                    WHERE workflow_sub_stage.workflow_stage_id = workflow_stage.id)
                ) ORDER BY workflow_stage.position), '[]')
            FROM workflow_stage WHERE workflow_stage.workflow_id = workflow.id))
        FROM workflow WHERE id = %s
        """,
        (workflow_id,),
    )
    return None if tree is None else _WORKFLOW.validate_python(tree)


def find_default_workflow_id(conn: db.Connection, seen: Sequence[int] | None) -> int | None:
    """The oldest one that has one of these sub-stages; `seen` None: the oldest."""
    if seen is None:
        return db.scalar(conn, "SELECT min(id) FROM workflow")
    return db.scalar(
        conn, "SELECT min(workflow_id) FROM workflow_sub_stage WHERE id = ANY(%s)", (list(seen),)
    )


def find_workflow_id(conn: db.Connection, name: str) -> int | None:
    return db.scalar(conn, "SELECT id FROM workflow WHERE name = %s", (name,))


def find_field(conn: db.Connection, workflow_id: int, name: str) -> Field | None:
    field = db.scalar(
        conn,
        f"""
        SELECT {FIELD} FROM workflow_field
        WHERE workflow_id = %s AND name = %s AND archived_at IS NULL
        """,
        (workflow_id, name),
    )
    return None if field is None else _FIELD.validate_python(field)


def find_field_by_id(conn: db.Connection, field_id: int) -> Field | None:
    """Also an archived one: its words can still be read."""
    field = db.scalar(conn, f"SELECT {FIELD} FROM workflow_field WHERE id = %s", (field_id,))
    return None if field is None else _FIELD.validate_python(field)


def list_field_names(conn: db.Connection) -> list[tuple[Scope, str]]:
    """Of all workflows, each with its scope."""
    return conn.execute(
        "SELECT DISTINCT scope, name FROM workflow_field WHERE archived_at IS NULL ORDER BY scope, name"
    ).fetchall()
