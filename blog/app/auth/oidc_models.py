"""Services that say who somebody is, as those who manage people see them: never the secret itself."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcProvider:
    id: int
    label: str
    issuer: str
    client_id: str
    allowed_domains: list[str]
    role_claim: str | None
    role_by_value: dict[str, str]
    is_enabled: bool
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInButton:
    """`is_connected`: the person who is asking has connected their account with it."""

    id: int
    label: str
    is_connected: bool
