"""SQL of prompt parts and actions. A version is only ever inserted."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.llm.assemble import PartText
from blog.app.llm.prompts.models import (
    ActionHead,
    ActionListItem,
    ActionPlace,
    ActionVersion,
    PartUse,
    PromptPart,
    PromptPartVersion,
)

PART = """
    p.id, p.name, p.description, p.tags, v.id AS version_id, v.number, v.role, v.kind, v.template,
    (SELECT count(*)
       FROM llm_action a JOIN llm_action_version av ON av.id = a.live_version_id
      WHERE a.archived_at IS NULL
        AND (av.repair_part_id = p.id
             OR EXISTS (SELECT FROM llm_action_part ap
                         WHERE ap.llm_action_version_id = av.id AND ap.llm_prompt_part_id = p.id))
    )::int AS action_count,
    p.archived_at
"""
PART_VERSION = """
    v.id, v.llm_prompt_part_id AS part_id, v.number, v.role, v.kind, v.template, u.name AS author,
    v.created_at
"""
ACTION_VERSION = """
    v.id, v.llm_action_id AS action_id, a.name AS action_name, a.label AS action_label, v.number,
    v.llm_model_id AS model_id, v.params, v.output_kind, v.output_schema, v.validators, v.deadline_seconds,
    v.max_retries, v.fallback_model_id, v.max_repairs, v.repair_part_id,
    u.name AS author, v.created_at
"""


# --- prompt parts --------------------------------------------------------------------------------


def find_part(conn: db.Connection, part_id: int) -> PromptPart | None:
    return db.one(
        conn,
        PromptPart,
        f"""
        SELECT {PART} FROM llm_prompt_part p JOIN llm_prompt_part_version v ON v.id = p.live_version_id
        WHERE p.id = %s
        """,
        (part_id,),
    )


def list_parts(
    conn: db.Connection, *, search: str | None = None, after: int = 0, limit: int | None = None
) -> list[PromptPart]:
    """By text, role, kind or tag; archived ones are not listed."""
    return db.many(
        conn,
        PromptPart,
        f"""
        SELECT {PART}
          FROM llm_prompt_part p JOIN llm_prompt_part_version v ON v.id = p.live_version_id
         WHERE p.archived_at IS NULL
           AND p.id > %(after)s
           AND (%(search)s::text IS NULL
                OR position(lower(%(search)s) IN
                            lower(p.name || ' ' || p.description || ' ' || v.template)) > 0
                OR lower(%(search)s) IN (v.role, v.kind)
                OR lower(%(search)s) = ANY (p.tags))
         ORDER BY p.id
         LIMIT %(limit)s
        """,
        {"search": search or None, "after": after, "limit": limit},
    )


def insert_part(conn: db.Connection, *, name: str, description: str, tags: Sequence[str]) -> int:
    return db.scalar(
        conn,
        "INSERT INTO llm_prompt_part (name, description, tags) VALUES (%s, %s, %s) RETURNING id",
        (name, description, list(tags)),
    )


def insert_part_version(
    conn: db.Connection,
    part_id: int,
    *,
    base_version_id: int | None,
    role: str,
    kind: str,
    template: str,
    user_id: int | None,
) -> int | None:
    """The new version's id; None when `base_version_id` is not the live version any more.

    The row of the part stays locked until the transaction ends, so of two writers one waits and is refused.
    """
    return db.scalar(
        conn,
        """
        WITH base AS (
            SELECT p.id, coalesce((SELECT max(v.number) FROM llm_prompt_part_version v
                                   WHERE v.llm_prompt_part_id = p.id), 0) AS number
              FROM llm_prompt_part p
             WHERE p.id = %(part_id)s AND p.live_version_id IS NOT DISTINCT FROM %(base_version_id)s
               FOR UPDATE
        )
        INSERT INTO llm_prompt_part_version (llm_prompt_part_id, number, role, kind, template, app_user_id)
        SELECT id, number + 1, %(role)s, %(kind)s, %(template)s, %(user_id)s FROM base
        RETURNING id
        """,
        {
            "part_id": part_id,
            "base_version_id": base_version_id,
            "role": role,
            "kind": kind,
            "template": template,
            "user_id": user_id,
        },
    )


def update_part(
    conn: db.Connection, part_id: int, *, name: str, description: str, tags: Sequence[str], version_id: int
) -> int:
    return db.run(
        conn,
        """
        UPDATE llm_prompt_part SET name = %s, description = %s, tags = %s, live_version_id = %s
        WHERE id = %s
        """,
        (name, description, list(tags), version_id, part_id),
    )


def archive_part(conn: db.Connection, part_id: int) -> int:
    """Touches nothing while a live make-up has the part."""
    return db.run(
        conn,
        """
        UPDATE llm_prompt_part SET archived_at = coalesce(archived_at, now())
         WHERE id = %(part_id)s
           AND NOT EXISTS (SELECT FROM llm_action_part ap JOIN llm_action a
                               ON a.live_version_id = ap.llm_action_version_id
                            WHERE ap.llm_prompt_part_id = %(part_id)s AND a.archived_at IS NULL)
           AND NOT EXISTS (SELECT FROM llm_action_version v JOIN llm_action a ON a.live_version_id = v.id
                            WHERE v.repair_part_id = %(part_id)s AND a.archived_at IS NULL)
        """,
        {"part_id": part_id},
    )


def bring_back_part(conn: db.Connection, part_id: int) -> int:
    return db.run(conn, "UPDATE llm_prompt_part SET archived_at = NULL WHERE id = %s", (part_id,))


def list_part_versions(conn: db.Connection, part_id: int) -> list[PromptPartVersion]:
    return db.many(
        conn,
        PromptPartVersion,
        f"""
        SELECT {PART_VERSION}
          FROM llm_prompt_part_version v LEFT JOIN app_user u ON u.id = v.app_user_id
         WHERE v.llm_prompt_part_id = %s
         ORDER BY v.number DESC
        """,
        (part_id,),
    )


def list_part_uses(conn: db.Connection, part_id: int) -> list[PartUse]:
    return db.many(
        conn,
        PartUse,
        """
        SELECT a.id AS action_id, a.label AS action_label, used.is_sent, used.is_repair
          FROM llm_action a
          JOIN llm_action_version v ON v.id = a.live_version_id
         CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT FROM llm_action_part ap
                                WHERE ap.llm_action_version_id = v.id
                                  AND ap.llm_prompt_part_id = %(part_id)s) AS is_sent,
                       v.repair_part_id IS NOT DISTINCT FROM %(part_id)s AS is_repair
               ) AS used
         WHERE a.archived_at IS NULL AND (used.is_sent OR used.is_repair)
         ORDER BY a.label, a.id
        """,
        {"part_id": part_id},
    )


def lock_usable_parts(conn: db.Connection, part_ids: Sequence[int]) -> frozenset[int]:
    """Which of the parts exist and are not archived; none of them can be archived until we are done."""
    rows = conn.execute(
        "SELECT id FROM llm_prompt_part WHERE id = ANY(%s) AND archived_at IS NULL ORDER BY id FOR SHARE",
        (list(part_ids),),
    ).fetchall()
    return frozenset(row[0] for row in rows)


def list_live_texts(conn: db.Connection, part_ids: Sequence[int]) -> list[PartText]:
    """The live wording of these parts, each once."""
    return db.many(
        conn,
        PartText,
        """
        SELECT p.id AS part_id, v.number AS version, p.name, v.role, v.kind, v.template
          FROM llm_prompt_part p JOIN llm_prompt_part_version v ON v.id = p.live_version_id
         WHERE p.id = ANY(%s)
         ORDER BY p.id
        """,
        (list(part_ids),),
    )


# --- actions -------------------------------------------------------------------------------------


def find_action(conn: db.Connection, action_id: int) -> ActionHead | None:
    return db.one(
        conn,
        ActionHead,
        """
        SELECT id, name, label, description, live_version_id, archived_at FROM llm_action
        WHERE id = %s AND live_version_id IS NOT NULL
        """,
        (action_id,),
    )


def list_actions(conn: db.Connection, *, after: int = 0, limit: int | None = None) -> list[ActionListItem]:
    return db.many(
        conn,
        ActionListItem,
        """
        SELECT a.id, a.name, a.label, a.description, v.number, v.output_kind, m.label AS model_label,
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
    user_id: int | None,
) -> int | None:
    """The new version's id; None when `base_version_id` is not the live version any more."""
    return db.scalar(
        conn,
        """
        WITH base AS (
            SELECT a.id, coalesce((SELECT max(v.number) FROM llm_action_version v
                                   WHERE v.llm_action_id = a.id), 0) AS number
              FROM llm_action a
             WHERE a.id = %(action_id)s AND a.live_version_id IS NOT DISTINCT FROM %(base_version_id)s
               FOR UPDATE
        )
        INSERT INTO llm_action_version (llm_action_id, number, llm_model_id, params, output_kind,
                                        output_schema, validators, deadline_seconds, max_retries,
                                        fallback_model_id, max_repairs, repair_part_id, app_user_id)
        SELECT id, number + 1, %(model_id)s, %(params)s, %(output_kind)s, %(output_schema)s,
               %(validators)s, %(deadline_seconds)s, %(max_retries)s, %(fallback_model_id)s,
               %(max_repairs)s, %(repair_part_id)s, %(user_id)s
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
            "user_id": user_id,
        },
    )


def insert_action_parts(conn: db.Connection, version_id: int, part_ids: Sequence[int]) -> int:
    return db.run(
        conn,
        """
        INSERT INTO llm_action_part (llm_action_version_id, position, llm_prompt_part_id)
        SELECT %s, position, part_id FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (part_id, position)
        """,
        (version_id, list(part_ids)),
    )


def update_action(
    conn: db.Connection, action_id: int, *, label: str, description: str, version_id: int
) -> int:
    return db.run(
        conn,
        "UPDATE llm_action SET label = %s, description = %s, live_version_id = %s WHERE id = %s",
        (label, description, version_id, action_id),
    )


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


def list_part_texts(conn: db.Connection, action_version_id: int) -> list[PartText]:
    """The live wording of each part of a make-up, in the order in which they are sent."""
    return db.many(
        conn,
        PartText,
        """
        SELECT p.id AS part_id, v.number AS version, p.name, v.role, v.kind, v.template
          FROM llm_action_part ap
          JOIN llm_prompt_part p ON p.id = ap.llm_prompt_part_id
          JOIN llm_prompt_part_version v ON v.id = p.live_version_id
         WHERE ap.llm_action_version_id = %s
         ORDER BY ap.position
        """,
        (action_version_id,),
    )
