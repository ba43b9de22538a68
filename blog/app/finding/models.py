"""What is found, as lists, boards, calendars and the jump box show it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from blog.app.review.models import Status

Sort = Literal["changed", "created", "title", "due", "planned"]
Due = Literal["overdue", "today", "week", "none"]
Place = Literal["list", "board"]
HitKind = Literal["post", "field", "action", "part", "model", "run", "page"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPost:
    """A post as a list or a card shows it.

    `status`, `assignee_*` and `due_on` are of the sub-stage it stands at. `sort_key` is what it was sorted
    by, as text. `author_name` None: made by the system. `title` empty: not named yet.
    """

    id: int
    title: str
    workflow_id: int
    sub_stage_id: int
    stage: str
    sub_stage: str
    status: Status
    author_id: int | None
    author_name: str | None
    assignee_id: int | None
    assignee_name: str | None
    due_on: date | None
    planned_on: date | None
    scheduled_for: date | None
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None
    sort_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedPost(FoundPost):
    """`in_column`: how many posts its column of the board has."""

    in_column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """`next` is the `after` of the following page; None: this is the last."""

    items: list[FoundPost]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageChoice:
    """A sub-stage by which posts can be narrowed, or to which a card can go."""

    id: int
    workflow_id: int
    workflow: str
    name: str
    stage: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonChoice:
    id: int
    name: str


# --- the board -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardColumn:
    """A sub-stage with its first posts, the latest change first.

    `count` goes no higher than a bound, and `is_more` says that there are more than that. None: a search
    found too many to count. `next` is the `after` of the posts below; None: these are all.
    """

    sub_stage_id: int
    name: str
    stage: str
    label: str
    count: int | None
    is_more: bool
    posts: list[FoundPost]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    workflow_id: int
    columns: list[BoardColumn]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCount:
    sub_stage_id: int
    count: int


# --- the calendar --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarEntry:
    """A post on a day: planned for it, scheduled for it, or both. Two days that differ make two entries."""

    day: date
    post_id: int
    title: str
    author_id: int | None
    sub_stage_id: int
    sub_stage: str
    status: Status
    planned_on: date | None
    scheduled_for: date | None

    @property
    def is_planned(self) -> bool:
        return self.planned_on == self.day

    @property
    def is_scheduled(self) -> bool:
        return self.scheduled_for == self.day

    @property
    def differs(self) -> bool:
        """Scheduled for another day than planned."""
        return self.planned_on is not None and self.scheduled_for not in {None, self.planned_on}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarDay:
    """`is_more`: further posts are on this day than `entries` shows."""

    day: date
    is_in_month: bool
    entries: list[CalendarEntry]
    is_more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarMonth:
    """Whole weeks, from Monday. `month`, `previous` and `next` as 2026-03."""

    month: str
    previous: str
    next: str
    weeks: list[list[CalendarDay]]


# --- saved views ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedView:
    """A question about posts kept under a name. `query` is that of the list's or board's address."""

    id: int
    owner_id: int
    owner_name: str
    name: str
    place: Place
    query: str
    is_shared: bool
    created_at: datetime


# --- jump to -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Something to jump to. `detail` tells it from others of its name."""

    kind: HitKind
    label: str
    detail: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hits:
    """In the order of use: the best of each kind first."""

    query: str
    items: list[Hit]
