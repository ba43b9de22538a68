"""What browsers and programs may send about roles."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from blog.app.auth.schemas import Name, Sent
from blog.app.text import clean, folded
from blog.app.translation import gettext as _


def _grant(text: str) -> str:
    if not re.fullmatch(r"\d{1,18}:[a-z_.]+", text):
        raise ValueError(_("This is not a box of the grid"))
    return text


def _role_name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(_("Small letters, digits and underlines, beginning with a letter"))
    return text


Description = Annotated[str, Field(max_length=300), AfterValidator(lambda text: folded(clean(text)))]
Permissions = Annotated[list[str], Field(max_length=200)]


class RoleForm(Sent):
    """`copy_of`: the role whose permissions it begins with; 0 for none."""

    label: Name
    description: Description = ""
    copy_of: Annotated[int, Field(ge=0)] = 0


class RoleWords(Sent):
    label: Name
    description: Description = ""
    needs_second_factor: bool = False


class GrantGrid(Sent):
    """`grants`: the ticked boxes, each as role id and permission. `seen`: the grid they were ticked in."""

    seen: Annotated[str, Field(max_length=64)]
    grants: list[Annotated[str, AfterValidator(_grant)]] = Field(default=[])

    @property
    def by_role(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for grant in self.grants:
            role_id, _, permission = grant.partition(":")
            found.setdefault(int(role_id), set()).add(permission)
        return found


class RoleCreate(Sent):
    """`name`: what programs call it, made from the label when absent."""

    label: Name
    name: Annotated[str, Field(max_length=60), AfterValidator(_role_name)] | None = None
    description: Description = ""
    permissions: Permissions = Field(default=[])


class RoleUpdate(Sent):
    """Only what is given changes; `permissions` is all the role may do from then on."""

    label: Name | None = None
    description: Description | None = None
    needs_second_factor: bool | None = None
    permissions: Permissions | None = None
