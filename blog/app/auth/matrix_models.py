"""The matrix and the groups as pages and programs see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from blog.app.auth.models import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRole:
    """A row. `is_fixed`: may everything everywhere, without a grant."""

    id: int
    label: str
    is_fixed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixStage:
    """A column. `places`: its sub-stages."""

    id: int
    workflow_id: int
    workflow_label: str
    label: str
    places: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageGrant:
    """A role may do this in this stage."""

    role_id: int
    stage_id: int
    verb: Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """What every role may do in every stage. `seen` goes back with a change; an old one is refused."""

    roles: Sequence[MatrixRole]
    stages: Sequence[MatrixStage]
    grants: Sequence[StageGrant]
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """People who may work in the same workflows. `is_everyone`: everybody is in it, without being listed."""

    id: int
    name: str
    is_everyone: bool
    member_ids: list[int]
    workflow_ids: list[int]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupChoice:
    """A person or a workflow that can be in a group."""

    id: int
    label: str
