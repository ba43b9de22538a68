"""Sign-in with a service that speaks OpenID Connect: code flow with PKCE, state, nonce; found by discovery.

An account belongs to (issuer, subject). Refuses to find one by an e-mail address: who has an account
connects it while signed in.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import urlencode

from authlib.oauth2 import rfc7636

from blog.app import audit, db, security
from blog.app.auth import id_token, oidc_store, outgoing, people, places, role_store, roles, services, store
from blog.app.auth.models import Actor
from blog.app.auth.oidc_models import OidcProvider, SignInButton
from blog.app.auth.permissions import PEOPLE_MANAGE, SYSTEM, check
from blog.app.auth.rules import invalid
from blog.app.auth.schemas import email_of
from blog.app.config import Config
from blog.app.errors import Conflict, Forbidden, NotFound, Unauthenticated, Upstream
from blog.app.installation_secret import Secrets
from blog.app.security import digest
from blog.app.translation import gettext as _

NO_PASSWORD = "!"  # noqa: S105  matches nothing; a reset by e-mail sets one
CALLBACK = "/sign-in/with/callback"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Where the browser goes, and the state that it must bring back."""

    url: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """`signed_in` None: an account was connected, and its person was there already."""

    signed_in: services.SignedIn | None
    way_back: str


# --- services, for those who manage people -------------------------------------------------------


def list_providers(conn: db.Connection, actor: Actor) -> list[OidcProvider]:
    check(actor, PEOPLE_MANAGE)
    return oidc_store.list_providers(conn)


def list_buttons(conn: db.Connection, user_id: int | None = None) -> list[SignInButton]:
    return oidc_store.list_buttons(conn, user_id)


def create_provider(
    conn: db.Connection,
    keys: Secrets,
    actor: Actor,
    *,
    label: str,
    issuer: str,
    client_id: str,
    secret: str,
) -> int:
    """Asks the issuer at once, so that a misspelled one is found now."""
    check(actor, PEOPLE_MANAGE)
    try:
        _discover(conn, issuer)
    except Upstream as exc:
        raise invalid("issuer", exc.message) from exc
    taken = invalid("issuer", _("This service is there already."))
    with conn.transaction():
        with db.constraints(oidc_provider_issuer_key=taken), conn.transaction():
            provider_id = oidc_store.insert_provider(
                conn,
                label=label,
                issuer=issuer,
                client_id=client_id,
                sealed_secret=security.seal(keys, secret),
            )
        audit.record(conn, actor, "oidc.added", "oidc_provider", provider_id, issuer=issuer)
    return provider_id


def update_provider(
    conn: db.Connection,
    keys: Secrets,
    actor: Actor,
    provider_id: int,
    *,
    secret: str,
    role_by_value: dict[str, str],
    **values: Any,
) -> None:
    """What a claim grants is granted by whoever says so here."""
    check(actor, PEOPLE_MANAGE)
    known = {role.name for role in roles.list_roles(conn)}
    if unknown := sorted(set(role_by_value.values()) - known):
        raise invalid("role_by_value", _("There is no such role: %(unknown)s.", unknown=", ".join(unknown)))
    roles.check_may_grant_roles(conn, actor, sorted(set(role_by_value.values())))
    with conn.transaction():
        oidc_store.update_provider(
            conn,
            provider_id,
            sealed_secret=security.seal(keys, secret) if secret else None,
            role_by_value=role_by_value,
            **values,
        )
        shown = {
            "domains": values["allowed_domains"],
            "roles": role_by_value,
            "is_enabled": values["is_enabled"],
        }
        audit.record(conn, actor, "oidc.changed", "oidc_provider", provider_id, **shown)


# --- there ---------------------------------------------------------------------------------------


def begin(
    conn: db.Connection,
    keys: Secrets,
    config: Config,
    provider_id: int,
    *,
    way_back: str,
    actor: Actor | None = None,
) -> Way:
    """Where to send the browser; with an actor, to connect the account they have."""
    provider = _enabled(conn, provider_id)
    endpoint = str(_discover(conn, provider.issuer)["authorization_endpoint"])
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    request = json.dumps({"nonce": nonce, "verifier": verifier, "way_back": way_back})
    oidc_store.delete_expired(conn)
    oidc_store.insert_started(
        conn,
        provider.id,
        digest(state),
        security.seal(keys, request),
        services.own_id(actor) if actor else None,
    )
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": f"{config.public_url}{CALLBACK}",
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": str(cast(Any, rfc7636).create_s256_code_challenge(verifier)),
        "code_challenge_method": "S256",
    }
    return Way(url=f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}", state=state)


def _enabled(conn: db.Connection, provider_id: int) -> OidcProvider:
    provider = oidc_store.find_provider(conn, provider_id)
    if provider is None or not provider.is_enabled:
        raise NotFound(_("There is no such service to sign in with."))
    return provider


def _discover(conn: db.Connection, issuer: str) -> dict[str, Any]:
    found = outgoing.fetch(
        f"{issuer.rstrip('/')}/.well-known/openid-configuration", allowed=places.allowed(conn)
    )
    if found.get("issuer") != issuer:
        raise Upstream(
            _(
                "The issuer calls itself %(value)s: enter it exactly like that.",
                value=str(found.get("issuer"))[:200],
            )
        )
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        outgoing.check_address(str(found.get(name, "")))
    return found


# --- and back ------------------------------------------------------------------------------------


def finish(
    conn: db.Connection,
    keys: Secrets,
    config: Config,
    *,
    state: str,
    code: str,
    actor: Actor | None,
    old_token: str | None = None,
) -> Arrival:
    """What the service answered, taken once. No transaction is open while it is asked."""
    started = oidc_store.take_started(conn, digest(state))
    if started is None:
        raise Unauthenticated(_("This sign-in was used, or it took too long. Begin again."))
    provider = _enabled(conn, started.oidc_provider_id)
    request = json.loads(security.unseal(keys, started.sealed_request, what="This sign-in"))
    claims = _claims(
        conn,
        keys,
        provider,
        redirect_uri=f"{config.public_url}{CALLBACK}",
        code=code,
        verifier=request["verifier"],
        nonce=request["nonce"],
    )
    if started.app_user_id is not None:
        _connect(conn, provider, claims, actor, started.app_user_id)
        return Arrival(signed_in=None, way_back=request["way_back"])
    with conn.transaction():
        role_store.lock_roles(conn)
        user_id = _person(conn, provider, claims)
        _follow_roles(conn, provider, claims, user_id)
        signed_in = services.admit(conn, user_id, old_token=old_token)
    return Arrival(signed_in=signed_in, way_back=request["way_back"])


def _claims(
    conn: db.Connection,
    keys: Secrets,
    provider: OidcProvider,
    *,
    redirect_uri: str,
    code: str,
    verifier: str,
    nonce: str,
) -> dict[str, Any]:
    found, allowed = _discover(conn, provider.issuer), places.allowed(conn)
    secret = security.unseal(
        keys, oidc_store.get_sealed_secret(conn, provider.id), what="The secret of this service"
    )
    answer = outgoing.fetch(
        found["token_endpoint"],
        form={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        },
        credentials=(provider.client_id, secret),
        allowed=allowed,
    )
    return id_token.claims_of(
        str(answer.get("id_token", "")),
        outgoing.fetch(found["jwks_uri"], allowed=allowed),
        issuer=provider.issuer,
        client_id=provider.client_id,
        nonce=nonce,
    )


def _connect(
    conn: db.Connection, provider: OidcProvider, claims: dict[str, Any], actor: Actor | None, user_id: int
) -> None:
    if actor is None or actor.user_id != user_id:
        raise Forbidden(_("You are signed in as somebody else than who began this. Begin again."))
    taken = Conflict(
        _("This account of theirs belongs to somebody here already, or you have connected another one.")
    )
    with conn.transaction():
        with (
            db.constraints(oidc_identity_pkey=taken, oidc_identity_app_user_key=taken),
            conn.transaction(),
        ):
            oidc_store.insert_identity(conn, provider.id, claims["sub"], user_id)
        audit.record(conn, actor, "oidc.connected", "app_user", user_id, provider=provider.id)


def disconnect(conn: db.Connection, actor: Actor, provider_id: int) -> None:
    user_id = services.own_id(actor)
    credentials = store.find_credentials_of(conn, user_id)
    if credentials is None or credentials.password_hash == NO_PASSWORD:
        raise Conflict(_("You have no password yet: ask for one with “I forgot my password” first."))
    with conn.transaction():
        db.must_touch(oidc_store.delete_identity(conn, provider_id, user_id), _("It is not connected."))
        audit.record(conn, actor, "oidc.disconnected", "app_user", user_id, provider=provider_id)


def _person(conn: db.Connection, provider: OidcProvider, claims: dict[str, Any]) -> int:
    """Whose account it is; a new one for a verified address of an allowed domain."""
    user_id = oidc_store.find_identity(conn, provider.id, claims["sub"])
    if user_id is not None:
        if services.get_user(conn, user_id).deactivated_at:
            raise Forbidden(_("Your account here was deactivated."))
        return user_id
    email = _verified_email(provider, claims)
    if store.find_user_by_email(conn, email):
        raise Conflict(
            _(
                "Somebody with the address %(email)s is here already. "
                "If that is you, sign in with your password and connect %(provider)s on your account page.",
                email=email,
                provider=provider.label,
            )
        )
    name = " ".join(str(claims.get("name") or email.partition("@")[0]).split())[:100]
    user_id = people.insert_person(conn, email, name, NO_PASSWORD)
    store.confirm_email(conn, user_id, email)
    oidc_store.insert_identity(conn, provider.id, claims["sub"], user_id)
    audit.record(conn, SYSTEM, "person.joined", "app_user", user_id, provider=provider.id)
    return user_id


def _verified_email(provider: OidcProvider, claims: dict[str, Any]) -> str:
    try:
        email = email_of(str(claims.get("email", "")))
    except ValueError as exc:
        raise Forbidden(
            _("%(provider)s told no e-mail address, so no account can be made.", provider=provider.label)
        ) from exc
    if claims.get("email_verified") is not True:
        raise Forbidden(
            _(
                "%(provider)s does not vouch for your e-mail address, so no account can be made.",
                provider=provider.label,
            )
        )
    if email.rpartition("@")[2] not in provider.allowed_domains:
        raise Forbidden(
            _("Nobody with an address like yours can join here by this service. Ask an administrator.")
        )
    return email


def _follow_roles(conn: db.Connection, provider: OidcProvider, claims: dict[str, Any], user_id: int) -> None:
    """The roles that the service's claim speaks of are had or not as it says; others stay."""
    if provider.role_claim is None:
        return
    said: object = claims.get(provider.role_claim, [])
    values = {str(value) for value in (cast(list[object], said) if isinstance(said, list) else [said])}
    before = set(services.get_user(conn, user_id).roles)
    granted = {role for value, role in provider.role_by_value.items() if value in values}
    after = before - set(provider.role_by_value.values()) | granted
    if after == before:
        return
    role_store.delete_user_roles(conn, user_id)
    people.give_roles(conn, user_id, sorted(after))
    roles.check_administrator_left(conn)
    audit.record(
        conn, SYSTEM, "person.roles_changed", "app_user", user_id, roles=sorted(after), before=sorted(before)
    )
