"""The statements about second factors, recovery codes and half-finished sign-ins. Decides nothing."""

from dataclasses import dataclass, field
from datetime import datetime

from blog.app import db

HAS_FACTOR = """
    (
        EXISTS (
            SELECT FROM second_factor
            WHERE second_factor.app_user_id = app_user.id AND second_factor.confirmed_at IS NOT NULL
        )
        OR EXISTS (SELECT FROM passkey WHERE passkey.app_user_id = app_user.id)
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """`confirmed_at` None: it was shown, but no code of it was entered yet."""

    sealed_secret: bytes = field(repr=False)
    confirmed_at: datetime | None


def find_factor(conn: db.Connection, user_id: int) -> Factor | None:
    return db.one(
        conn,
        Factor,
        "SELECT sealed_secret, confirmed_at FROM second_factor WHERE app_user_id = %s",
        (user_id,),
    )


def put_factor(conn: db.Connection, user_id: int, sealed_secret: bytes) -> int:
    """Replaces one that was never confirmed; touches no row when there is a confirmed one."""
    return db.run(
        conn,
        """
        INSERT INTO second_factor (app_user_id, sealed_secret) VALUES (%s, %s)
        ON CONFLICT (app_user_id) DO UPDATE SET sealed_secret = excluded.sealed_secret, last_step = 0
        WHERE second_factor.confirmed_at IS NULL
        """,
        (user_id, sealed_secret),
    )


def spend_step(conn: db.Connection, user_id: int, step: int) -> bool:
    """False when this code, or a later one, was accepted before."""
    return (
        db.run(
            conn,
            """
        UPDATE second_factor SET last_step = %s, confirmed_at = coalesce(confirmed_at, clock_timestamp())
        WHERE app_user_id = %s AND last_step < %s
        """,
            (step, user_id, step),
        )
        == 1
    )


def delete_factor(conn: db.Connection, user_id: int) -> int:
    return db.run(conn, "DELETE FROM second_factor WHERE app_user_id = %s", (user_id,))


def has_factor(conn: db.Connection, user_id: int) -> bool:
    """An authenticator app or a passkey."""
    return db.scalar(conn, f"SELECT {HAS_FACTOR} FROM app_user WHERE id = %s", (user_id,))


def lock_person(conn: db.Connection, user_id: int) -> None:
    """Until the transaction ends, nobody else decides whether this person still has a second factor."""
    db.run(conn, "SELECT FROM app_user WHERE id = %s FOR NO KEY UPDATE", (user_id,))


def is_needed(conn: db.Connection, user_id: int) -> bool:
    return db.scalar(
        conn,
        """
        SELECT EXISTS (
            SELECT FROM user_role JOIN role ON role.id = role_id
            WHERE app_user_id = %s AND needs_second_factor
        )
        """,
        (user_id,),
    )


# --- recovery codes ------------------------------------------------------------------------------


def insert_codes(conn: db.Connection, user_id: int, hashes: list[bytes]) -> None:
    db.run(
        conn,
        "INSERT INTO recovery_code (app_user_id, code_hash) SELECT %s, unnest(%s::bytea[])",
        (user_id, hashes),
    )


def delete_codes(conn: db.Connection, user_id: int) -> None:
    db.run(conn, "DELETE FROM recovery_code WHERE app_user_id = %s", (user_id,))


def spend_code(conn: db.Connection, user_id: int, code_hash: bytes) -> bool:
    return (
        db.run(
            conn,
            """
        UPDATE recovery_code SET used_at = clock_timestamp()
        WHERE app_user_id = %s AND code_hash = %s AND used_at IS NULL
        """,
            (user_id, code_hash),
        )
        == 1
    )


def count_codes(conn: db.Connection, user_id: int) -> int:
    return db.scalar(
        conn, "SELECT count(*) FROM recovery_code WHERE app_user_id = %s AND used_at IS NULL", (user_id,)
    )


# --- between password and code -------------------------------------------------------------------


def insert_step(conn: db.Connection, user_id: int, token_hash: bytes) -> None:
    db.run(
        conn,
        """
        INSERT INTO sign_in_step (app_user_id, token_hash, expires_at)
        VALUES (%s, %s, clock_timestamp() + interval '10 minutes')
        """,
        (user_id, token_hash),
    )


def find_step(conn: db.Connection, token_hash: bytes) -> int | None:
    """Whose it is."""
    return db.scalar(
        conn,
        """
        SELECT app_user_id FROM sign_in_step JOIN app_user ON app_user.id = app_user_id
        WHERE token_hash = %s AND expires_at > clock_timestamp() AND deactivated_at IS NULL
        """,
        (token_hash,),
    )


def delete_steps(conn: db.Connection, user_id: int) -> None:
    db.run(conn, "DELETE FROM sign_in_step WHERE app_user_id = %s", (user_id,))
