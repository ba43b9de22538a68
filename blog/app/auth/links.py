"""Links that work once: joining by invitation or by oneself, a new password, another e-mail address.

Refuses to say whether an address belongs to anybody, and to keep a token anywhere but in the link itself:
a job names a row, and the worker makes the token when it sends the e-mail.
"""

import logging
import secrets

from blog.app import audit, db, jobs, mail
from blog.app.auth import link_store, passwords, people, role_store, roles, services, session_store, store
from blog.app.auth.link_models import AccessPolicy, Invitation, LinkKind, NewInvitation, OpenLink
from blog.app.auth.models import Actor, User
from blog.app.auth.permissions import PEOPLE_MANAGE, check
from blog.app.auth.rules import check_password, invalid
from blog.app.config import Config
from blog.app.errors import Conflict, NotFound, Unavailable
from blog.app.security import digest
from blog.app.translation import gettext as _

log = logging.getLogger(__name__)

SEND_LINK = "auth.send_link"
SEND_NOTICE = "auth.send_notice"
ASKED_PER_EMAIL = 3  # within an hour; more are answered alike and send nothing
ASKED_PER_ADDRESS = 20  # within ten minutes
SIGN_UP_HOURS, RESET_HOURS, EMAIL_CHANGE_HOURS = 24, 1, 24
PATHS: dict[LinkKind, str] = {
    "invitation": "/invitations",
    "sign_up": "/invitations",
    "password_reset": "/password-resets",
    "email_change": "/email-changes",
}


# --- invitations ---------------------------------------------------------------------------------


def invite(
    conn: db.Connection,
    actor: Actor,
    config: Config,
    *,
    email: str,
    role_names: list[str],
    days: int,
    is_by_mail: bool,
) -> NewInvitation:
    """A newer invitation replaces those sent to the same address before."""
    check(actor, PEOPLE_MANAGE)
    if is_by_mail and config.smtp is None:
        raise invalid(
            "is_by_mail", _("No mail server is set (BLOG_SMTP_URL): let the link be shown instead.")
        )
    roles.check_may_grant_roles(conn, actor, role_names)
    if store.find_user_by_email(conn, email):
        raise invalid("email", _("Somebody with this e-mail address is here already."))
    token = None if is_by_mail else secrets.token_urlsafe(24)
    with conn.transaction():
        link_store.revoke_invitations_to(conn, email)
        link_id = link_store.insert_link(
            conn,
            "invitation",
            email,
            hours=24 * days,
            is_by_mail=is_by_mail,
            token_hash=digest(token) if token else None,
            invited_by_id=services.own_id(actor),
        )
        _give_roles(conn, link_id, role_names)
        audit.record(conn, actor, "invitation.made", "account_link", link_id, roles=sorted(set(role_names)))
        if is_by_mail:
            jobs.defer(conn, SEND_LINK, link_id=link_id)
    link = _address(config, "invitation", token) if token else None
    if link and config.smtp is None:
        _print(conn, config, link_id, link)
    return NewInvitation(id=link_id, email=email, link=link)


def _give_roles(conn: db.Connection, link_id: int, names: list[str]) -> None:
    wanted = sorted(set(names))
    if link_store.insert_roles(conn, link_id, wanted) != len(wanted):
        known = ", ".join(role.name for role in roles.list_roles(conn))
        raise invalid("roles", _("There is no such role. The roles are: %(known)s.", known=known))


def _print(conn: db.Connection, config: Config, link_id: int, link: str) -> None:
    if found := link_store.find_to_send(conn, link_id):
        mail.deliver(config, _message(config, found, "invitation", found.email, link))


def list_invitations(conn: db.Connection, actor: Actor) -> list[Invitation]:
    check(actor, PEOPLE_MANAGE)
    return link_store.list_invitations(conn)


def revoke_invitation(conn: db.Connection, actor: Actor, link_id: int) -> None:
    check(actor, PEOPLE_MANAGE)
    with conn.transaction():
        db.must_touch(link_store.revoke_invitation(conn, link_id), _("There is no such open invitation."))
        audit.record(conn, actor, "invitation.revoked", "account_link", link_id)


# --- joining -------------------------------------------------------------------------------------


def get_policy(conn: db.Connection) -> AccessPolicy:
    policy = link_store.get_policy(conn)
    if policy is None:
        raise Unavailable(_("The row of access_policy is missing: the starter rows were not loaded."))
    return policy


def change_policy(
    conn: db.Connection, actor: Actor, *, is_sign_up_open: bool, sign_up_role: str | None
) -> AccessPolicy:
    """What strangers are given on arrival is granted by whoever sets it."""
    check(actor, PEOPLE_MANAGE)
    before = get_policy(conn)
    if sign_up_role is not None:
        if sign_up_role not in {role.name for role in roles.list_roles(conn)}:
            raise invalid("sign_up_role", _("There is no such role."))
        roles.check_may_grant_roles(conn, actor, [sign_up_role])
    with conn.transaction():
        link_store.update_policy(conn, is_sign_up_open=is_sign_up_open, sign_up_role=sign_up_role)
        audit.record(
            conn,
            actor,
            "access.changed",
            "access_policy",
            None,
            sign_up=is_sign_up_open,
            role=sign_up_role,
            before={"sign_up": before.is_sign_up_open, "role": before.sign_up_role},
        )
    return get_policy(conn)


def change_limits(conn: db.Connection, actor: Actor, *, token: int | None, person: int | None) -> None:
    """How many requests a minute each token and each person may make; None: any number."""
    check(actor, PEOPLE_MANAGE)
    with conn.transaction():
        link_store.update_limits(conn, token=token, person=person)
        audit.record(conn, actor, "access.limited", "access_policy", None, token=token, person=person)


def change_session_limits(conn: db.Connection, actor: Actor, *, idle_minutes: int, hours: int | None) -> None:
    """How long a browser stays signed in; a shorter time holds for those that are."""
    check(actor, PEOPLE_MANAGE)
    with conn.transaction():
        link_store.update_session_limits(conn, idle_minutes=idle_minutes, hours=hours)
        session_store.shorten_sessions(conn)
        audit.record(
            conn,
            actor,
            "access.sessions_limited",
            "access_policy",
            None,
            idle_minutes=idle_minutes,
            hours=hours,
        )


def ask_to_join(conn: db.Connection, email: str, *, address: str) -> None:
    """Sends a link to join, or to somebody who is here already a word about it. Answers nobody which."""
    policy = get_policy(conn)
    if not policy.is_sign_up_open:
        raise NotFound(_("Nobody can sign up here without an invitation."))
    names = [policy.sign_up_role] if policy.sign_up_role else []
    _ask(conn, "sign_up", email, address=address, hours=SIGN_UP_HOURS, role_names=names)


def accept(conn: db.Connection, token: str, *, name: str, password: str) -> int:
    """Creates the person whom a link invites, once, and answers their id."""
    link = get_open(conn, token, "invitation", "sign_up")
    if link.kind == "sign_up" and not get_policy(conn).is_sign_up_open:
        raise NotFound(_("Nobody can sign up here any more without an invitation."))
    check_password(password, email=link.email, name=name)
    password_hash = passwords.hashed(password)
    with conn.transaction():
        role_store.lock_roles(conn)
        _claim(conn, link)
        user_id = people.insert_person(conn, link.email, name, password_hash)
        names = link_store.insert_roles_of_link(conn, link.id, user_id)
        if link.sent_at:
            store.confirm_email(conn, user_id, link.email)
        joined = services.actor_of_user(conn, user_id)
        audit.record(conn, joined, "person.joined", "app_user", user_id, link=link.id, roles=names)
    return user_id


def get_open(conn: db.Connection, token: str, *kinds: LinkKind) -> OpenLink:
    link = link_store.find_open(conn, digest(token))
    if link is None or link.kind not in kinds:
        raise NotFound(_("This link was used or taken back, or its time is over. Ask for another one."))
    return link


def _claim(conn: db.Connection, link: OpenLink) -> None:
    if link_store.claim(conn, link.id) is None:
        raise NotFound(_("This link was used a moment ago."))


# --- a new password ------------------------------------------------------------------------------


def ask_for_reset(conn: db.Connection, email: str, *, address: str) -> None:
    """Does the same whether the address is anybody's or not: it is looked up when the e-mail is sent."""
    _ask(conn, "password_reset", email, address=address, hours=RESET_HOURS)


def reset_password(conn: db.Connection, token: str, password: str) -> None:
    """Replaces the password and ends every session; the second factor, if there is one, stays."""
    link = get_open(conn, token, "password_reset")
    user = _user_of(conn, link)
    check_password(password, email=user.email, name=user.name)
    password_hash = passwords.hashed(password)
    with conn.transaction():
        _claim(conn, link)
        store.update_password(conn, user.id, password_hash)
        store.confirm_email(conn, user.id, link.email)
        session_store.delete_sessions(conn, user.id)
        link_store.revoke_resets_of(conn, user.id)
        audit.record(conn, services.actor_of_user(conn, user.id), "auth.password_reset", "app_user", user.id)
        notify(conn, user, "password_changed")


def _user_of(conn: db.Connection, link: OpenLink) -> User:
    user = store.find_user(conn, link.app_user_id or 0)
    if user is None or user.deactivated_at:
        raise NotFound(_("This link does not lead to an account any more."))
    return user


# --- another address -----------------------------------------------------------------------------


def ask_to_change_email(conn: db.Connection, actor: Actor, present: str, email: str, *, address: str) -> None:
    """The account keeps its address until the link that goes to the new one is opened."""
    user = services.get_user(conn, services.own_id(actor))
    services.check_present_password(conn, user.id, present, address=address)
    if email == user.email:
        raise invalid("email", _("This is your address already."))
    if link_store.count_asked(conn, "email_change", email) >= ASKED_PER_EMAIL:
        raise invalid("email", _("Three links went to this address within the hour. Look there first."))
    with conn.transaction():
        link_id = link_store.insert_link(
            conn, "email_change", email, hours=EMAIL_CHANGE_HOURS, is_by_mail=True, app_user_id=user.id
        )
        audit.record(conn, actor, "person.email_change_asked", "app_user", user.id)
        jobs.defer(conn, SEND_LINK, link_id=link_id)


def confirm_email(conn: db.Connection, token: str) -> str:
    """Answers the address that is the person's from now on; the one before is told."""
    link = get_open(conn, token, "email_change")
    user = _user_of(conn, link)
    taken = Conflict(_("Somebody else has this address by now."))
    with conn.transaction():
        _claim(conn, link)
        with db.constraints(app_user_email_key=taken), conn.transaction():
            store.update_email(conn, user.id, link.email)
        store.confirm_email(conn, user.id, link.email)
        audit.record(conn, services.actor_of_user(conn, user.id), "person.email_changed", "app_user", user.id)
        notify(conn, user, "email_changed")
    return link.email


# --- asking and sending --------------------------------------------------------------------------


def _ask(
    conn: db.Connection,
    kind: LinkKind,
    email: str,
    *,
    address: str,
    hours: int,
    role_names: list[str] | None = None,
) -> None:
    services.refuse_too_many_from(conn, "auth.link_asked", address, most=ASKED_PER_ADDRESS)
    with conn.transaction():
        services.count_from(conn, "auth.link_asked", address)
        is_enough = link_store.count_asked(conn, kind, email) >= ASKED_PER_EMAIL
        link_id = link_store.insert_link(conn, kind, email, hours=hours, is_by_mail=True)
        link_store.insert_roles(conn, link_id, role_names or [])
        if not is_enough:
            jobs.defer(conn, SEND_LINK, link_id=link_id)


def notify(conn: db.Connection, user: User, template: str) -> None:
    """Tells a person at the address they have (or had) that something about their account changed."""
    jobs.defer(conn, SEND_NOTICE, user_id=user.id, email=user.email, template=template)


def execute_send_link(pool: db.Pool, config: Config, link_id: int) -> None:
    """What the worker does. What cannot be sent for good says so on its row; else it is tried again."""
    with pool.connection() as conn:
        link_store.delete_unasked(conn)
        message = _prepare(conn, config, link_id)
    if message is None:
        return
    try:
        mail.deliver(config, message)
    except mail.NotSent as exc:
        with pool.connection() as conn:
            link_store.note_failure(conn, link_id, exc.message)
        if not exc.is_permanent:
            raise
        log.warning("The e-mail of link %s cannot be sent: %s", link_id, exc.message)
        return
    if config.smtp is not None:
        with pool.connection() as conn:
            link_store.note_sent(conn, link_id)


def execute_send_notice(pool: db.Pool, config: Config, user_id: int, email: str, template: str) -> None:
    with pool.connection() as conn:
        user = services.get_user(conn, user_id)
    message = mail.compose(
        template, email, language=config.language, name=user.name, email=user.email, address=config.public_url
    )
    try:
        mail.deliver(config, message)
    except mail.Delayed:
        raise
    except mail.NotSent as exc:
        log.warning("A notice to person %s cannot be sent: %s", user_id, exc.message)


def _prepare(conn: db.Connection, config: Config, link_id: int) -> mail.Message | None:
    """Makes the token and says what goes out; None: there is nobody to write to."""
    link = link_store.find_to_send(conn, link_id)
    if link is None:
        return None
    user = store.find_user_by_email(conn, link.email) if link.kind != "email_change" else None
    if link.kind == "password_reset" and (user is None or user.deactivated_at):
        return None
    if link.kind in {"sign_up", "invitation"} and user is not None:
        return mail.compose("already_here", link.email, language=config.language, address=config.public_url)
    token = secrets.token_urlsafe(24)
    link_store.update_token(conn, link_id, digest(token), user.id if user else link.app_user_id)
    return _message(config, link, link.kind, link.email, _address(config, link.kind, token))


def _message(config: Config, link: OpenLink, template: str, to: str, address: str) -> mail.Message:
    return mail.compose(
        template,
        to,
        language=config.language,
        link=address,
        inviter=link.inviter,
        until=link.expires_at.strftime("%-d %b %Y, %H:%M UTC"),
        address=config.public_url,
    )


def _address(config: Config, kind: LinkKind, token: str) -> str:
    return f"{config.public_url}{PATHS[kind]}/{token}"
