"""The statements about who is asking: sessions, and what a cookie or a token stands for."""

from dataclasses import dataclass

from blog.app import db
from blog.app.auth.factor_store import HAS_FACTOR
from blog.app.auth.matrix_store import REACH
from blog.app.auth.models import Theme, Verb
from blog.app.translation import gettext as _

OWES_FACTOR = f"""
    (
        EXISTS (
            SELECT FROM user_role JOIN role ON role.id = user_role.role_id
            WHERE user_role.app_user_id = app_user.id AND role.needs_second_factor
        )
        AND NOT {HAS_FACTOR}
    )
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Who a cookie or a token stands for. `is_stale`: not noted as seen for a minute. Limits: per minute.

    `places` and `sub_stages` become their reach; `as_user_id` and `as_role_id`: whose eyes they look through.
    """

    user_id: int
    name: str
    theme: Theme | None
    permissions: list[str]
    places: dict[Verb, list[int]] | None
    sub_stages: int
    via_id: int
    is_stale: bool
    owes_factor: bool
    token_limit: int | None
    person_limit: int | None
    as_user_id: int | None
    as_role_id: int | None


def find_session(conn: db.Connection, token_hash: bytes) -> Presence | None:
    return db.one(
        conn,
        Presence,
        f"""
        SELECT app_user.id AS user_id, app_user.name, app_user.theme, user_session.id AS via_id,
            user_session.last_seen_at < clock_timestamp() - interval '1 minute' AS is_stale,
            ARRAY(
                SELECT DISTINCT permission FROM user_role JOIN role_permission USING (role_id)
                WHERE user_role.app_user_id = app_user.id
            ) AS permissions,
            {REACH},
            {OWES_FACTOR} AS owes_factor,
            NULL::integer AS token_limit,
            access_policy.person_requests_per_minute AS person_limit,
            user_session.as_user_id, user_session.as_role_id
        FROM user_session JOIN app_user ON app_user.id = user_session.app_user_id, access_policy
        WHERE user_session.token_hash = %s AND user_session.expires_at > clock_timestamp()
            AND user_session.last_seen_at
                > clock_timestamp() - make_interval(mins => access_policy.session_idle_minutes)
            AND app_user.deactivated_at IS NULL
        """,
        (token_hash,),
    )


def find_bearer(conn: db.Connection, token_hash: bytes) -> Presence | None:
    return db.one(
        conn,
        Presence,
        f"""
        SELECT app_user.id AS user_id, app_user.name, app_user.theme, api_token.id AS via_id,
            coalesce(api_token.last_used_at < clock_timestamp() - interval '1 minute', true) AS is_stale,
            ARRAY(
                SELECT DISTINCT permission FROM user_role JOIN role_permission USING (role_id)
                WHERE user_role.app_user_id = app_user.id
                    AND (api_token.permissions IS NULL OR permission = ANY (api_token.permissions))
            ) AS permissions,
            {REACH},
            {OWES_FACTOR} AS owes_factor,
            (SELECT token_requests_per_minute FROM access_policy) AS token_limit,
            (SELECT person_requests_per_minute FROM access_policy) AS person_limit,
            NULL::bigint AS as_user_id, NULL::bigint AS as_role_id
        FROM api_token JOIN app_user ON app_user.id = api_token.app_user_id
        WHERE api_token.token_hash = %s AND api_token.revoked_at IS NULL
            AND (api_token.expires_at IS NULL OR api_token.expires_at > clock_timestamp())
            AND app_user.deactivated_at IS NULL
        """,
        (token_hash,),
    )


def update_session_view(
    conn: db.Connection, token_hash: bytes, *, as_user_id: int | None, as_role_id: int | None
) -> None:
    count = db.run(
        conn,
        "UPDATE user_session SET as_user_id = %s, as_role_id = %s WHERE token_hash = %s",
        (as_user_id, as_role_id, token_hash),
    )
    db.must_touch(count, _("There is no such session."))


def end_session_view(conn: db.Connection, token_hash: bytes) -> int | None:
    """Whose session it is. None: nobody was looking as somebody else in it."""
    return db.scalar(
        conn,
        """
        UPDATE user_session SET as_user_id = NULL, as_role_id = NULL
        WHERE token_hash = %s AND num_nonnulls(as_user_id, as_role_id) > 0 RETURNING app_user_id
        """,
        (token_hash,),
    )


def touch_session(conn: db.Connection, session_id: int) -> None:
    """Noting it twice or not at all (it was just signed out) does no harm."""
    db.run(
        conn,
        """
        UPDATE user_session
        SET last_seen_at = clock_timestamp()
        WHERE id = %s AND last_seen_at < clock_timestamp() - interval '1 minute'
        """,
        (session_id,),
    )


def touch_token(conn: db.Connection, token_id: int) -> None:
    db.run(
        conn,
        """
        UPDATE api_token SET last_used_at = clock_timestamp()
        WHERE id = %s AND coalesce(last_used_at < clock_timestamp() - interval '1 minute', true)
        """,
        (token_id,),
    )


def insert_session(conn: db.Connection, user_id: int, token_hash: bytes) -> None:
    db.run(
        conn,
        """
        INSERT INTO user_session (app_user_id, token_hash, last_seen_at, expires_at)
        SELECT %s, %s, clock_timestamp(),
            coalesce(clock_timestamp() + make_interval(hours => session_hours), 'infinity')
        FROM access_policy
        """,
        (user_id, token_hash),
    )


def delete_session(conn: db.Connection, token_hash: bytes) -> None:
    """A session that is gone already is what was wanted."""
    db.run(conn, "DELETE FROM user_session WHERE token_hash = %s", (token_hash,))


def delete_sessions(conn: db.Connection, user_id: int) -> None:
    db.run(conn, "DELETE FROM user_session WHERE app_user_id = %s", (user_id,))


def delete_other_sessions(conn: db.Connection, user_id: int, token_hash: bytes) -> None:
    """All but the one of this token."""
    db.run(
        conn,
        "DELETE FROM user_session WHERE app_user_id = %s AND token_hash <> %s",
        (user_id, token_hash),
    )


def shorten_sessions(conn: db.Connection) -> None:
    """Those that are open end no later than the limit allows now."""
    db.run(
        conn,
        """
        UPDATE user_session SET expires_at = created_at + make_interval(hours => session_hours)
        FROM access_policy WHERE expires_at > created_at + make_interval(hours => session_hours)
        """,
    )


def delete_expired_sessions(conn: db.Connection, user_id: int) -> None:
    db.run(
        conn,
        """
        DELETE FROM user_session USING access_policy
        WHERE app_user_id = %s AND (
            expires_at <= clock_timestamp()
            OR last_seen_at <= clock_timestamp() - make_interval(mins => session_idle_minutes)
        )
        """,
        (user_id,),
    )
