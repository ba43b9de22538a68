"""What browsers may send about services that say who somebody is."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from blog.app.auth.schemas import Name, Sent
from blog.app.translation import gettext as _


def _issuer(text: str) -> str:
    issuer = text.strip()
    parts = urlsplit(issuer)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(_("An issuer is an address such as https://accounts.example.org"))
    return issuer


ClientId = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(str.strip)]
Secret = Annotated[str, Field(max_length=1000), AfterValidator(str.strip)]


class ServiceForm(Sent):
    label: Name
    issuer: Annotated[str, Field(max_length=500), AfterValidator(_issuer)]
    client_id: ClientId
    secret: Annotated[Secret, Field(min_length=1)]


class ServiceChange(Sent):
    """`secret` empty: stays. Domains with blanks between them; one `value = role` in each line."""

    label: Name
    client_id: ClientId
    secret: Secret = ""
    allowed_domains: Annotated[str, Field(max_length=5000)] = ""
    role_claim: Annotated[str, Field(max_length=200), AfterValidator(str.strip)] = ""
    role_by_value: Annotated[str, Field(max_length=10_000)] = ""
    is_enabled: bool = False

    @property
    def domains(self) -> list[str]:
        return sorted({part.lower().lstrip("@") for part in self.allowed_domains.replace(",", " ").split()})

    @property
    def mapping(self) -> dict[str, str]:
        pairs = (line.rpartition("=") for line in self.role_by_value.splitlines() if line.strip())
        return {value.strip(): role.strip() for value, _, role in pairs}


class WayBack(Sent):
    next: str = "/"
