"""How far a post is in each sub-stage and who has it: rows and values. Only an event changes a state."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

Status = Literal["not_started", "in_work", "ready", "done", "blocked"]
EventKind = Literal[
    "started",
    "ready",
    "done",
    "reopened",
    "blocked",
    "unblocked",
    "handed_over",
    "sent_back",
    "assigned",
    "due",
    "undone",
]
RequirementKind = Literal[
    "filled", "each_section_filled", "max_chars", "min_words", "min_items", "equals", "comments_resolved"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Colleague:
    """A person who can be given work and mentioned: active, and may read posts."""

    id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A colleague to whom work can be handed over. `sees`: the names of the sub-stages they may see."""

    id: int
    name: str
    sees: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPlace:
    """A sub-stage that work can be handed over to or sent back to."""

    name: str
    label: str
    stage: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStageState:
    """A post in one sub-stage. `updated_at` None: nothing was ever said about it.

    `note` is why it is blocked or was sent back, or what was said when it was handed over.
    `is_here`: the post stands at this sub-stage now.
    """

    post_id: int
    sub_stage_id: int
    name: str
    label: str
    stage: str
    status: Status
    note: str
    assignee_id: int | None
    assignee_name: str | None
    due_on: date | None
    is_here: bool
    updated_by_name: str | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a sub-stage of a post becomes, and why. `other_id`: where the work went to or came from."""

    kind: EventKind
    status: Status
    assignee_id: int | None
    due_on: date | None
    note: str = ""
    other_id: int | None = None
    caused_by_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStageEvent:
    """A change of a sub-stage, as it is listed. `author_id` None: the system itself.

    `other_name` and `other_label` are of the sub-stage the work went to with it, or came from.
    """

    id: int
    post_id: int
    sub_stage_id: int
    name: str
    label: str
    kind: EventKind
    status_before: Status
    status_after: Status
    other_name: str | None
    other_label: str | None
    caused_by_id: int | None
    assignee_id: int | None
    assignee_name: str | None
    due_on: date | None
    note: str
    author_id: int | None
    author_name: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStageEventPage:
    """Newest first. `next` is the `after` of the following page; None: this is the last."""

    items: list[SubStageEvent]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """What must hold before a sub-stage is ready. `field_id` None: it is about the sub-stage as a whole."""

    id: int
    sub_stage_id: int
    kind: RequirementKind
    field_id: int | None
    amount: int | None
    expected: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequirementCheck:
    """A requirement held against a post as it is now: of a field of sections once for each section.

    `sentence` says what must hold, `problem` what is wrong; empty: it is met.
    """

    requirement_id: int
    kind: RequirementKind
    field_name: str | None
    section_id: int | None
    sentence: str
    problem: str

    @property
    def is_met(self) -> bool:
        return not self.problem


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStageReview:
    """A sub-stage of a post and what is still asked of it. `undo`: what this actor may take back.

    `may_plan` and `may_schedule`: set the day it is meant to appear, and the one it is set to. `may_finish`:
    call it done, which in the last sub-stage takes the right to publish besides.
    """

    state: SubStageState
    checks: list[RequirementCheck]
    open_comments: int
    may_work: bool
    may_assign: bool
    may_plan: bool
    may_schedule: bool
    may_finish: bool
    undo: SubStageEvent | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostPlan:
    """When a post is to appear. `planned_on`: as meant; `scheduled_for`: as set. None: not said."""

    post_id: int
    planned_on: date | None
    scheduled_for: date | None
