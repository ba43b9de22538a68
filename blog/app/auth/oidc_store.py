"""The statements about OpenID Connect: services, whom a person is to them, and browsers on the way."""

from dataclasses import dataclass, field

from blog.app import db
from blog.app.auth.oidc_models import OidcProvider, SignInButton
from blog.app.translation import gettext as _

PROVIDER = """
    SELECT id, label, issuer, client_id, allowed_domains, role_claim, role_by_value, is_enabled,
        (SELECT count(*) FROM oidc_identity WHERE oidc_provider_id = oidc_provider.id) AS people
    FROM oidc_provider
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A browser that was sent to a service."""

    oidc_provider_id: int
    app_user_id: int | None
    sealed_request: bytes = field(repr=False)


def list_providers(conn: db.Connection) -> list[OidcProvider]:
    return db.many(conn, OidcProvider, f"{PROVIDER} ORDER BY id")


def find_provider(conn: db.Connection, provider_id: int) -> OidcProvider | None:
    return db.one(conn, OidcProvider, f"{PROVIDER} WHERE id = %s", (provider_id,))


def list_buttons(conn: db.Connection, user_id: int | None) -> list[SignInButton]:
    return db.many(
        conn,
        SignInButton,
        """
        SELECT id, label, EXISTS (
            SELECT FROM oidc_identity WHERE oidc_provider_id = oidc_provider.id AND app_user_id = %s
        ) AS is_connected
        FROM oidc_provider WHERE is_enabled ORDER BY id
        """,
        (user_id,),
    )


def get_sealed_secret(conn: db.Connection, provider_id: int) -> bytes:
    return db.scalar(conn, "SELECT sealed_secret FROM oidc_provider WHERE id = %s", (provider_id,))


def insert_provider(
    conn: db.Connection, *, label: str, issuer: str, client_id: str, sealed_secret: bytes
) -> int:
    return db.scalar(
        conn,
        """
        INSERT INTO oidc_provider (label, issuer, client_id, sealed_secret)
        VALUES (%s, %s, %s, %s) RETURNING id
        """,
        (label, issuer, client_id, sealed_secret),
    )


def update_provider(
    conn: db.Connection,
    provider_id: int,
    *,
    label: str,
    client_id: str,
    sealed_secret: bytes | None,
    allowed_domains: list[str],
    role_claim: str | None,
    role_by_value: dict[str, str],
    is_enabled: bool,
) -> None:
    """A secret of None stays as it is; the issuer always does, for identities hang on it."""
    count = db.run(
        conn,
        """
        UPDATE oidc_provider
        SET label = %s, client_id = %s, sealed_secret = coalesce(%s, sealed_secret), allowed_domains = %s,
            role_claim = %s, role_by_value = %s, is_enabled = %s
        WHERE id = %s
        """,
        (
            label,
            client_id,
            sealed_secret,
            allowed_domains,
            role_claim,
            db.jsonb(role_by_value),
            is_enabled,
            provider_id,
        ),
    )
    db.must_touch(count, _("There is no such service."))


# --- whom a person is ----------------------------------------------------------------------------


def find_identity(conn: db.Connection, provider_id: int, subject: str) -> int | None:
    return db.scalar(
        conn,
        "SELECT app_user_id FROM oidc_identity WHERE oidc_provider_id = %s AND subject = %s",
        (provider_id, subject),
    )


def insert_identity(conn: db.Connection, provider_id: int, subject: str, user_id: int) -> None:
    db.run(
        conn,
        "INSERT INTO oidc_identity (oidc_provider_id, subject, app_user_id) VALUES (%s, %s, %s)",
        (provider_id, subject, user_id),
    )


def delete_identity(conn: db.Connection, provider_id: int, user_id: int) -> int:
    return db.run(
        conn,
        "DELETE FROM oidc_identity WHERE oidc_provider_id = %s AND app_user_id = %s",
        (provider_id, user_id),
    )


# --- on the way ----------------------------------------------------------------------------------


def insert_started(
    conn: db.Connection, provider_id: int, state_hash: bytes, sealed_request: bytes, user_id: int | None
) -> None:
    db.run(
        conn,
        """
        INSERT INTO oidc_sign_in (oidc_provider_id, state_hash, sealed_request, app_user_id, expires_at)
        VALUES (%s, %s, %s, %s, clock_timestamp() + interval '10 minutes')
        """,
        (provider_id, state_hash, sealed_request, user_id),
    )


def take_started(conn: db.Connection, state_hash: bytes) -> Started | None:
    """Whoever takes it first has it alone."""
    return db.one(
        conn,
        Started,
        """
        DELETE FROM oidc_sign_in WHERE state_hash = %s AND expires_at > clock_timestamp()
        RETURNING oidc_provider_id, app_user_id, sealed_request
        """,
        (state_hash,),
    )


def delete_expired(conn: db.Connection) -> None:
    db.run(conn, "DELETE FROM oidc_sign_in WHERE expires_at <= clock_timestamp()")
