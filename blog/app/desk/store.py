"""SQL of the desk: who wrote a revision by way of a run, who is editing what."""

from collections.abc import Sequence

from blog.app import db
from blog.app.desk.models import Authorship, Presence


def list_authorships(conn: db.Connection, run_ids: Sequence[int]) -> list[Authorship]:
    return db.many(
        conn,
        Authorship,
        """
        SELECT run.id AS run_id, action.label AS action_label, model.name AS model_name, provider.is_rehearsal
        FROM llm_run AS run
        JOIN llm_action_version AS version ON version.id = run.llm_action_version_id
        JOIN llm_action AS action ON action.id = version.llm_action_id
        JOIN llm_model AS model ON model.id = run.llm_model_id
        JOIN llm_provider AS provider ON provider.id = model.llm_provider_id
        WHERE run.id = ANY(%s)
        """,
        (list(run_ids),),
    )


def upsert_presence(
    conn: db.Connection, *, post_id: int, section_id: int | None, field_id: int, user_id: int
) -> None:
    conn.execute(
        """
        INSERT INTO presence (post_id, app_user_id, post_section_id, workflow_field_id, seen_at)
        VALUES (%s, %s, %s, %s, clock_timestamp())
        ON CONFLICT ON CONSTRAINT presence_pkey DO UPDATE
        SET post_section_id = excluded.post_section_id, workflow_field_id = excluded.workflow_field_id,
            seen_at = excluded.seen_at
        """,
        (post_id, user_id, section_id, field_id),
    )


def list_present(
    conn: db.Connection,
    post_id: int,
    *,
    seen: Sequence[int] | None,
    but_user_id: int | None,
    within_seconds: int,
) -> list[Presence]:
    return db.many(
        conn,
        Presence,
        """
        SELECT person.id AS user_id, person.name AS user_name, presence.post_section_id AS section_id,
               field.name AS field_name, field.label AS field_label, presence.seen_at
        FROM presence
        JOIN app_user AS person ON person.id = presence.app_user_id
        JOIN workflow_field AS field ON field.id = presence.workflow_field_id
        WHERE presence.post_id = %(post_id)s AND presence.app_user_id IS DISTINCT FROM %(but_user_id)s
          AND presence.seen_at > clock_timestamp() - make_interval(secs => %(seconds)s)
          AND (%(seen)s::bigint[] IS NULL OR field.workflow_sub_stage_id = ANY(%(seen)s))
        ORDER BY person.name, person.id
        """,
        {"post_id": post_id, "seen": seen, "but_user_id": but_user_id, "seconds": within_seconds},
    )
