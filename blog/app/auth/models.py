"""People, roles, tokens, and the Actor that every service is given."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Theme = Literal["graphite", "quartz", "solarized", "terminal"]
Verb = Literal["see", "edit", "run", "accept", "move", "publish"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """In which sub-stages somebody may do what: the matrix of their roles, in the workflows of their groups.

    `is_everywhere`: of a fixed role, whatever there is. `sees_all`: every sub-stage there is is among those
    that may be seen, so that a search need not be narrowed.
    """

    is_everywhere: bool = False
    sees_all: bool = False
    places: Mapping[Verb, frozenset[int]] = field(default_factory=dict["Verb", "frozenset[int]"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who does it: a person, a program with a person's token, or the system (user_id None).

    `permissions` say which work and whose posts, `reach` in which stages: what one may do is both; see
    reach.py. `looks_as`: whose eyes an administrator looks through; such an actor changes nothing.
    """

    user_id: int | None
    name: str
    permissions: frozenset[str]
    reach: Reach = field(default_factory=Reach)
    api_token_id: int | None = None
    theme: str | None = None
    looks_as: str | None = None

    def may(self, permission: str) -> bool:
        return permission in self.permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    id: int
    email: str
    name: str
    theme: Theme | None
    roles: list[str]
    has_second_factor: bool
    email_confirmed_at: datetime | None
    deactivated_at: datetime | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    id: int
    name: str
    label: str
    description: str
    is_fixed: bool
    needs_second_factor: bool
    permissions: list[str]
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Something that can be granted: declared in code, next to the feature."""

    name: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiToken:
    """A token as its owner sees it later: never the token itself."""

    id: int
    name: str
    hint: str
    permissions: list[str] | None
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiToken:
    """A token at the only moment it can be read."""

    id: int
    name: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """The person a token belongs to, and what may be done with it."""

    id: int
    email: str
    name: str
    theme: Theme | None
    roles: list[str]
    permissions: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUser:
    """A person with a password made for them, at the only moment it can be read."""

    id: int
    email: str
    name: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """Some people, and where the next page begins."""

    items: list[User]
    next: str | None
