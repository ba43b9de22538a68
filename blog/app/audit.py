"""The audit trail: one append-only table. Holds references and names, never post text and never keys."""

from typing import Protocol

from blog.app import db


class Acting(Protocol):
    """What the trail needs to know of an actor; `auth` has the whole of it."""

    @property
    def user_id(self) -> int | None: ...

    @property
    def api_token_id(self) -> int | None: ...


def record(
    conn: db.Connection,
    actor: Acting,
    name: str,
    subject_kind: str,
    subject_id: int | None,
    **details: object,
) -> None:
    """Notes that `actor` did `name` (such as "post.revised") to a subject, in the caller's transaction."""
    db.run(
        conn,
        """
        INSERT INTO audit_event (app_user_id, api_token_id, name, subject_kind, subject_id, details)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (actor.user_id, actor.api_token_id, name, subject_kind, subject_id, db.jsonb(details)),
    )
