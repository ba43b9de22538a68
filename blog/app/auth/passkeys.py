"""Passkeys: added, renamed, taken away, and signed in with, alone or after the password.

Refuses an answer to a challenge that was answered before, is minutes old, or was put to another browser or
person; whether a signature fits is decided in webauthn.py.
"""

import secrets

from blog.app import audit, db
from blog.app.auth import links, passkey_store, second_factor, services, webauthn
from blog.app.auth.models import Actor
from blog.app.auth.passkey_store import Known, Passkey, Purpose
from blog.app.auth.permissions import SYSTEM
from blog.app.auth.webauthn import AuthenticationResponse, Made, Options, Party, Refused, RegistrationResponse
from blog.app.config import Config
from blog.app.errors import Conflict, Invalid, Unauthenticated
from blog.app.security import digest
from blog.app.translation import gettext as _

MOST = 20  # of one person


def find_party(config: Config) -> Party | None:
    """None: there can be no passkeys at this address."""
    try:
        return webauthn.party(config)
    except Conflict:
        return None


def list_passkeys(conn: db.Connection, user_id: int) -> list[Passkey]:
    return passkey_store.list_passkeys(conn, user_id)


# --- one's own -----------------------------------------------------------------------------------


def begin_adding(
    conn: db.Connection, at: Party, actor: Actor, present: str, *, browser: str, address: str
) -> Options:
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    there = passkey_store.list_passkeys(conn, user_id)
    if len(there) >= MOST:
        raise Conflict(_("%(most)s passkeys are enough. Take one away first.", most=MOST))
    user = services.get_user(conn, user_id)
    return webauthn.asked_to_make(
        at,
        _new_challenge(conn, "add", browser, user_id),
        user_handle=passkey_store.user_handle_of(conn, user_id).bytes,
        email=user.email,
        name=user.name,
        known=_handles(at, there),
    )


def _handles(at: Party, passkeys: list[Passkey]) -> list[bytes]:
    """Of those that were made for this host; a device has no other to offer here."""
    return [passkey.handle for passkey in passkeys if passkey.host == at.host]


def add(
    conn: db.Connection, at: Party, actor: Actor, name: str, answer: str, *, browser: str, session: str
) -> list[str]:
    """Takes what the device made; answers recovery codes when it is the first second factor."""
    user_id = services.own_id(actor)
    made = _made(conn, at, user_id, answer, browser)
    taken = Conflict(_("This passkey is here already."))
    with db.constraints(passkey_handle_key=taken), conn.transaction():
        codes = second_factor.turn_on(conn, actor, user_id, session=session)
        passkey_id = passkey_store.insert_passkey(
            conn,
            user_id,
            name=name,
            host=at.host,
            handle=made.handle,
            public_key=made.public_key,
            sign_count=made.sign_count,
        )
        audit.record(conn, actor, "auth.passkey_added", "passkey", passkey_id)
        links.notify(conn, services.get_user(conn, user_id), "passkey_added")
    return codes


def _made(conn: db.Connection, at: Party, user_id: int, answer: str, browser: str) -> Made:
    try:
        read = webauthn.read_made(answer)
        return webauthn.check_made(at, _take(conn, "add", read, browser, user_id), read)
    except Refused as exc:
        audit.record(conn, SYSTEM, "auth.passkey_refused", "app_user", user_id, why=str(exc))
        raise Invalid(
            _("This passkey was not added: its answer did not fit, or came after five minutes. Try again.")
        ) from exc


def rename(conn: db.Connection, actor: Actor, passkey_id: int, name: str) -> None:
    with conn.transaction():
        passkey_store.rename_passkey(conn, services.own_id(actor), passkey_id, name)
        audit.record(conn, actor, "auth.passkey_renamed", "passkey", passkey_id)


def remove(conn: db.Connection, actor: Actor, passkey_id: int, present: str, *, address: str) -> None:
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    with conn.transaction():
        passkey_store.delete_passkey(conn, user_id, passkey_id)
        audit.record(conn, actor, "auth.passkey_removed", "passkey", passkey_id)
        second_factor.settle(conn, actor, user_id)


# --- at sign-in ----------------------------------------------------------------------------------


def begin_second(conn: db.Connection, at: Party, step_token: str, *, browser: str) -> Options:
    """After the password: one of that person's passkeys."""
    user_id = second_factor.check_step(conn, step_token)
    challenge = _new_challenge(conn, "second_factor", browser, user_id)
    return webauthn.asked_to_sign(at, challenge, _handles(at, list_passkeys(conn, user_id)))


def pass_second(
    conn: db.Connection,
    at: Party,
    step_token: str,
    answer: str,
    *,
    browser: str,
    old_token: str | None = None,
) -> str:
    """Opens the session; failures count as wrong codes do."""
    user_id = second_factor.check_step(conn, step_token)
    second_factor.refuse_guessing(conn, user_id)
    try:
        _signed(conn, at, answer, purpose="second_factor", browser=browser, user_id=user_id)
    except Refused as exc:
        audit.record(conn, SYSTEM, "auth.code_failed", "app_user", user_id, kind="passkey")
        raise Invalid(_not_accepted()) from exc
    with conn.transaction():
        return second_factor.pass_step(conn, user_id, kind="passkey", old_token=old_token)


def begin_sign_in(conn: db.Connection, at: Party, *, browser: str) -> Options:
    """Whoever it is: the passkey says it."""
    return webauthn.asked_to_sign(at, _new_challenge(conn, "sign_in", browser, None))


def sign_in(
    conn: db.Connection, at: Party, answer: str, *, browser: str, address: str, old_token: str | None = None
) -> str:
    """Opens the session: a passkey is something one has, and asks for a finger, a face or a PIN besides."""
    failed = "auth.sign_in_failed"
    services.refuse_too_many_from(conn, failed, address, most=services.FAILURES_PER_ADDRESS)
    try:
        known = _signed(conn, at, answer, purpose="sign_in", browser=browser, user_id=None)
    except Refused as exc:
        services.count_from(conn, failed, address)
        raise Unauthenticated(_not_accepted()) from exc
    with conn.transaction():
        actor = services.actor_of_user(conn, known.app_user_id)
        audit.record(conn, actor, "auth.passkey_passed", "passkey", known.id)
        return services.open_session(conn, known.app_user_id, old_token=old_token)


def _not_accepted() -> str:
    return _(
        "This passkey was not accepted: it is not known here any more, or it took longer than five minutes. "
        "Try again, or sign in another way."
    )


def _signed(
    conn: db.Connection, at: Party, answer: str, *, purpose: Purpose, browser: str, user_id: int | None
) -> Known:
    """The passkey that signed; its use is noted. `user_id` None: anybody's."""
    read = webauthn.read_signed(answer)
    challenge = _take(conn, purpose, read, browser, user_id)
    known = passkey_store.find_by_handle(conn, read.raw_id, at.host)
    if known is None or user_id not in {None, known.app_user_id}:
        raise Refused("it is not known")
    try:
        _check_signed(conn, at, challenge, read, known, is_named=user_id is not None)
    except Refused as exc:
        audit.record(conn, SYSTEM, "auth.passkey_refused", "passkey", known.id, why=str(exc))
        raise
    return known


def _check_signed(
    conn: db.Connection,
    at: Party,
    challenge: bytes,
    read: AuthenticationResponse,
    known: Known,
    *,
    is_named: bool,
) -> None:
    """`is_named`: who it must be was known before, so the passkey need not say it."""
    whose = read.response.user_handle
    if whose != known.user_handle.bytes and not (is_named and whose is None):
        raise Refused("it says that it is somebody else's")
    count = webauthn.check_signed(at, challenge, read, known.public_key)
    if not passkey_store.spend_count(conn, known.id, count):
        raise Refused("its count of signatures did not go on: there may be a copy of it")


# --- challenges ----------------------------------------------------------------------------------


def _new_challenge(conn: db.Connection, purpose: Purpose, browser: str, user_id: int | None) -> bytes:
    challenge = secrets.token_bytes(32)
    passkey_store.delete_expired_challenges(conn)
    passkey_store.insert_challenge(conn, purpose, challenge, digest(browser), user_id)
    return challenge


def _take(
    conn: db.Connection,
    purpose: Purpose,
    read: RegistrationResponse | AuthenticationResponse,
    browser: str,
    user_id: int | None,
) -> bytes:
    """The challenge that is answered, which nobody answers again, even when this answer is refused."""
    challenge = read.response.client_data.challenge
    if not passkey_store.take_challenge(conn, purpose, challenge, digest(browser), user_id):
        raise Refused("it answers no challenge that is open")
    return challenge
