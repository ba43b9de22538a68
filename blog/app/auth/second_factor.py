"""The second factor: set up, asked for at sign-in, taken away. Refuses a code that was used, and guessing.

It is an authenticator app, or passkeys (passkeys.py), or both. The app's secret is sealed with the
installation's; recovery codes, which stand in for either, are kept as hashes.
"""

import secrets
from dataclasses import dataclass

from blog.app import audit, db, security
from blog.app.auth import factor_store, links, passkey_store, roles, services, session_store, store, totp
from blog.app.auth.models import Actor
from blog.app.auth.permissions import PEOPLE_MANAGE, SYSTEM, check
from blog.app.auth.rules import invalid
from blog.app.errors import Conflict, NotFound, TooMany, Unauthenticated
from blog.app.installation_secret import Secrets
from blog.app.security import digest
from blog.app.translation import gettext as _

CODES = 10
GUESSES = 5  # within ten minutes, for a person
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are mistaken for another


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What the page shows. `is_on`: by app or passkey. `secret`: only until its first code was entered."""

    is_on: bool
    has_app: bool
    is_needed: bool
    codes_left: int
    secret: str | None


def get_standing(conn: db.Connection, keys: Secrets, actor: Actor) -> Standing:
    user_id = services.own_id(actor)
    factor = factor_store.find_factor(conn, user_id)
    has_app = _is_set_up(factor)
    return Standing(
        is_on=factor_store.has_factor(conn, user_id),
        has_app=has_app,
        is_needed=factor_store.is_needed(conn, user_id),
        codes_left=factor_store.count_codes(conn, user_id),
        secret=None if factor is None or has_app else _opened(keys, factor),
    )


def _is_set_up(factor: factor_store.Factor | None) -> bool:
    return factor is not None and factor.confirmed_at is not None


def _opened(keys: Secrets, factor: factor_store.Factor) -> str:
    return security.unseal(keys, factor.sealed_secret, what="This second factor")


# --- setting up ----------------------------------------------------------------------------------


def begin(conn: db.Connection, keys: Secrets, actor: Actor, present: str, *, address: str) -> None:
    """Makes the secret that the app is shown next."""
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    if not factor_store.put_factor(conn, user_id, security.seal(keys, totp.new_secret())):
        raise Conflict(_("You have an authenticator app already. Take it away first."))


def confirm(conn: db.Connection, keys: Secrets, actor: Actor, code: str, *, session: str) -> list[str]:
    """Takes the app for good with its first code; answers what turn_on does."""
    user_id = services.own_id(actor)
    factor = factor_store.find_factor(conn, user_id)
    if factor is None or factor.confirmed_at:
        raise Conflict(_("There is nothing to confirm. Begin again."))
    refuse_guessing(conn, user_id)
    step = totp.matching_step(_opened(keys, factor), _plain(code))
    if step is None:
        audit.record(conn, actor, "auth.code_failed", "app_user", user_id)
        raise invalid(
            "code", _("This is not the code the app shows. Look again: it changes every 30 seconds.")
        )
    with conn.transaction():
        codes = turn_on(conn, actor, user_id, session=session)
        factor_store.spend_step(conn, user_id, step)
        audit.record(conn, actor, "auth.app_added", "app_user", user_id)
        links.notify(conn, services.get_user(conn, user_id), "second_factor_on")
    return codes


def turn_on(conn: db.Connection, actor: Actor, user_id: int, *, session: str) -> list[str]:
    """Before the first app or passkey is there: recovery codes, and all sessions but this one end.

    Answers the codes; none when something was there already, whose codes stand in for this too.
    """
    factor_store.lock_person(conn, user_id)
    if factor_store.has_factor(conn, user_id):
        return []
    session_store.delete_other_sessions(conn, user_id, digest(session))
    audit.record(conn, actor, "auth.second_factor_on", "app_user", user_id)
    return _new_codes(conn, user_id)


def renew_codes(conn: db.Connection, actor: Actor, present: str, *, address: str) -> list[str]:
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    if not factor_store.has_factor(conn, user_id):
        raise Conflict(_("There is no second factor that these could stand in for."))
    with conn.transaction():
        codes = _new_codes(conn, user_id)
        audit.record(conn, actor, "auth.recovery_codes_made", "app_user", user_id)
    return codes


def _new_codes(conn: db.Connection, user_id: int) -> list[str]:
    """Sixteen characters each: too many to be guessed even from their hashes."""
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(16)) for _ in range(CODES)]
    factor_store.delete_codes(conn, user_id)
    factor_store.insert_codes(conn, user_id, [digest(code) for code in codes])
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def remove(conn: db.Connection, actor: Actor, present: str, *, address: str) -> None:
    """Takes away one's own app."""
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    with conn.transaction():
        if not factor_store.delete_factor(conn, user_id):
            raise NotFound(_("There is no authenticator app to take away."))
        audit.record(conn, actor, "auth.app_removed", "app_user", user_id)
        settle(conn, actor, user_id)


def settle(conn: db.Connection, actor: Actor, user_id: int) -> None:
    """After one was taken away: without another the second factor is off, or that is refused."""
    factor_store.lock_person(conn, user_id)
    if factor_store.has_factor(conn, user_id):
        links.notify(conn, services.get_user(conn, user_id), "factor_removed")
        return
    if factor_store.is_needed(conn, user_id):
        raise Conflict(_("A role of yours asks for a second factor. Set up another one first."))
    _turn_off(conn, actor, user_id)


def reset(conn: db.Connection, actor: Actor, user_id: int) -> None:
    """Takes away all that somebody has lost; they are told, and their sessions end."""
    check(actor, PEOPLE_MANAGE)
    with conn.transaction():
        services.get_user(conn, user_id)
        roles.check_may_act_on(conn, actor, user_id)
        _remove_all(conn, actor, user_id)


def reset_by_operator(conn: db.Connection, user_id: int) -> None:
    """For whoever has the machine: the last administrator may be the one who lost it."""
    with conn.transaction():
        _remove_all(conn, SYSTEM, user_id)


def _remove_all(conn: db.Connection, actor: Actor, user_id: int) -> None:
    factor_store.lock_person(conn, user_id)
    apps, keys = factor_store.delete_factor(conn, user_id), passkey_store.delete_passkeys(conn, user_id)
    if not apps + keys:
        raise NotFound(_("There is no second factor to take away."))
    _turn_off(conn, actor, user_id, passkeys=keys)
    session_store.delete_sessions(conn, user_id)


def _turn_off(conn: db.Connection, actor: Actor, user_id: int, **details: object) -> None:
    factor_store.delete_codes(conn, user_id)
    factor_store.delete_steps(conn, user_id)
    passkey_store.delete_challenges(conn, user_id)
    audit.record(conn, actor, "auth.second_factor_off", "app_user", user_id, **details)
    links.notify(conn, services.get_user(conn, user_id), "second_factor_off")


# --- at sign-in ----------------------------------------------------------------------------------


def check_step(conn: db.Connection, step_token: str) -> int:
    """Whose password was right in this browser a moment ago."""
    user_id = factor_store.find_step(conn, digest(step_token))
    if user_id is None:
        raise Unauthenticated(_("That took too long. Sign in again."))
    return user_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What somebody has set up, besides recovery codes."""

    has_app: bool
    has_passkey: bool


def get_ways(conn: db.Connection, step_token: str) -> Ways:
    user_id = check_step(conn, step_token)
    factor = factor_store.find_factor(conn, user_id)
    return Ways(
        has_app=_is_set_up(factor),
        has_passkey=bool(passkey_store.list_passkeys(conn, user_id)),
    )


def pass_code(
    conn: db.Connection, keys: Secrets, step_token: str, code: str, *, old_token: str | None = None
) -> str:
    """Opens the session for a code of the app, or for a recovery code; each works once."""
    user_id = check_step(conn, step_token)
    refuse_guessing(conn, user_id)
    with conn.transaction():
        if kind := _spend(conn, keys, user_id, _plain(code)):
            return pass_step(conn, user_id, kind=kind, old_token=old_token)
    audit.record(conn, SYSTEM, "auth.code_failed", "app_user", user_id)
    raise invalid("code", _("This code does not fit, or it was used already."))


def pass_step(conn: db.Connection, user_id: int, *, kind: str, old_token: str | None) -> str:
    """Opens the session of somebody whose second factor has just fit."""
    factor_store.delete_steps(conn, user_id)
    actor = services.actor_of_user(conn, user_id)
    audit.record(conn, actor, "auth.code_passed", "app_user", user_id, kind=kind)
    return services.open_session(conn, user_id, old_token=old_token)


def _spend(conn: db.Connection, keys: Secrets, user_id: int, code: str) -> str | None:
    factor = factor_store.find_factor(conn, user_id)
    step = None
    if factor is not None and factor.confirmed_at:
        step = totp.matching_step(_opened(keys, factor), code)
    if step is not None:
        return "app" if factor_store.spend_step(conn, user_id, step) else None
    return "recovery" if factor_store.spend_code(conn, user_id, digest(code)) else None


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def refuse_guessing(conn: db.Connection, user_id: int) -> None:
    if seconds := store.seconds_until_allowed(conn, "auth.code_failed", "app_user", user_id, most=GUESSES):
        wait = services.wait_in_words(seconds)
        raise TooMany(_("Too many wrong codes. Try again in %(wait)s.", wait=wait), retry_after=seconds)
