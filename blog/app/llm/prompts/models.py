"""Rows of prompt parts and actions. A version never changes: what a run was made from can be read later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from blog.app.llm.assemble import PartKind
from blog.app.llm.output_type import OutputKind
from blog.app.llm.providers.base import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPart:
    """A part with its live wording."""

    id: int
    name: str
    description: str
    tags: list[str]
    version_id: int
    number: int
    role: Role
    kind: PartKind
    template: str
    action_count: int
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPartVersion:
    """One wording a part had. `author` None: it came with the starter rows."""

    id: int
    part_id: int
    number: int
    role: Role
    kind: PartKind
    template: str
    author: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionVersion:
    """One make-up of an action. `model_id` None: the default model at the time of the run.

    `fallback_model_id` None: no other model is asked. `repair_part_id` is what is said with a failed reply.
    """

    id: int
    action_id: int
    action_name: str
    action_label: str
    number: int
    model_id: int | None
    params: Mapping[str, object]
    output_kind: OutputKind
    output_schema: Mapping[str, object] | None
    validators: list[Mapping[str, object]]
    deadline_seconds: int
    max_retries: int
    fallback_model_id: int | None
    max_repairs: int
    repair_part_id: int | None
    author: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionHead:
    """The action itself, without a make-up."""

    id: int
    name: str
    label: str
    description: str
    live_version_id: int
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action with its live make-up."""

    id: int
    name: str
    label: str
    description: str
    archived_at: datetime | None
    version: ActionVersion
    part_ids: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionListItem:
    id: int
    name: str
    label: str
    description: str
    number: int
    output_kind: OutputKind
    model_label: str | None
    part_count: int
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPlace:
    """A field that offers an action."""

    action_id: int
    stage_label: str
    sub_stage_label: str
    field_name: str
    field_label: str
    field_kind: str
    field_scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartUse:
    """An action whose live make-up has the part: among those it sends, or to say with a failed reply."""

    action_id: int
    action_label: str
    is_sent: bool
    is_repair: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPartPage:
    items: list[PromptPart]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPage:
    items: list[ActionListItem]
    next: str | None
