"""Signing in and out, one's own account, API tokens. Never says which of e-mail and password was wrong."""

import hashlib
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from blog.app import audit, db
from blog.app.auth import (
    factor_store,
    link_store,
    looking,
    passwords,
    reach,
    session_store,
    store,
    token_store,
)
from blog.app.auth.models import Actor, ApiToken, Me, NewApiToken, Reach, Theme, User
from blog.app.auth.permissions import SYSTEM, TOKENS_CREATE, check
from blog.app.auth.rules import check_password, invalid
from blog.app.errors import Forbidden, NotFound, TooMany, Unauthenticated
from blog.app.security import digest
from blog.app.translation import gettext as _
from blog.app.translation import ngettext

FAILURES_PER_EMAIL = 10
FAILURES_PER_ADDRESS = 50  # a whole office, or everybody behind a proxy, may share one


# --- who is asking -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """An actor, and how many requests a minute they may make (None: any number).

    `is_renewed`: their session was just prolonged, and so should be their cookie. `owes_factor`: a role of
    theirs asks for a second factor, and until there is one they may nothing.
    """

    actor: Actor
    is_renewed: bool
    owes_factor: bool
    token_limit: int | None
    person_limit: int | None


def recognise_session(conn: db.Connection, token: str, *, is_used: bool = True) -> Recognised | None:
    """`is_used` False: a page asks by itself, which keeps nobody signed in."""
    presence = session_store.find_session(conn, digest(token))
    if presence is None:
        return None
    if not is_used:
        presence = replace(presence, is_stale=False)
    if presence.is_stale:
        session_store.touch_session(conn, presence.via_id)
    recognised = _recognised(presence)
    if presence.as_user_id is None and presence.as_role_id is None:
        return recognised
    return replace(recognised, actor=looking.through(conn, recognised.actor, presence))


def recognise_bearer(conn: db.Connection, token: str) -> Recognised:
    presence = session_store.find_bearer(conn, digest(token))
    if presence is None:
        raise Unauthenticated(_("This token is not known, or it has expired, or it was revoked."))
    if presence.owes_factor:
        raise Forbidden(
            _("A role of yours asks for a second factor. Sign in with a browser and set one up first.")
        )
    if presence.is_stale:
        session_store.touch_token(conn, presence.via_id)
    return _recognised(presence, api_token_id=presence.via_id)


def _recognised(presence: session_store.Presence, api_token_id: int | None = None) -> Recognised:
    actor = Actor(
        user_id=presence.user_id,
        name=presence.name,
        permissions=frozenset() if presence.owes_factor else frozenset(presence.permissions),
        reach=Reach() if presence.owes_factor else reach.made(presence.places, presence.sub_stages),
        api_token_id=api_token_id,
        theme=presence.theme,
    )
    return Recognised(
        actor=actor,
        is_renewed=presence.is_stale and api_token_id is None,
        owes_factor=presence.owes_factor,
        token_limit=presence.token_limit,
        person_limit=presence.person_limit,
    )


def actor_of_user(conn: db.Connection, user_id: int) -> Actor:
    """The actor a person would be if they were signed in; for the command line and for jobs."""
    user = get_user(conn, user_id)
    if user.deactivated_at:
        raise Forbidden(_("%(name)s was deactivated.", name=user.name))
    rights = store.find_rights(conn, user_id)
    if rights is None:
        raise NotFound(_("There is no such person."))
    return Actor(
        user_id=user.id,
        name=user.name,
        permissions=frozenset(rights.permissions),
        reach=reach.made(rights.places, rights.sub_stages),
        theme=user.theme,
    )


# --- signing in and out --------------------------------------------------------------------------


def sign_in(
    conn: db.Connection, email: str, password: str, *, address: str, old_token: str | None = None
) -> "SignedIn":
    """Opens a session, and closes the one the browser had before. Or a code is still to come."""
    return admit(conn, _verified(conn, email.strip().lower(), password, address), old_token=old_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """The token of a session; or, when the second factor is still to come, of that step."""

    session: str = ""
    step: str = ""


def admit(conn: db.Connection, user_id: int, *, old_token: str | None = None) -> SignedIn:
    """For whoever has just proved who they are."""
    if not factor_store.has_factor(conn, user_id):
        return SignedIn(session=open_session(conn, user_id, old_token=old_token))
    step = secrets.token_urlsafe(32)
    with conn.transaction():
        factor_store.delete_steps(conn, user_id)
        factor_store.insert_step(conn, user_id, digest(step))
    return SignedIn(step=step)


def open_session(conn: db.Connection, user_id: int, *, old_token: str | None = None) -> str:
    token = secrets.token_urlsafe(32)
    with conn.transaction():
        if old_token:
            session_store.delete_session(conn, digest(old_token))
        session_store.delete_expired_sessions(conn, user_id)
        session_store.insert_session(conn, user_id, digest(token))
        audit.record(conn, actor_of_user(conn, user_id), "auth.signed_in", "app_user", user_id)
    return token


def sign_out(conn: db.Connection, actor: Actor, token: str) -> None:
    with conn.transaction():
        session_store.delete_session(conn, digest(token))
        audit.record(conn, actor, "auth.signed_out", "app_user", actor.user_id)


def _verified(conn: db.Connection, email: str, password: str, address: str) -> int:
    """The person's id, or Unauthenticated. While too many failures are fresh even the right password waits.

    Attempts that run side by side may each pass the count before any of them is noted: a few dozen guesses
    instead of ten, which is worth less than a lock held while hashing.
    """
    _refuse_too_many(conn, email, address)
    credentials = store.find_credentials(conn, email) if email.isprintable() else None
    matches = passwords.matches(credentials.password_hash if credentials else None, password)
    if credentials is None or not matches:
        _record_failure(conn, email, address)
        raise Unauthenticated(_("The e-mail address or the password is wrong."))
    if passwords.is_outdated(credentials.password_hash):
        store.update_password(conn, credentials.user_id, passwords.hashed(password))
    return credentials.user_id


def _refuse_too_many(conn: db.Connection, email: str, address: str) -> None:
    failed = "auth.sign_in_failed"
    by_email = store.seconds_until_allowed(
        conn, failed, "sign_in_email", _number(email), most=FAILURES_PER_EMAIL
    )
    by_address = store.seconds_until_allowed(
        conn, failed, "sign_in_address", _number(address), most=FAILURES_PER_ADDRESS
    )
    if seconds := max(by_email or 0, by_address or 0):
        raise TooMany(
            _("Too many failed attempts. Try again in %(wait)s.", wait=wait_in_words(seconds)),
            retry_after=seconds,
        )


def refuse_too_many_from(conn: db.Connection, name: str, address: str, *, most: int) -> None:
    """Refuses what was done `most` times from an address within ten minutes; count_from counts it."""
    if seconds := store.seconds_until_allowed(conn, name, "sign_in_address", _number(address), most=most):
        raise TooMany(
            _("That was asked for too often from here. Try again in %(wait)s.", wait=wait_in_words(seconds)),
            retry_after=seconds,
        )


def count_from(conn: db.Connection, name: str, address: str) -> None:
    audit.record(conn, SYSTEM, name, "sign_in_address", _number(address))


def wait_in_words(seconds: int) -> str:
    minutes = -(-seconds // 60)
    return ngettext("a minute", "%(n)s minutes", minutes, n=minutes)


def _record_failure(conn: db.Connection, email: str, address: str) -> None:
    with conn.transaction():
        audit.record(conn, SYSTEM, "auth.sign_in_failed", "sign_in_email", _number(email))
        audit.record(conn, SYSTEM, "auth.sign_in_failed", "sign_in_address", _number(address))


def _number(text: str) -> int:
    """A number for the trail instead of the text: people type passwords into the e-mail field."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8]) >> 1


# --- one's own account ---------------------------------------------------------------------------


def get_me(conn: db.Connection, actor: Actor) -> Me:
    user = get_user(conn, own_id(actor))
    return Me(
        id=user.id,
        email=user.email,
        name=user.name,
        theme=user.theme,
        roles=user.roles,
        permissions=sorted(actor.permissions),
    )


def rename_oneself(conn: db.Connection, actor: Actor, name: str) -> None:
    with conn.transaction():
        store.update_name(conn, own_id(actor), name)
        audit.record(conn, actor, "person.renamed", "app_user", actor.user_id)


def choose_theme(conn: db.Connection, actor: Actor, theme: Theme | None) -> None:
    store.update_theme(conn, own_id(actor), theme)


def change_password(conn: db.Connection, actor: Actor, present: str, password: str, *, address: str) -> str:
    """Replaces the password, closes every session of this person, and answers the token of a new one."""
    credentials = store.find_credentials_of(conn, own_id(actor))
    if credentials is None:
        raise NotFound(_("There is no such person."))
    check_present_password(conn, credentials.user_id, present, address=address)
    check_password(password, email=credentials.email, name=credentials.name)
    password_hash = passwords.hashed(password)
    token = secrets.token_urlsafe(32)
    with conn.transaction():
        store.update_password(conn, credentials.user_id, password_hash)
        session_store.delete_sessions(conn, credentials.user_id)
        link_store.revoke_resets_of(conn, credentials.user_id)
        session_store.insert_session(conn, credentials.user_id, digest(token))
        audit.record(conn, actor, "auth.password_changed", "app_user", actor.user_id)
    return token


def check_present_password(conn: db.Connection, user_id: int, present: str, *, address: str) -> None:
    """Refuses, at its field, what is not a person's present password; guessing is as slow as at the door."""
    credentials = store.find_credentials_of(conn, user_id)
    if credentials is None:
        raise NotFound(_("There is no such person."))
    try:
        _verified(conn, credentials.email, present, address)
    except Unauthenticated as exc:
        raise invalid("present", _("This is not your present password.")) from exc


def own_id(actor: Actor) -> int:
    if actor.user_id is None:
        raise Forbidden(_("The system itself has no account."))
    return actor.user_id


# --- people --------------------------------------------------------------------------------------


def find_user_by_email(conn: db.Connection, email: str) -> User | None:
    return store.find_user_by_email(conn, email.strip().lower())


def get_user(conn: db.Connection, user_id: int) -> User:
    user = store.find_user(conn, user_id)
    if user is None:
        raise NotFound(_("There is no such person."))
    return user


# --- API tokens ----------------------------------------------------------------------------------


def create_token(
    conn: db.Connection,
    actor: Actor,
    name: str,
    *,
    permissions: list[str] | None = None,
    expires_at: datetime | None = None,
) -> NewApiToken:
    """A token for programs, which may do at most what its maker may."""
    check(actor, TOKENS_CREATE)
    if permissions == []:
        raise invalid("permissions", _("A token that may do nothing is of no use: tick something."))
    granted = _granted(actor, permissions)
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise invalid("expires_at", _("This moment is in the past."))
    token = f"bf_{secrets.token_urlsafe(32)}"
    with conn.transaction():
        token_id = token_store.insert_token(
            conn,
            own_id(actor),
            name=name,
            token_hash=digest(token),
            hint=token[:8],
            permissions=granted,
            expires_at=expires_at,
        )
        audit.record(conn, actor, "token.created", "api_token", token_id, hint=token[:8])
    return NewApiToken(id=token_id, name=name, token=token)


def _granted(actor: Actor, wanted: list[str] | None) -> list[str] | None:
    """None grows with its person's roles, so a token, which may be limited, cannot hand that on."""
    if wanted is None:
        return None if actor.api_token_id is None else sorted(actor.permissions)
    if beyond := sorted(set(wanted) - actor.permissions):
        raise Forbidden(
            _("A token may not do more than its maker: %(beyond)s.", beyond=", ".join(beyond)),
            permissions=beyond,
        )
    return sorted(set(wanted))


def list_tokens(conn: db.Connection, actor: Actor) -> list[ApiToken]:
    return token_store.list_tokens(conn, own_id(actor))


def revoke_token(conn: db.Connection, actor: Actor, token_id: int) -> None:
    with conn.transaction():
        token_store.revoke_token(conn, own_id(actor), token_id)
        audit.record(conn, actor, "token.revoked", "api_token", token_id)
