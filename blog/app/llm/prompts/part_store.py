"""SQL of prompt parts. A version is only ever inserted."""

from collections.abc import Sequence

from blog.app import db
from blog.app.llm.assemble import PartText
from blog.app.llm.prompts.models import LivePartText, PartUse, PromptPart, PromptPartVersion

PART = """
    p.id, p.name, p.description, p.tags, p.live_version_id, p.draft_version_id,
    v.id AS version_id, v.number, v.role, v.kind, v.template,
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


def find_part(conn: db.Connection, part_id: int) -> PromptPart | None:
    """With its live wording."""
    return db.one(
        conn,
        PromptPart,
        f"""
        SELECT {PART} FROM llm_prompt_part p JOIN llm_prompt_part_version v ON v.id = p.live_version_id
        WHERE p.id = %s
        """,
        (part_id,),
    )


def find_part_version(conn: db.Connection, version_id: int) -> PromptPart | None:
    """A part with this one of its wordings."""
    return db.one(
        conn,
        PromptPart,
        f"""
        SELECT {PART} FROM llm_prompt_part_version v JOIN llm_prompt_part p ON p.id = v.llm_prompt_part_id
        WHERE v.id = %s
        """,
        (version_id,),
    )


def list_parts(
    conn: db.Connection, *, search: str | None = None, after: int = 0, limit: int | None = None
) -> list[PromptPart]:
    """With their live wording, by text, role, kind or tag; archived ones are not listed."""
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
    """The new version's id; None when others have gone on from `base_version_id` already.

    The row of the part stays locked until the transaction ends, so of two writers one waits and is refused.
    """
    return db.scalar(
        conn,
        """
        WITH base AS (
            SELECT p.id, coalesce((SELECT max(v.number) FROM llm_prompt_part_version v
                                   WHERE v.llm_prompt_part_id = p.id), 0) AS number
              FROM llm_prompt_part p
             WHERE p.id = %(part_id)s
               AND coalesce(p.draft_version_id, p.live_version_id) IS NOT DISTINCT FROM %(base_version_id)s
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
    conn: db.Connection, part_id: int, *, name: str, description: str, tags: Sequence[str]
) -> int:
    return db.run(
        conn,
        "UPDATE llm_prompt_part SET name = %s, description = %s, tags = %s WHERE id = %s",
        (name, description, list(tags), part_id),
    )


def update_draft(conn: db.Connection, part_id: int, version_id: int | None) -> int:
    """None: the draft is set aside; its version stays among the versions."""
    return db.run(
        conn, "UPDATE llm_prompt_part SET draft_version_id = %s WHERE id = %s", (version_id, part_id)
    )


def archive_part(conn: db.Connection, part_id: int) -> int:
    """Touches nothing while a live make-up or a draft has the part."""
    return db.run(
        conn,
        """
        UPDATE llm_prompt_part SET archived_at = coalesce(archived_at, now())
         WHERE id = %(part_id)s
           AND NOT EXISTS (SELECT FROM llm_action_part ap JOIN llm_action a
                               ON ap.llm_action_version_id IN (a.live_version_id, a.draft_version_id)
                            WHERE ap.llm_prompt_part_id = %(part_id)s AND a.archived_at IS NULL)
           AND NOT EXISTS (SELECT FROM llm_action_version v JOIN llm_action a
                               ON v.id IN (a.live_version_id, a.draft_version_id)
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
    """One row for each action; `is_live` false where only its draft has the part."""
    return db.many(
        conn,
        PartUse,
        """
        SELECT a.id AS action_id, a.label AS action_label, bool_or(used.is_sent) AS is_sent,
               bool_or(used.is_repair) AS is_repair, bool_or(v.id = a.live_version_id) AS is_live
          FROM llm_action a
          JOIN llm_action_version v ON v.id IN (a.live_version_id, a.draft_version_id)
         CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT FROM llm_action_part ap
                                WHERE ap.llm_action_version_id = v.id
                                  AND ap.llm_prompt_part_id = %(part_id)s) AS is_sent,
                       v.repair_part_id IS NOT DISTINCT FROM %(part_id)s AS is_repair
               ) AS used
         WHERE a.archived_at IS NULL AND (used.is_sent OR used.is_repair)
         GROUP BY a.id
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


def list_part_texts(
    conn: db.Connection, action_version_id: int, part_version_ids: Sequence[int] = ()
) -> list[PartText]:
    """Each part of a make-up that is sent, in its order: live wordings but for the versions named."""
    return db.many(
        conn,
        PartText,
        """
        SELECT p.id AS part_id, v.number AS version, p.name, v.role, v.kind, v.template
          FROM llm_action_part ap
          JOIN llm_prompt_part p ON p.id = ap.llm_prompt_part_id
          LEFT JOIN llm_prompt_part_version instead
            ON instead.llm_prompt_part_id = p.id AND instead.id = ANY(%(instead)s)
          JOIN llm_prompt_part_version v ON v.id = coalesce(instead.id, p.live_version_id)
         WHERE ap.llm_action_version_id = %(version_id)s AND NOT ap.is_off
         ORDER BY ap.position
        """,
        {"version_id": action_version_id, "instead": list(part_version_ids)},
    )


def list_live_part_texts(conn: db.Connection, action_ids: Sequence[int]) -> list[LivePartText]:
    """Each part that these actions send as they are live, in their order."""
    return db.many(
        conn,
        LivePartText,
        """
        SELECT a.id AS action_id, p.id AS part_id, v.number AS version, p.name, v.role, v.kind, v.template
          FROM llm_action a
          JOIN llm_action_part ap ON ap.llm_action_version_id = a.live_version_id AND NOT ap.is_off
          JOIN llm_prompt_part p ON p.id = ap.llm_prompt_part_id
          JOIN llm_prompt_part_version v ON v.id = p.live_version_id
         WHERE a.id = ANY(%s)
         ORDER BY a.id, ap.position
        """,
        (list(action_ids),),
    )


def list_versioned_parts(conn: db.Connection, part_version_ids: Sequence[int]) -> list[int]:
    """The part of each of these versions that there is."""
    rows = conn.execute(
        "SELECT llm_prompt_part_id FROM llm_prompt_part_version WHERE id = ANY(%s)", (list(part_version_ids),)
    ).fetchall()
    return [row[0] for row in rows]
