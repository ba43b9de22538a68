"""The statements about people, sessions, tokens and the setup link; role_store.py has those about roles."""

from dataclasses import dataclass, field
from datetime import datetime

from blog.app import db
from blog.app.auth.factor_store import HAS_FACTOR
from blog.app.auth.matrix_store import REACH, REACH_OF_ROLE
from blog.app.auth.models import ApiToken, Theme, User, Verb
from blog.app.translation import gettext as _

USER = f"""
    app_user.id, app_user.email, app_user.name, app_user.theme, app_user.email_confirmed_at,
    app_user.deactivated_at, app_user.created_at,
    ARRAY(
        SELECT role.name FROM user_role JOIN role ON role.id = user_role.role_id
        WHERE user_role.app_user_id = app_user.id ORDER BY role.id
    ) AS roles,
    {HAS_FACTOR} AS has_second_factor
"""
OWES_FACTOR = f"""
    (
        EXISTS (
            SELECT FROM user_role JOIN role ON role.id = user_role.role_id
            WHERE user_role.app_user_id = app_user.id AND role.needs_second_factor
        )
        AND NOT {HAS_FACTOR}
    )
"""
LISTED = "id, name, hint, permissions, created_at, last_used_at, expires_at, revoked_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is compared with."""

    user_id: int
    email: str
    name: str
    password_hash: str = field(repr=False)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a person may do, or a role. `places` None: everything everywhere."""

    permissions: list[str]
    places: dict[Verb, list[int]] | None
    sub_stages: int


# --- who is asking -------------------------------------------------------------------------------


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


# --- sessions ------------------------------------------------------------------------------------


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


# --- people --------------------------------------------------------------------------------------


def find_credentials(conn: db.Connection, email: str) -> Credentials | None:
    return db.one(
        conn,
        Credentials,
        """
        SELECT id AS user_id, email, name, password_hash FROM app_user
        WHERE email = %s AND deactivated_at IS NULL
        """,
        (email,),
    )


def find_credentials_of(conn: db.Connection, user_id: int) -> Credentials | None:
    return db.one(
        conn,
        Credentials,
        "SELECT id AS user_id, email, name, password_hash FROM app_user WHERE id = %s",
        (user_id,),
    )


def find_user(conn: db.Connection, user_id: int) -> User | None:
    return db.one(conn, User, f"SELECT {USER} FROM app_user WHERE id = %s", (user_id,))


def find_user_by_email(conn: db.Connection, email: str) -> User | None:
    return db.one(conn, User, f"SELECT {USER} FROM app_user WHERE email = %s", (email,))


def list_users(conn: db.Connection, after: int, limit: int) -> list[User]:
    return db.many(
        conn, User, f"SELECT {USER} FROM app_user WHERE id > %s ORDER BY id LIMIT %s", (after, limit)
    )


def insert_user(conn: db.Connection, email: str, name: str, password_hash: str) -> int:
    return db.scalar(
        conn,
        "INSERT INTO app_user (email, name, password_hash) VALUES (%s, %s, %s) RETURNING id",
        (email, name, password_hash),
    )


def update_name(conn: db.Connection, user_id: int, name: str) -> None:
    count = db.run(conn, "UPDATE app_user SET name = %s WHERE id = %s", (name, user_id))
    db.must_touch(count, _("There is no such person."))


def update_theme(conn: db.Connection, user_id: int, theme: Theme | None) -> None:
    count = db.run(conn, "UPDATE app_user SET theme = %s WHERE id = %s", (theme, user_id))
    db.must_touch(count, _("There is no such person."))


def update_password(conn: db.Connection, user_id: int, password_hash: str) -> None:
    count = db.run(conn, "UPDATE app_user SET password_hash = %s WHERE id = %s", (password_hash, user_id))
    db.must_touch(count, _("There is no such person."))


def update_email(conn: db.Connection, user_id: int, email: str) -> None:
    count = db.run(conn, "UPDATE app_user SET email = %s WHERE id = %s", (email, user_id))
    db.must_touch(count, _("There is no such person."))


def confirm_email(conn: db.Connection, user_id: int, email: str) -> None:
    """Unless they have another address by now."""
    db.run(
        conn,
        "UPDATE app_user SET email_confirmed_at = clock_timestamp() WHERE id = %s AND email = %s",
        (user_id, email),
    )


def update_active(conn: db.Connection, user_id: int, is_active: bool) -> None:
    """Keeps the first moment of a repeated deactivation."""
    count = db.run(
        conn,
        """
        UPDATE app_user
        SET deactivated_at = CASE WHEN %s THEN NULL ELSE coalesce(deactivated_at, clock_timestamp()) END
        WHERE id = %s
        """,
        (is_active, user_id),
    )
    db.must_touch(count, _("There is no such person."))


def find_rights(conn: db.Connection, user_id: int) -> Rights | None:
    return db.one(
        conn,
        Rights,
        f"""
        SELECT ARRAY(
                SELECT DISTINCT permission FROM user_role JOIN role_permission USING (role_id)
                WHERE user_role.app_user_id = app_user.id
            ) AS permissions,
            {REACH}
        FROM app_user WHERE app_user.id = %s
        """,
        (user_id,),
    )


def find_rights_of_role(conn: db.Connection, role_id: int) -> Rights | None:
    """Of somebody with this role alone, in no group but Everyone."""
    return db.one(
        conn,
        Rights,
        f"""
        SELECT ARRAY(SELECT permission FROM role_permission WHERE role_id = role.id) AS permissions,
            {REACH_OF_ROLE}
        FROM role WHERE role.id = %s
        """,
        (role_id,),
    )


def permissions_of(conn: db.Connection, user_id: int) -> list[str]:
    return db.scalar(
        conn,
        """
        SELECT coalesce(array_agg(DISTINCT permission), '{}')
        FROM user_role JOIN role_permission USING (role_id) WHERE app_user_id = %s
        """,
        (user_id,),
    )


# --- API tokens ----------------------------------------------------------------------------------


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


# --- the first administrator's link --------------------------------------------------------------


def insert_setup_link(conn: db.Connection, token_hash: bytes) -> None:
    db.run(conn, "INSERT INTO setup_link (token_hash) VALUES (%s)", (token_hash,))


def void_setup_links(conn: db.Connection) -> None:
    db.run(conn, "UPDATE setup_link SET used_at = clock_timestamp() WHERE used_at IS NULL")


def claim_setup_link(conn: db.Connection, token_hash: bytes) -> int | None:
    return db.scalar(
        conn,
        """
        UPDATE setup_link SET used_at = clock_timestamp()
        WHERE token_hash = %s AND used_at IS NULL RETURNING id
        """,
        (token_hash,),
    )


def is_setup_link_open(conn: db.Connection, token_hash: bytes) -> bool:
    return db.scalar(
        conn,
        "SELECT EXISTS (SELECT 1 FROM setup_link WHERE token_hash = %s AND used_at IS NULL)",
        (token_hash,),
    )


# --- what is counted in the audit trail ----------------------------------------------------------


def seconds_until_allowed(
    conn: db.Connection, name: str, subject_kind: str, subject_id: int, *, most: int
) -> int | None:
    """How long until the last ten minutes hold fewer than `most` of an event; None when they do already."""
    return db.scalar(
        conn,
        """
        SELECT ceil(extract(epoch FROM at + interval '10 minutes' - clock_timestamp()))::int
        FROM audit_event
        WHERE subject_kind = %s AND subject_id = %s AND name = %s
            AND at > clock_timestamp() - interval '10 minutes'
        ORDER BY id DESC OFFSET %s LIMIT 1
        """,
        (subject_kind, subject_id, name, most - 1),
    )
