"""The statements about people and the setup link; role_store.py has those about roles."""

from dataclasses import dataclass, field

from blog.app import db
from blog.app.auth.factor_store import HAS_FACTOR
from blog.app.auth.matrix_store import REACH, REACH_OF_ROLE
from blog.app.auth.models import Theme, User, Verb
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a password is compared with."""

    user_id: int
    email: str
    name: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What a person may do, or a role. `places` None: everything everywhere."""

    permissions: list[str]
    places: dict[Verb, list[int]] | None
    sub_stages: int


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
