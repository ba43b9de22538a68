"""The statements about passkeys and the challenges they answer. Decides nothing."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from blog.app import db
from blog.app.translation import gettext as _

Purpose = Literal["add", "second_factor", "sign_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One of a person's, as they see it. `last_used_at` None: never."""

    id: int
    name: str
    host: str
    handle: bytes
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What an answer is held to."""

    id: int
    app_user_id: int
    user_handle: UUID
    public_key: bytes


def user_handle_of(conn: db.Connection, user_id: int) -> UUID:
    return db.scalar(conn, "SELECT user_handle FROM app_user WHERE id = %s", (user_id,))


def list_passkeys(conn: db.Connection, user_id: int) -> list[Passkey]:
    return db.many(
        conn,
        Passkey,
        """
        SELECT id, name, host, handle, created_at, last_used_at FROM passkey
        WHERE app_user_id = %s ORDER BY id
        """,
        (user_id,),
    )


def find_by_handle(conn: db.Connection, handle: bytes, host: str) -> Known | None:
    """None too when its person was deactivated, or when it was made for another host."""
    return db.one(
        conn,
        Known,
        """
        SELECT passkey.id, app_user_id, user_handle, public_key
        FROM passkey JOIN app_user ON app_user.id = app_user_id
        WHERE handle = %s AND host = %s AND deactivated_at IS NULL
        """,
        (handle, host),
    )


def insert_passkey(
    conn: db.Connection,
    user_id: int,
    *,
    name: str,
    host: str,
    handle: bytes,
    public_key: bytes,
    sign_count: int,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO passkey (app_user_id, name, host, handle, public_key, sign_count)
        VALUES (%s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (user_id, name, host, handle, public_key, sign_count),
    )


def spend_count(conn: db.Connection, passkey_id: int, sign_count: int) -> bool:
    """Notes a use. False when the count did not go on, unless it never counted."""
    return (
        db.run(
            conn,
            """
        UPDATE passkey SET sign_count = %(count)s, last_used_at = clock_timestamp()
        WHERE id = %(id)s AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))
        """,
            {"id": passkey_id, "count": sign_count},
        )
        == 1
    )


def rename_passkey(conn: db.Connection, user_id: int, passkey_id: int, name: str) -> None:
    count = db.run(
        conn,
        "UPDATE passkey SET name = %s WHERE id = %s AND app_user_id = %s",
        (name, passkey_id, user_id),
    )
    db.must_touch(count, _("You have no such passkey."))


def delete_passkey(conn: db.Connection, user_id: int, passkey_id: int) -> None:
    count = db.run(conn, "DELETE FROM passkey WHERE id = %s AND app_user_id = %s", (passkey_id, user_id))
    db.must_touch(count, _("You have no such passkey."))


def delete_passkeys(conn: db.Connection, user_id: int) -> int:
    return db.run(conn, "DELETE FROM passkey WHERE app_user_id = %s", (user_id,))


# --- challenges ----------------------------------------------------------------------------------


def insert_challenge(
    conn: db.Connection, purpose: Purpose, challenge: bytes, browser_hash: bytes, user_id: int | None
) -> None:
    db.run(
        conn,
        """
        INSERT INTO passkey_challenge (purpose, challenge, browser_hash, app_user_id, expires_at)
        VALUES (%s, %s, %s, %s, clock_timestamp() + interval '5 minutes')
        """,
        (purpose, challenge, browser_hash, user_id),
    )


def take_challenge(
    conn: db.Connection, purpose: Purpose, challenge: bytes, browser_hash: bytes, user_id: int | None
) -> bool:
    """Whoever takes it first has it alone. False: there is none, or it was for another browser or person."""
    return (
        db.run(
            conn,
            """
        DELETE FROM passkey_challenge
        WHERE challenge = %s AND purpose = %s AND browser_hash = %s AND app_user_id IS NOT DISTINCT FROM %s
            AND expires_at > clock_timestamp()
        """,
            (challenge, purpose, browser_hash, user_id),
        )
        == 1
    )


def delete_expired_challenges(conn: db.Connection) -> None:
    db.run(conn, "DELETE FROM passkey_challenge WHERE expires_at <= clock_timestamp()")


def delete_challenges(conn: db.Connection, user_id: int) -> None:
    db.run(conn, "DELETE FROM passkey_challenge WHERE app_user_id = %s", (user_id,))
