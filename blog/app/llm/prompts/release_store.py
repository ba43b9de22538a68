"""SQL of going live: which version counts, and that it was made so. A release is only ever inserted."""

from collections.abc import Mapping, Sequence

from blog.app import db
from blog.app.llm.prompts.models import Release


def update_live_part(
    conn: db.Connection, part_id: int, *, version_id: int, replaced_version_id: int | None
) -> int:
    """Touches nothing when another than `replaced_version_id` is live, or the version is not the part's."""
    return db.run(
        conn,
        """
        UPDATE llm_prompt_part p
           SET live_version_id = v.id, draft_version_id = nullif(p.draft_version_id, v.id)
          FROM llm_prompt_part_version v
         WHERE p.id = %(part_id)s AND v.llm_prompt_part_id = p.id AND v.id = %(version_id)s
           AND p.live_version_id IS NOT DISTINCT FROM %(replaced)s
        """,
        {"part_id": part_id, "version_id": version_id, "replaced": replaced_version_id},
    )


def update_live_action(
    conn: db.Connection, action_id: int, *, version_id: int, replaced_version_id: int | None
) -> int:
    """As update_live_part."""
    return db.run(
        conn,
        """
        UPDATE llm_action a
           SET live_version_id = v.id, draft_version_id = nullif(a.draft_version_id, v.id)
          FROM llm_action_version v
         WHERE a.id = %(action_id)s AND v.llm_action_id = a.id AND v.id = %(version_id)s
           AND a.live_version_id IS NOT DISTINCT FROM %(replaced)s
        """,
        {"action_id": action_id, "version_id": version_id, "replaced": replaced_version_id},
    )


def insert_part_release(
    conn: db.Connection,
    part_id: int,
    *,
    version_id: int,
    replaced_version_id: int | None,
    user_id: int | None,
    reason: str,
    overruled: Sequence[Mapping[str, object]] | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_prompt_part_release (llm_prompt_part_id, llm_prompt_part_version_id,
                                             replaced_version_id, app_user_id, reason, overruled)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (part_id, version_id, replaced_version_id, user_id, reason, _jsonb(overruled)),
    )


def insert_action_release(
    conn: db.Connection,
    action_id: int,
    *,
    version_id: int,
    replaced_version_id: int | None,
    user_id: int | None,
    reason: str,
    overruled: Sequence[Mapping[str, object]] | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_action_release (llm_action_id, llm_action_version_id,
                                        replaced_version_id, app_user_id, reason, overruled)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (action_id, version_id, replaced_version_id, user_id, reason, _jsonb(overruled)),
    )


def list_part_releases(conn: db.Connection, part_id: int) -> list[Release]:
    return db.many(
        conn,
        Release,
        """
        SELECT r.id, v.id AS version_id, v.number, r.replaced_version_id, o.number AS replaced_number,
               u.name AS author, r.reason, r.overruled, r.created_at
          FROM llm_prompt_part_release r
          JOIN llm_prompt_part_version v ON v.id = r.llm_prompt_part_version_id
          LEFT JOIN llm_prompt_part_version o ON o.id = r.replaced_version_id
          LEFT JOIN app_user u ON u.id = r.app_user_id
         WHERE r.llm_prompt_part_id = %s
         ORDER BY r.id DESC
        """,
        (part_id,),
    )


def list_action_releases(conn: db.Connection, action_id: int) -> list[Release]:
    return db.many(
        conn,
        Release,
        """
        SELECT r.id, v.id AS version_id, v.number, r.replaced_version_id, o.number AS replaced_number,
               u.name AS author, r.reason, r.overruled, r.created_at
          FROM llm_action_release r
          JOIN llm_action_version v ON v.id = r.llm_action_version_id
          LEFT JOIN llm_action_version o ON o.id = r.replaced_version_id
          LEFT JOIN app_user u ON u.id = r.app_user_id
         WHERE r.llm_action_id = %s
         ORDER BY r.id DESC
        """,
        (action_id,),
    )


def _jsonb(overruled: Sequence[Mapping[str, object]] | None) -> object:
    return None if overruled is None else db.jsonb(list(overruled))
