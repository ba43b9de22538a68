"""SQL of splits."""

from blog.app import db
from blog.app.automation.split_models import Split

SPLIT = """
    SELECT split.id, split.llm_action_id AS action_id, action.label AS action_label,
           split.live_version_id, live.number AS live_version, split.tried_version_id,
           tried.number AS tried_version, split.tried_percent, person.name AS user_name, split.started_at,
           ender.name AS ended_by, split.ended_at,
           split.ended_at IS NULL AND action.live_version_id = split.live_version_id
               AND action.archived_at IS NULL AS is_choosing
    FROM llm_action_split AS split
    JOIN llm_action AS action ON action.id = split.llm_action_id
    JOIN llm_action_version AS live ON live.id = split.live_version_id
    JOIN llm_action_version AS tried ON tried.id = split.tried_version_id
    JOIN app_user AS person ON person.id = split.app_user_id
    LEFT JOIN app_user AS ender ON ender.id = split.ended_by_id
"""


def find_split(conn: db.Connection, split_id: int) -> Split | None:
    return db.one(conn, Split, f"{SPLIT} WHERE split.id = %s", (split_id,))


def find_choosing(conn: db.Connection, action_id: int) -> Split | None:
    return db.one(
        conn,
        Split,
        f"""
        {SPLIT} WHERE split.llm_action_id = %s AND split.ended_at IS NULL
                  AND action.live_version_id = split.live_version_id
        """,
        (action_id,),
    )


def list_splits(conn: db.Connection, action_id: int) -> list[Split]:
    """Newest first."""
    return db.many(
        conn, Split, f"{SPLIT} WHERE split.llm_action_id = %s ORDER BY split.id DESC LIMIT 50", (action_id,)
    )


def insert_split(
    conn: db.Connection,
    *,
    action_id: int,
    live_version_id: int,
    tried_version_id: int,
    tried_percent: int,
    user_id: int,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO llm_action_split (llm_action_id, live_version_id, tried_version_id, tried_percent,
                                      app_user_id)
        VALUES (%s, %s, %s, %s, %s) RETURNING id
        """,
        (action_id, live_version_id, tried_version_id, tried_percent, user_id),
    )


def end_split(conn: db.Connection, split_id: int, user_id: int) -> bool:
    """False: somebody ended it already."""
    return (
        db.run(
            conn,
            """
            UPDATE llm_action_split SET ended_at = now(), ended_by_id = %s WHERE id = %s AND ended_at IS NULL
            """,
            (user_id, split_id),
        )
        == 1
    )


def end_void(conn: db.Connection, action_id: int, user_id: int) -> None:
    """Ends a split that chooses no more because another version went live."""
    db.run(
        conn,
        """
        UPDATE llm_action_split AS split SET ended_at = now(), ended_by_id = %s
        FROM llm_action AS action
        WHERE action.id = split.llm_action_id AND split.llm_action_id = %s AND split.ended_at IS NULL
          AND action.live_version_id <> split.live_version_id
        """,
        (user_id, action_id),
    )
