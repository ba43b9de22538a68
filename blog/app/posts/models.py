"""What is written: posts, sections, revisions. A revision is never changed, only followed by another."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Origin = Literal["person", "run", "restore", "system"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """`author_id` None: made by the system. `title` empty: not named yet."""

    id: int
    workflow_id: int
    sub_stage_id: int
    title: str
    author_id: int | None
    author_name: str | None
    created_at: datetime
    updated_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostListItem:
    """A post to choose from a few."""

    id: int
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: int
    post_id: int
    position: int
    created_at: datetime
    removed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One value of one field. `section_id` None: of the post itself. `superseded_at` None: the current one.

    `author_id` accepted it when a run wrote it (`llm_run_id`).
    """

    id: int
    post_id: int
    section_id: int | None
    field_id: int
    number: int
    value: str
    origin: Origin
    author_id: int | None
    author_name: str | None
    llm_run_id: int | None
    base_revision_id: int | None
    restored_from_id: int | None
    created_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionListItem:
    """A revision as a history shows it: how it begins and how long it is."""

    id: int
    number: int
    excerpt: str
    length: int
    origin: Origin
    author_id: int | None
    author_name: str | None
    llm_run_id: int | None
    restored_from_id: int | None
    created_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionPage:
    """Newest first. `next` is the `after` of the following page; None: this is the last."""

    items: list[RevisionListItem]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRevision:
    """A value about to be appended after `base_revision_id`; None: as the first."""

    post_id: int
    section_id: int | None
    field_id: int
    value: str
    origin: Origin
    app_user_id: int | None
    api_token_id: int | None
    llm_run_id: int | None
    base_revision_id: int | None
    restored_from_id: int | None
