"""Links that work once: what they are for, and how an invitation looks to those who manage people."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

LinkKind = Literal["invitation", "sign_up", "password_reset", "email_change"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLink:
    """A link that can still be used. `sent_at`: it went to the address, so its opener reads that mail."""

    id: int
    kind: LinkKind
    email: str
    app_user_id: int | None
    inviter: str | None
    sent_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation that nobody has accepted yet, without its link."""

    id: int
    email: str
    roles: list[str]
    invited_by: str
    created_at: datetime
    expires_at: datetime
    is_by_mail: bool
    sent_at: datetime | None
    send_error: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInvitation:
    """`link` at the only moment it can be read; None: it goes by e-mail."""

    id: int
    email: str
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessPolicy:
    """How people come in and how much they may ask for.

    `sign_up_role` None: whoever signs up has no role at first. A limit None: there is none.
    """

    is_sign_up_open: bool
    sign_up_role: str | None
    token_requests_per_minute: int | None
    person_requests_per_minute: int | None
    session_idle_minutes: int
    session_hours: int | None
