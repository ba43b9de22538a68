"""The statements about API tokens, but for who asks with one: that is in session_store.py."""

from datetime import datetime

from blog.app import db
from blog.app.auth.models import ApiToken
from blog.app.translation import gettext as _

LISTED = "id, name, hint, permissions, created_at, last_used_at, expires_at, revoked_at"


def insert_token(
    conn: db.Connection,
    user_id: int,
    *,
    name: str,
    token_hash: bytes,
    hint: str,
    permissions: list[str] | None,
    expires_at: datetime | None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO api_token (app_user_id, name, token_hash, hint, permissions, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (user_id, name, token_hash, hint, permissions, expires_at),
    )


def list_tokens(conn: db.Connection, user_id: int) -> list[ApiToken]:
    return db.many(
        conn,
        ApiToken,
        f"SELECT {LISTED} FROM api_token WHERE app_user_id = %s ORDER BY id DESC LIMIT 200",
        (user_id,),
    )


def revoke_token(conn: db.Connection, user_id: int, token_id: int) -> None:
    """Keeps the first moment of a repeated revocation."""
    count = db.run(
        conn,
        """
        UPDATE api_token SET revoked_at = coalesce(revoked_at, clock_timestamp())
        WHERE id = %s AND app_user_id = %s
        """,
        (token_id, user_id),
    )
    db.must_touch(count, _("You have no such token."))


def revoke_tokens(conn: db.Connection, user_id: int) -> None:
    db.run(
        conn,
        "UPDATE api_token SET revoked_at = clock_timestamp() WHERE app_user_id = %s AND revoked_at IS NULL",
        (user_id,),
    )
