"""The second factor: set up, asked for at sign-in, taken away. Refuses a code that was used, and guessing.

The app's secret is sealed with the installation's; recovery codes are kept as hashes.
"""

import secrets
from dataclasses import dataclass

from blog.app import audit, db, security
from blog.app.auth import factor_store, links, roles, services, store, totp
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
    """What the page shows. `secret`: only until its first code was entered."""

    is_on: bool
    is_needed: bool
    codes_left: int
    secret: str | None


def get_standing(conn: db.Connection, keys: Secrets, actor: Actor) -> Standing:
    user_id = services.own_id(actor)
    factor = factor_store.find_factor(conn, user_id)
    is_on = factor is not None and factor.confirmed_at is not None
    return Standing(
        is_on=is_on,
        is_needed=factor_store.is_needed(conn, user_id),
        codes_left=factor_store.count_codes(conn, user_id),
        secret=None if factor is None or is_on else _opened(keys, factor),
    )


def _opened(keys: Secrets, factor: factor_store.Factor) -> str:
    return security.unseal(keys, factor.sealed_secret, what="This second factor")


# --- setting up ----------------------------------------------------------------------------------


def begin(conn: db.Connection, keys: Secrets, actor: Actor, present: str, *, address: str) -> None:
    """Makes the secret that the app is shown next."""
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    if not factor_store.put_factor(conn, user_id, security.seal(keys, totp.new_secret())):
        raise Conflict(_("You have a second factor already. Take it away first."))


def confirm(conn: db.Connection, keys: Secrets, actor: Actor, code: str, *, session: str) -> list[str]:
    """Turns it on with the first code, answers the recovery codes, and ends all sessions but this one."""
    user_id = services.own_id(actor)
    factor = factor_store.find_factor(conn, user_id)
    if factor is None or factor.confirmed_at:
        raise Conflict(_("There is nothing to confirm. Begin again."))
    _refuse_guessing(conn, user_id)
    step = totp.matching_step(_opened(keys, factor), _plain(code))
    if step is None:
        audit.record(conn, actor, "auth.code_failed", "app_user", user_id)
        raise invalid(
            "code", _("This is not the code the app shows. Look again: it changes every 30 seconds.")
        )
    with conn.transaction():
        factor_store.spend_step(conn, user_id, step)
        codes = _new_codes(conn, user_id)
        store.delete_other_sessions(conn, user_id, digest(session))
        audit.record(conn, actor, "auth.second_factor_on", "app_user", user_id)
        links.notify(conn, services.get_user(conn, user_id), "second_factor_on")
    return codes


def renew_codes(conn: db.Connection, actor: Actor, present: str, *, address: str) -> list[str]:
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    factor = factor_store.find_factor(conn, user_id)
    if factor is None or not factor.confirmed_at:
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
    """Takes away one's own, unless a role asks for it."""
    user_id = services.own_id(actor)
    services.check_present_password(conn, user_id, present, address=address)
    if factor_store.is_needed(conn, user_id):
        raise Conflict(_("A role of yours asks for a second factor."))
    with conn.transaction():
        _remove(conn, actor, user_id)


def reset(conn: db.Connection, actor: Actor, user_id: int) -> None:
    """Takes away somebody's who lost their app and their codes; they are told, and their sessions end."""
    check(actor, PEOPLE_MANAGE)
    with conn.transaction():
        services.get_user(conn, user_id)
        roles.check_may_act_on(conn, actor, user_id)
        _remove(conn, actor, user_id)
        store.delete_sessions(conn, user_id)


def reset_by_operator(conn: db.Connection, user_id: int) -> None:
    """For whoever has the machine: the last administrator may be the one who lost it."""
    with conn.transaction():
        _remove(conn, SYSTEM, user_id)
        store.delete_sessions(conn, user_id)


def _remove(conn: db.Connection, actor: Actor, user_id: int) -> None:
    if not factor_store.delete_factor(conn, user_id):
        raise NotFound(_("There is no second factor to take away."))
    factor_store.delete_codes(conn, user_id)
    factor_store.delete_steps(conn, user_id)
    audit.record(conn, actor, "auth.second_factor_off", "app_user", user_id)
    links.notify(conn, services.get_user(conn, user_id), "second_factor_off")


# --- at sign-in ----------------------------------------------------------------------------------


def check_step(conn: db.Connection, step_token: str) -> int:
    """Whose password was right in this browser a moment ago."""
    user_id = factor_store.find_step(conn, digest(step_token))
    if user_id is None:
        raise Unauthenticated(_("That took too long. Sign in again."))
    return user_id


def pass_code(
    conn: db.Connection, keys: Secrets, step_token: str, code: str, *, old_token: str | None = None
) -> str:
    """Opens the session for a code of the app, or for a recovery code; each works once."""
    user_id = check_step(conn, step_token)
    _refuse_guessing(conn, user_id)
    with conn.transaction():
        if kind := _spend(conn, keys, user_id, _plain(code)):
            factor_store.delete_steps(conn, user_id)
            actor = services.actor_of_user(conn, user_id)
            audit.record(conn, actor, "auth.code_passed", "app_user", user_id, kind=kind)
            return services.open_session(conn, user_id, old_token=old_token)
    audit.record(conn, SYSTEM, "auth.code_failed", "app_user", user_id)
    raise invalid("code", _("This code does not fit, or it was used already."))


def _spend(conn: db.Connection, keys: Secrets, user_id: int, code: str) -> str | None:
    factor = factor_store.find_factor(conn, user_id)
    if factor is None or factor.confirmed_at is None:
        return None
    step = totp.matching_step(_opened(keys, factor), code)
    if step is not None:
        return "app" if factor_store.spend_step(conn, user_id, step) else None
    return "recovery" if factor_store.spend_code(conn, user_id, digest(code)) else None


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").lower()


def _refuse_guessing(conn: db.Connection, user_id: int) -> None:
    if seconds := store.seconds_until_allowed(conn, "auth.code_failed", "app_user", user_id, most=GUESSES):
        wait = services.wait_in_words(seconds)
        raise TooMany(_("Too many wrong codes. Try again in %(wait)s.", wait=wait), retry_after=seconds)
