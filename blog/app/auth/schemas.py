"""What browsers and programs may send about people, sessions and tokens."""

import re
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

from blog.app.auth.models import Theme
from blog.app.translation import gettext as _

# Nothing that could end an address in a header of an e-mail and begin another one.
_PART = r"[^@\s\x00-\x1f\x7f,;:<>()\[\]\\\"]+"


def email_of(text: str) -> str:
    address = text.strip().lower()
    if not re.fullmatch(rf"{_PART}@{_PART}", address):
        raise ValueError(_("This is not an e-mail address"))
    return address


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise ValueError(_("A name needs at least one visible character"))
    return name


def _none_if_empty(value: object) -> object:
    return None if value == "" else value


Email = Annotated[str, Field(max_length=254), AfterValidator(email_of)]
Name = Annotated[str, Field(max_length=100), AfterValidator(_name)]
Password = Annotated[str, Field(max_length=10_000)]


class Sent(BaseModel):
    """Unknown fields are refused: a misspelled one must not be taken for an absent one."""

    model_config = ConfigDict(extra="forbid")


class SignIn(Sent):
    email: Annotated[str, Field(max_length=1000)] = ""
    password: Password = ""
    next: str = "/"


class SetUp(Sent):
    name: Name
    email: Email
    password: Password


class Rename(Sent):
    name: Name


class PasswordChange(Sent):
    present: Password
    password: Password


class PresentPassword(Sent):
    present: Password


class CodeForm(Sent):
    code: Annotated[str, Field(max_length=100)] = ""


class SignInCode(CodeForm):
    next: str = "/"


class ThemeChoice(Sent):
    """`theme` empty: follow the system."""

    theme: Theme | Literal[""]
    next: str = "/account"


class TokenForm(Sent):
    """`scope` all: whatever its person may do, now and later; some: only `permissions`."""

    name: Name
    scope: Literal["all", "some"] = "all"
    permissions: list[Annotated[str, Field(max_length=100)]] = Field(default=[])
    expires_on: Annotated[date | None, BeforeValidator(_none_if_empty)] = None

    @property
    def expires_at(self) -> datetime | None:
        """The end of the chosen day."""
        return datetime.combine(self.expires_on, time.max, UTC) if self.expires_on else None


class TokenCreate(Sent):
    """`permissions` null: everything the caller may do. `expires_at` null: never."""

    name: Name
    permissions: list[str] | None = None
    expires_at: AwareDatetime | None = None


class UserCreate(Sent):
    name: Name
    email: Email
    roles: list[str] = []


class RolesChange(Sent):
    roles: list[str] = []


class UserUpdate(Sent):
    """Only what is given changes."""

    name: Name | None = None
    roles: list[str] | None = None
    is_active: bool | None = None


class UserQuery(Sent):
    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50
