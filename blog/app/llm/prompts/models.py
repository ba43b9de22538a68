"""Rows of prompt parts and actions. A version never changes: what a run was made from can be read later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from blog.app.llm.assemble import PartKind, PartText
from blog.app.llm.output_type import OutputKind
from blog.app.llm.providers.base import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPart:
    """A part with one of its wordings: the live one unless another was asked for.

    `draft_version_id` is the newest wording that is not live yet; None: there is none.
    """

    id: int
    name: str
    description: str
    tags: list[str]
    live_version_id: int
    draft_version_id: int | None
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
    `wish_label` None: nothing is asked when a run starts; `wish_choices` empty: any words will do.
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
    takes_selection: bool
    wish_label: str | None
    wish_choices: list[str]
    author: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedAction:
    """A make-up as somebody has typed it, with the texts it would send in their order; no row holds it.

    The `id` of its `version` is 0, so that no run can be made from it.
    """

    version: ActionVersion
    parts: tuple[PartText, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSchema:
    """What the live make-up of an action promises to write, as JSON Schema."""

    action_id: int
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionHead:
    """The action itself, without a make-up. `draft_version_id` None: nothing newer than what is live."""

    id: int
    name: str
    label: str
    description: str
    live_version_id: int
    draft_version_id: int | None
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """An action with one of its make-ups: the live one unless another was asked for.

    `off_positions` are the places (1 is the first) of the parts that keep their place and are not sent.
    """

    id: int
    name: str
    label: str
    description: str
    live_version_id: int
    draft_version_id: int | None
    archived_at: datetime | None
    version: ActionVersion
    part_ids: list[int]
    off_positions: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePartText(PartText):
    """A part as an action sends it that is live."""

    action_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPart:
    """A part's place in a make-up."""

    position: int
    part_id: int
    is_off: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionListItem:
    id: int
    name: str
    label: str
    description: str
    number: int
    output_kind: OutputKind
    takes_selection: bool
    wish_label: str | None
    wish_choices: list[str]
    model_label: str | None
    part_count: int
    archived_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionAction:
    """An action that every text offers for a passage. `wish_label` None: it asks for nothing more."""

    id: int
    name: str
    label: str
    description: str
    wish_label: str | None
    wish_choices: list[str]


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
    """An action that has the part: among those it sends, or to say with a failed reply.

    `is_live` false: only its draft has it.
    """

    action_id: int
    action_label: str
    is_sent: bool
    is_repair: bool
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """That a version was made live. `replaced_number` None: the first; `author` None: the starter rows.

    `overruled` is what gates had against it when somebody made it live all the same; None: nothing.
    """

    id: int
    version_id: int
    number: int
    replaced_version_id: int | None
    replaced_number: int | None
    author: str | None
    reason: str
    overruled: list[Mapping[str, object]] | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPartPage:
    items: list[PromptPart]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionPage:
    items: list[ActionListItem]
    next: str | None
