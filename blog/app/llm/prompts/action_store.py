"""SQL of actions. A version is only ever inserted."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.llm.prompts.models import (
    ActionHead,
    ActionListItem,
    ActionPart,
    ActionPlace,
    ActionSchema,
    ActionVersion,
    SelectionAction,
)

ACTION_VERSION = """
    v.id, v.llm_action_id AS action_id, a.name AS action_name, a.label AS action_label, v.number,
    v.llm_model_id AS model_id, v.params, v.output_kind, v.output_schema, v.validators, v.deadline_seconds,
    v.max_retries, v.fallback_model_id, v.max_repairs, v.repair_part_id, v.takes_selection, v.wish_label,
    v.wish_choices, u.name AS author, v.created_at
"""


def find_action(conn: db.Connection, action_id: int) -> ActionHead | None:
    return db.one(
        conn,
        ActionHead,
        """
        SELECT id, name, label, description, live_version_id, draft_version_id, archived_at FROM llm_action
        WHERE id = %s AND live_version_id IS NOT NULL
        """,
        (action_id,),
    )


def list_actions(conn: db.Connection, *, after: int = 0, limit: int | None = None) -> list[ActionListItem]:
    return db.many(
        conn,
        ActionListItem,
        """
        SELECT a.id, a.name, a.label, a.description, v.number, v.output_kind, v.takes_selection, v.wish_label,
               v.wish_choices, m.label AS model_label,
               (SELECT count(*) FROM llm_action_part ap WHERE ap.llm_action_version_id = v.id)::int
                   AS part_count,
               a.archived_at
          FROM llm_action a
          JOIN llm_action_version v ON v.id = a.live_version_id
          LEFT JOIN llm_model m ON m.id = v.llm_model_id
         WHERE a.archived_at IS NULL AND a.id > %(after)s
         ORDER BY a.id
         LIMIT %(limit)s
        """,
        {"after": after, "limit": limit},
    )


def list_selection_actions(conn: db.Connection) -> list[SelectionAction]:
    """What every text offers for a passage, in the order in which the actions were made."""
    return db.many(
        conn,
        SelectionAction,
        """
        SELECT a.id, a.name, a.label, a.description, v.wish_label, v.wish_choices
          FROM llm_action a JOIN llm_action_version v ON v.id = a.live_version_id
         WHERE a.archived_at IS NULL AND v.takes_selection
         ORDER BY a.id
        """,
    )


def list_action_places(conn: db.Connection, action_id: int | None = None) -> list[ActionPlace]:
    """Where the workflow offers actions, in its order."""
    return db.many(
        conn,
        ActionPlace,
        """
        SELECT fa.llm_action_id AS action_id, st.label AS stage_label, ss.label AS sub_stage_label,
               f.name AS field_name, f.label AS field_label, f.kind AS field_kind, f.scope AS field_scope
          FROM workflow_field_action fa
          JOIN workflow_field f ON f.id = fa.workflow_field_id
          JOIN workflow_sub_stage ss ON ss.id = f.workflow_sub_stage_id
          JOIN workflow_stage st ON st.id = ss.workflow_stage_id
         WHERE f.archived_at IS NULL
           AND (%(action_id)s::bigint IS NULL OR fa.llm_action_id = %(action_id)s)
         ORDER BY st.workflow_id, st.position, ss.position, f.position, fa.position
        """,
        {"action_id": action_id},
    )


def lock_output_kinds(conn: db.Connection, action_id: int) -> frozenset[str]:
    """Of the live version and the draft; empty when there is no such action."""
    rows = conn.execute(
        """
        SELECT v.output_kind
          FROM llm_action a JOIN llm_action_version v ON v.id IN (a.live_version_id, a.draft_version_id)
         WHERE a.id = %s
           FOR UPDATE OF a
        """,
        (action_id,),
    ).fetchall()
    return frozenset(row[0] for row in rows)


def list_field_labels(conn: db.Connection) -> dict[tuple[str, str], str]:
    """How editors call the fields, by scope and name."""
    rows = conn.execute("SELECT scope, name, label FROM workflow_field ORDER BY id").fetchall()
    return {(scope, name): label for scope, name, label in rows}


def insert_action(conn: db.Connection, *, name: str, label: str, description: str) -> int:
    return db.scalar(
        conn,
        "INSERT INTO llm_action (name, label, description) VALUES (%s, %s, %s) RETURNING id",
        (name, label, description),
    )


def insert_action_version(
    conn: db.Connection,
    action_id: int,
    *,
    base_version_id: int | None,
    model_id: int | None,
    params: Mapping[str, object],
    output_kind: str,
    output_schema: Mapping[str, object] | None,
    validators: Sequence[Mapping[str, object]],
    deadline_seconds: int,
    max_retries: int,
    fallback_model_id: int | None,
    max_repairs: int,
    repair_part_id: int | None,
    takes_selection: bool,
    wish_label: str | None,
    wish_choices: Sequence[str],
    user_id: int | None,
) -> int | None:
    """The new version's id; None when others have gone on from `base_version_id` already."""
    return db.scalar(
        conn,
        """
        WITH base AS (
            SELECT a.id, coalesce((SELECT max(v.number) FROM llm_action_version v
                                   WHERE v.llm_action_id = a.id), 0) AS number
              FROM llm_action a
             WHERE a.id = %(action_id)s
               AND coalesce(a.draft_version_id, a.live_version_id) IS NOT DISTINCT FROM %(base_version_id)s
               FOR UPDATE
        )
        INSERT INTO llm_action_version (llm_action_id, number, llm_model_id, params, output_kind,
                                        output_schema, validators, deadline_seconds, max_retries,
                                        fallback_model_id, max_repairs, repair_part_id,
                                        takes_selection, wish_label, wish_choices, app_user_id)
        SELECT id, number + 1, %(model_id)s, %(params)s, %(output_kind)s, %(output_schema)s,
               %(validators)s, %(deadline_seconds)s, %(max_retries)s, %(fallback_model_id)s,
               %(max_repairs)s, %(repair_part_id)s, %(takes_selection)s,
               %(wish_label)s, %(wish_choices)s, %(user_id)s
          FROM base
        RETURNING id
        """,
        {
            "action_id": action_id,
            "base_version_id": base_version_id,
            "model_id": model_id,
            "params": db.jsonb(params),
            "output_kind": output_kind,
            "output_schema": None if output_schema is None else db.jsonb(output_schema),
            "validators": db.jsonb(list(validators)),
            "deadline_seconds": deadline_seconds,
            "max_retries": max_retries,
            "fallback_model_id": fallback_model_id,
            "max_repairs": max_repairs,
            "repair_part_id": repair_part_id,
            "takes_selection": takes_selection,
            "wish_label": wish_label,
            "wish_choices": list(wish_choices),
            "user_id": user_id,
        },
    )


def insert_action_parts(
    conn: db.Connection, version_id: int, part_ids: Sequence[int], *, off_positions: Sequence[int]
) -> int:
    return db.run(
        conn,
        """
        INSERT INTO llm_action_part (llm_action_version_id, position, llm_prompt_part_id, is_off)
        SELECT %(version_id)s, position, part_id, position = ANY(%(off)s)
          FROM unnest(%(part_ids)s::bigint[]) WITH ORDINALITY AS given (part_id, position)
        """,
        {"version_id": version_id, "part_ids": list(part_ids), "off": list(off_positions)},
    )


def list_action_parts(conn: db.Connection, version_id: int) -> list[ActionPart]:
    """The places of a make-up, also those that are switched off."""
    return db.many(
        conn,
        ActionPart,
        """
        SELECT position, llm_prompt_part_id AS part_id, is_off FROM llm_action_part
        WHERE llm_action_version_id = %s ORDER BY position
        """,
        (version_id,),
    )


def update_action(conn: db.Connection, action_id: int, *, label: str, description: str) -> int:
    return db.run(
        conn,
        "UPDATE llm_action SET label = %s, description = %s WHERE id = %s",
        (label, description, action_id),
    )


def update_draft(conn: db.Connection, action_id: int, version_id: int | None) -> int:
    """None: the draft is set aside; its version stays among the versions."""
    return db.run(conn, "UPDATE llm_action SET draft_version_id = %s WHERE id = %s", (version_id, action_id))


def find_action_version(conn: db.Connection, version_id: int) -> ActionVersion | None:
    return db.one(
        conn,
        ActionVersion,
        f"""
        SELECT {ACTION_VERSION}
          FROM llm_action_version v
          JOIN llm_action a ON a.id = v.llm_action_id
          LEFT JOIN app_user u ON u.id = v.app_user_id
         WHERE v.id = %s
        """,
        (version_id,),
    )


def find_version_of_action(
    conn: db.Connection, action_id: int, version_id: int | None
) -> ActionVersion | None:
    """`version_id` None: the live one."""
    return db.one(
        conn,
        ActionVersion,
        f"""
        SELECT {ACTION_VERSION}
          FROM llm_action a
          JOIN llm_action_version v ON v.id = coalesce(%(version_id)s, a.live_version_id)
                                   AND v.llm_action_id = a.id
          LEFT JOIN app_user u ON u.id = v.app_user_id
         WHERE a.id = %(action_id)s
        """,
        {"action_id": action_id, "version_id": version_id},
    )


def list_action_versions(conn: db.Connection, action_id: int) -> list[ActionVersion]:
    return db.many(
        conn,
        ActionVersion,
        f"""
        SELECT {ACTION_VERSION}
          FROM llm_action_version v
          JOIN llm_action a ON a.id = v.llm_action_id
          LEFT JOIN app_user u ON u.id = v.app_user_id
         WHERE v.llm_action_id = %s
         ORDER BY v.number DESC
        """,
        (action_id,),
    )


def list_schemas(conn: db.Connection, action_ids: Sequence[int]) -> list[ActionSchema]:
    return db.many(
        conn,
        ActionSchema,
        """
        SELECT a.id AS action_id, v.output_schema AS schema
          FROM llm_action a JOIN llm_action_version v ON v.id = a.live_version_id
         WHERE a.id = ANY(%s) AND v.output_kind = 'json' AND v.output_schema IS NOT NULL
        """,
        (list(action_ids),),
    )
