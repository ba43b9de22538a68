"""What browsers and programs may send about joining, invitations and lost passwords."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from blog.app.auth.schemas import Email, Name, Password, Sent

Days = Annotated[int, Field(ge=1, le=30)]
RoleNames = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=50)]


class InvitationForm(Sent):
    """`way`: by e-mail, or shown once to be copied."""

    email: Email
    roles: RoleNames = Field(default=[])
    days: Days = 7
    way: Annotated[str, Field(pattern="^(mail|shown)$")] = "shown"


class InvitationCreate(Sent):
    """`is_by_mail` false: the answer holds the link."""

    email: Email
    roles: RoleNames = Field(default=[])
    days: Days = 7
    is_by_mail: bool = False


class Joining(Sent):
    name: Name
    password: Password


class EmailAsked(Sent):
    email: Email


class NewPassword(Sent):
    password: Password


class EmailChange(Sent):
    present: Password
    email: Email


class PolicyForm(Sent):
    """`sign_up_role` empty: none."""

    is_sign_up_open: bool = False
    sign_up_role: Annotated[str | None, BeforeValidator(lambda value: value or None)] = None


Limit = Annotated[
    Annotated[int, Field(ge=1, le=1_000_000)] | None,
    BeforeValidator(lambda value: None if value == "" else value),
]


Hours = Annotated[
    Annotated[int, Field(ge=1, le=24 * 366)] | None,
    BeforeValidator(lambda value: None if value == "" else value),
]


class SessionsForm(Sent):
    """How long a browser stays signed in: unused, and at the latest; empty: no such end."""

    idle_minutes: Annotated[int, Field(ge=5, le=366 * 24 * 60)]
    hours: Hours = None


class LimitsForm(Sent):
    """Requests a minute; empty: no limit."""

    token: Limit = None
    person: Limit = None


# --- the same over REST, where what is meant is said ---------------------------------------------


class SignUpChange(Sent):
    """`sign_up_role` null: whoever signs up has no role at first."""

    is_sign_up_open: bool
    sign_up_role: str | None


class RequestLimits(Sent):
    """Requests a minute; null: any number."""

    token: Annotated[int, Field(ge=1, le=1_000_000)] | None
    person: Annotated[int, Field(ge=1, le=1_000_000)] | None


class SessionLimits(Sent):
    """How long a browser stays signed in: unused, and at the latest; null: no such end."""

    idle_minutes: Annotated[int, Field(ge=5, le=366 * 24 * 60)]
    hours: Annotated[int, Field(ge=1, le=24 * 366)] | None
