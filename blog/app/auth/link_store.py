"""The statements about one-time links and about how people come in. Decides nothing."""

from blog.app import db
from blog.app.auth.link_models import AccessPolicy, Invitation, LinkKind, OpenLink

IS_OPEN = """
    account_link.used_at IS NULL AND account_link.revoked_at IS NULL
    AND account_link.expires_at > clock_timestamp()
"""
OPEN_LINK = """
    SELECT account_link.id, account_link.kind, account_link.email, account_link.app_user_id,
        inviter.name AS inviter, account_link.sent_at, account_link.expires_at
    FROM account_link LEFT JOIN app_user AS inviter ON inviter.id = account_link.invited_by_id
"""


def insert_link(
    conn: db.Connection,
    kind: LinkKind,
    email: str,
    *,
    hours: int,
    is_by_mail: bool,
    token_hash: bytes | None = None,
    app_user_id: int | None = None,
    invited_by_id: int | None = None,
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO account_link (kind, email, app_user_id, invited_by_id, token_hash, is_by_mail, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp() + make_interval(hours => %s)) RETURNING id
        """,
        (kind, email, app_user_id, invited_by_id, token_hash, is_by_mail, hours),
    )


def insert_roles(conn: db.Connection, link_id: int, names: list[str]) -> int:
    return db.run(
        conn,
        """
        INSERT INTO account_link_role (account_link_id, role_id)
        SELECT %s, id FROM role WHERE name = ANY (%s)
        """,
        (link_id, names),
    )


def count_asked(conn: db.Connection, kind: LinkKind, email: str) -> int:
    """How many links of a kind were asked for at an address within the last hour."""
    return db.scalar(
        conn,
        """
        SELECT count(*) FROM account_link
        WHERE kind = %s AND email = %s AND created_at > clock_timestamp() - interval '1 hour'
        """,
        (kind, email),
    )


def find_open(conn: db.Connection, token_hash: bytes) -> OpenLink | None:
    return db.one(
        conn, OpenLink, f"{OPEN_LINK} WHERE account_link.token_hash = %s AND {IS_OPEN}", (token_hash,)
    )


def find_to_send(conn: db.Connection, link_id: int) -> OpenLink | None:
    return db.one(conn, OpenLink, f"{OPEN_LINK} WHERE account_link.id = %s AND {IS_OPEN}", (link_id,))


def update_token(conn: db.Connection, link_id: int, token_hash: bytes, app_user_id: int | None) -> None:
    db.run(
        conn,
        "UPDATE account_link SET token_hash = %s, app_user_id = %s WHERE id = %s",
        (token_hash, app_user_id, link_id),
    )


def note_sent(conn: db.Connection, link_id: int) -> None:
    db.run(
        conn,
        "UPDATE account_link SET sent_at = clock_timestamp(), send_error = NULL WHERE id = %s",
        (link_id,),
    )


def note_failure(conn: db.Connection, link_id: int, error: str) -> None:
    db.run(conn, "UPDATE account_link SET send_error = %s WHERE id = %s", (error, link_id))


def claim(conn: db.Connection, link_id: int) -> int | None:
    """The link's id for the one who uses it first."""
    return db.scalar(
        conn,
        f"UPDATE account_link SET used_at = clock_timestamp() WHERE id = %s AND {IS_OPEN} RETURNING id",
        (link_id,),
    )


def insert_roles_of_link(conn: db.Connection, link_id: int, user_id: int) -> list[str]:
    """Gives a person the roles of a link, and answers their names."""
    return db.scalar(
        conn,
        """
        WITH given AS (
            INSERT INTO user_role (app_user_id, role_id)
            SELECT %s, role_id FROM account_link_role WHERE account_link_id = %s RETURNING role_id
        )
        SELECT coalesce(array_agg(role.name ORDER BY role.id), '{}') FROM given JOIN role ON role.id = role_id
        """,
        (user_id, link_id),
    )


def list_invitations(conn: db.Connection) -> list[Invitation]:
    return db.many(
        conn,
        Invitation,
        f"""
        SELECT account_link.id, account_link.email, inviter.name AS invited_by, account_link.created_at,
            account_link.expires_at, account_link.is_by_mail, account_link.sent_at, account_link.send_error,
            ARRAY(
                SELECT role.name FROM account_link_role JOIN role ON role.id = role_id
                WHERE account_link_id = account_link.id ORDER BY role.id
            ) AS roles
        FROM account_link JOIN app_user AS inviter ON inviter.id = account_link.invited_by_id
        WHERE account_link.kind = 'invitation' AND {IS_OPEN}
        ORDER BY account_link.id DESC LIMIT 200
        """,
    )


def revoke_invitation(conn: db.Connection, link_id: int) -> int:
    return db.run(
        conn,
        f"""
        UPDATE account_link SET revoked_at = clock_timestamp()
        WHERE id = %s AND kind = 'invitation' AND {IS_OPEN}
        """,
        (link_id,),
    )


def revoke_invitations_to(conn: db.Connection, email: str) -> None:
    db.run(
        conn,
        f"""
        UPDATE account_link SET revoked_at = clock_timestamp()
        WHERE email = %s AND kind = 'invitation' AND {IS_OPEN}
        """,
        (email,),
    )


def revoke_links_of(conn: db.Connection, user_id: int) -> None:
    """Those that are about a person's account, and the invitations they sent."""
    db.run(
        conn,
        f"""
        UPDATE account_link SET revoked_at = clock_timestamp()
        WHERE (app_user_id = %(user)s OR invited_by_id = %(user)s) AND {IS_OPEN}
        """,
        {"user": user_id},
    )


def revoke_resets_of(conn: db.Connection, user_id: int) -> None:
    db.run(
        conn,
        f"""
        UPDATE account_link SET revoked_at = clock_timestamp()
        WHERE app_user_id = %s AND kind = 'password_reset' AND {IS_OPEN}
        """,
        (user_id,),
    )


def delete_unasked(conn: db.Connection) -> None:
    """What anybody may ask for is not kept for ever: addresses that were typed into a form."""
    db.run(
        conn,
        """
        DELETE FROM account_link
        WHERE kind IN ('sign_up', 'password_reset') AND created_at < clock_timestamp() - interval '30 days'
        """,
    )


# --- how people come in --------------------------------------------------------------------------


def get_policy(conn: db.Connection) -> AccessPolicy | None:
    return db.one(
        conn,
        AccessPolicy,
        """
        SELECT access_policy.is_sign_up_open, role.name AS sign_up_role,
            access_policy.token_requests_per_minute, access_policy.person_requests_per_minute,
            access_policy.session_idle_minutes, access_policy.session_hours
        FROM access_policy LEFT JOIN role ON role.id = access_policy.sign_up_role_id
        """,
    )


def update_policy(conn: db.Connection, *, is_sign_up_open: bool, sign_up_role: str | None) -> None:
    db.run(
        conn,
        """
        UPDATE access_policy
        SET is_sign_up_open = %s, sign_up_role_id = (SELECT id FROM role WHERE name = %s)
        """,
        (is_sign_up_open, sign_up_role),
    )


def update_session_limits(conn: db.Connection, *, idle_minutes: int, hours: int | None) -> None:
    db.run(
        conn, "UPDATE access_policy SET session_idle_minutes = %s, session_hours = %s", (idle_minutes, hours)
    )


def update_limits(conn: db.Connection, *, token: int | None, person: int | None) -> None:
    db.run(
        conn,
        "UPDATE access_policy SET token_requests_per_minute = %s, person_requests_per_minute = %s",
        (token, person),
    )
