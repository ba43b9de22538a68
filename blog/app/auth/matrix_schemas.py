"""What browsers and programs may send about the matrix, groups and looking as somebody else."""

import re
from typing import Annotated, get_args

from pydantic import AfterValidator, Field

from blog.app.auth.models import Verb
from blog.app.auth.schemas import Name, Sent
from blog.app.translation import gettext as _

_CELL = re.compile(rf"(\d{{1,18}}):(\d{{1,18}}):({'|'.join(get_args(Verb))})")
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Ids = Annotated[list[Id], Field(max_length=10_000)]


def _cell(text: str) -> str:
    if not _CELL.fullmatch(text):
        raise ValueError(_("This is not a box of the grid"))
    return text


class MatrixForm(Sent):
    """`grants`: the ticked boxes, each as role, stage and verb. `seen`: the grid they were ticked in."""

    seen: Annotated[str, Field(max_length=64)]
    grants: list[Annotated[str, AfterValidator(_cell)]] = Field(default=[])

    @property
    def cells(self) -> set[tuple[int, int, str]]:
        parts = (cell.split(":") for cell in self.grants)
        return {(int(role), int(stage), verb) for role, stage, verb in parts}


class GrantSent(Sent):
    role_id: Id
    stage_id: Id
    verb: Verb


class MatrixUpdate(Sent):
    """All grants there are to be from then on, and the `seen` of the matrix they were made from."""

    seen: Annotated[str, Field(max_length=64)]
    grants: Annotated[list[GrantSent], Field(max_length=100_000)]

    @property
    def cells(self) -> set[tuple[int, int, str]]:
        return {(grant.role_id, grant.stage_id, grant.verb) for grant in self.grants}


class GroupForm(Sent):
    """Of Everyone only the workflows count."""

    name: Name
    members: Ids = Field(default=[])
    workflows: Ids = Field(default=[])


class GroupCreate(Sent):
    name: Name
    member_ids: Ids = Field(default=[])
    workflow_ids: Ids = Field(default=[])


class GroupUpdate(Sent):
    """Only what is given changes."""

    name: Name | None = None
    member_ids: Ids | None = None
    workflow_ids: Ids | None = None


class ViewAs(Sent):
    """A role, or a person."""

    role_id: Id | None = None
    person_id: Id | None = None
