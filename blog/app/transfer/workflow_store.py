"""The statements that change workflows: they add, change and order. No field or stage is ever deleted."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.transfer.schemas import FieldEntry, RequirementEntry


def insert_workflow(conn: db.Connection, name: str, label: str) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO workflow (name, label) VALUES (%s, %s)
        ON CONFLICT ON CONSTRAINT workflow_name_key DO UPDATE SET label = EXCLUDED.label
        RETURNING id
        """,
        (name, label),
    )


def put_stages(conn: db.Connection, workflow_id: int, stages: Sequence[tuple[str, str]]) -> Mapping[str, int]:
    """All of them, in their order, as name and label. -> their ids by name."""
    rows = conn.execute(
        """
        INSERT INTO workflow_stage (workflow_id, name, label, position)
        SELECT %s, name, label, position
          FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (name, label, position)
        ON CONFLICT ON CONSTRAINT workflow_stage_name_key
            DO UPDATE SET label = EXCLUDED.label, position = EXCLUDED.position
        RETURNING name, id
        """,
        (workflow_id, [name for name, _ in stages], [label for _, label in stages]),
    ).fetchall()
    return dict(rows)


def put_sub_stages(
    conn: db.Connection, workflow_id: int, stage_id: int, sub_stages: Sequence[tuple[str, str]]
) -> Mapping[str, int]:
    """All of a stage, in their order, as name and label. -> their ids by name."""
    rows = conn.execute(
        """
        INSERT INTO workflow_sub_stage (workflow_id, workflow_stage_id, name, label, position)
        SELECT %s, %s, name, label, position
          FROM unnest(%s::text[], %s::text[]) WITH ORDINALITY AS given (name, label, position)
        ON CONFLICT ON CONSTRAINT workflow_sub_stage_name_key
            DO UPDATE SET workflow_stage_id = EXCLUDED.workflow_stage_id, label = EXCLUDED.label,
                          position = EXCLUDED.position
        RETURNING name, id
        """,
        (workflow_id, stage_id, [name for name, _ in sub_stages], [label for _, label in sub_stages]),
    ).fetchall()
    return dict(rows)


def free_ranks(conn: db.Connection, workflow_id: int) -> int:
    """So that fields can change ranks among themselves; put_field says them anew."""
    return db.run(
        conn,
        """
        UPDATE workflow_field SET title_rank = NULL, part = NULL, part_rank = NULL
         WHERE workflow_id = %s AND (title_rank IS NOT NULL OR part IS NOT NULL)
        """,
        (workflow_id,),
    )


def put_field(
    conn: db.Connection, workflow_id: int, sub_stage_id: int, field: FieldEntry, position: int
) -> int:
    """New, changed, or brought back from among the archived ones. -> its id."""
    return db.scalar(
        conn,
        """
        INSERT INTO workflow_field
            (workflow_id, workflow_sub_stage_id, name, label, kind, scope, position, help,
             max_chars, choices, title_rank, on_accept, part, part_rank)
        VALUES (%(workflow)s, %(sub_stage)s, %(name)s, %(label)s, %(kind)s, %(scope)s, %(position)s, %(help)s,
                %(max_chars)s, %(choices)s, %(title_rank)s, %(on_accept)s, %(part)s, %(part_rank)s)
        ON CONFLICT ON CONSTRAINT workflow_field_name_key DO UPDATE SET
            workflow_sub_stage_id = EXCLUDED.workflow_sub_stage_id, label = EXCLUDED.label,
            kind = EXCLUDED.kind, scope = EXCLUDED.scope, position = EXCLUDED.position, help = EXCLUDED.help,
            max_chars = EXCLUDED.max_chars, choices = EXCLUDED.choices, title_rank = EXCLUDED.title_rank,
            on_accept = EXCLUDED.on_accept, part = EXCLUDED.part, part_rank = EXCLUDED.part_rank,
            archived_at = NULL
        RETURNING id
        """,
        {
            "workflow": workflow_id,
            "sub_stage": sub_stage_id,
            "position": position,
            **field.model_dump(exclude={"actions", "unreviewed"}),
        },
    )


def put_archived_last(conn: db.Connection, workflow_id: int) -> int:
    """Archived fields keep a place of their own, behind those that are used."""
    return db.run(
        conn,
        """
        UPDATE workflow_field AS f SET position = last.position + last.number
          FROM (SELECT a.id, (SELECT coalesce(max(u.position), 0) FROM workflow_field u
                               WHERE u.workflow_sub_stage_id = a.workflow_sub_stage_id
                                 AND u.archived_at IS NULL) AS position,
                       row_number() OVER (PARTITION BY a.workflow_sub_stage_id ORDER BY a.position) AS number
                  FROM workflow_field a
                 WHERE a.workflow_id = %s AND a.archived_at IS NOT NULL) AS last
         WHERE f.id = last.id
        """,
        (workflow_id,),
    )


def defer_places(conn: db.Connection) -> None:
    """Until the end two things may stand at one place."""
    conn.execute(
        """
        SET CONSTRAINTS workflow_stage_position_key, workflow_sub_stage_position_key,
                        workflow_field_position_key, workflow_requirement_position_key DEFERRED
        """
    )


def check_places(conn: db.Connection) -> None:
    conn.execute(
        """
        SET CONSTRAINTS workflow_stage_position_key, workflow_sub_stage_position_key,
                        workflow_field_position_key, workflow_requirement_position_key IMMEDIATE
        """
    )


def delete_requirements(conn: db.Connection, workflow_id: int) -> int:
    """Of fields that are used; an archived one keeps its own."""
    return db.run(
        conn,
        """
        DELETE FROM workflow_requirement r
         WHERE r.workflow_id = %s
           AND NOT EXISTS (SELECT FROM workflow_field f
                            WHERE f.id = r.workflow_field_id AND f.archived_at IS NOT NULL)
        """,
        (workflow_id,),
    )


def insert_requirement(
    conn: db.Connection,
    workflow_id: int,
    sub_stage: str,
    requirement: RequirementEntry,
) -> int:
    """Behind those that its sub-stage has."""
    return db.run(
        conn,
        """
        INSERT INTO workflow_requirement
            (workflow_id, workflow_sub_stage_id, workflow_field_id, position, kind, amount, expected)
        SELECT ss.workflow_id, ss.id,
               (SELECT f.id FROM workflow_field f
                 WHERE f.workflow_id = ss.workflow_id AND f.name = %(field)s),
               (SELECT coalesce(max(r.position), 0) + 1 FROM workflow_requirement r
                 WHERE r.workflow_sub_stage_id = ss.id),
               %(kind)s, %(amount)s, %(expected)s
          FROM workflow_sub_stage ss
         WHERE ss.workflow_id = %(workflow)s AND ss.name = %(sub_stage)s
        """,
        {"workflow": workflow_id, "sub_stage": sub_stage, **requirement.model_dump()},
    )


def delete_offers(conn: db.Connection, workflow_id: int) -> int:
    """What fields offer, before it is said anew; an archived action is offered again when it comes back."""
    return db.run(
        conn,
        """
        DELETE FROM workflow_field_action fa
         USING workflow_field f, llm_action a
         WHERE f.id = fa.workflow_field_id AND a.id = fa.llm_action_id
           AND f.workflow_id = %s AND f.archived_at IS NULL AND a.archived_at IS NULL
        """,
        (workflow_id,),
    )


def insert_offers(conn: db.Connection, workflow_id: int, field: FieldEntry) -> int:
    return db.run(
        conn,
        """
        INSERT INTO workflow_field_action (workflow_field_id, llm_action_id, position, on_success)
        SELECT f.id, a.id, given.position,
               CASE WHEN given.name = ANY(%(unreviewed)s) THEN 'save' ELSE 'review' END
          FROM unnest(%(actions)s::text[]) WITH ORDINALITY AS given (name, position)
          JOIN llm_action a ON a.name = given.name
          JOIN workflow_field f ON f.workflow_id = %(workflow)s AND f.name = %(field)s
        """,
        {
            "workflow": workflow_id,
            "field": field.name,
            "actions": field.actions,
            "unreviewed": field.unreviewed,
        },
    )
