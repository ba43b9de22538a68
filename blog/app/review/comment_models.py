"""What people say about a post, and what they are told. A thread is one comment and the replies to it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from blog.app.review.models import Colleague

Shown = Literal["open", "resolved", "all"]
NotificationKind = Literal[
    "mentioned",
    "replied",
    "commented",
    "resolved",
    "assigned",
    "handed_over",
    "sent_back",
    "ready",
    "done",
    "blocked",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """`field_name` None: about the post or the section as a whole. `parent_id` None: it begins a thread.

    `revision_id` is what the field held when it was said, `quote` the passage meant, empty: the whole field.
    """

    id: int
    post_id: int
    section_id: int | None
    field_id: int | None
    field_name: str | None
    field_label: str | None
    revision_id: int | None
    quote: str
    parent_id: int | None
    body: str
    author_id: int | None
    author_name: str | None
    created_at: datetime
    edited_at: datetime | None
    resolved_by_name: str | None
    resolved_at: datetime | None
    removed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """`is_found`: the passage is still in the field, word for word. `heading` None: of the post."""

    comment: Comment
    replies: list[Comment]
    heading: str | None
    is_found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadPage:
    """In the order in which they were begun. `next` is the `after` of the following page; None: the last."""

    items: list[Thread]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentCount:
    """Open threads about one field of the post or of a section."""

    field_name: str
    section_id: int | None
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewComment:
    """A comment about to be written."""

    post_id: int
    section_id: int | None
    field_id: int | None
    revision_id: int | None
    quote: str
    parent_id: int | None
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """The threads about one field with who can be mentioned in them; `label` is what they are about."""

    post_id: int
    post_title: str
    field_name: str | None
    section_id: int | None
    label: str
    threads: list[Thread]
    open_count: int
    resolved_count: int
    next: str | None
    colleagues: list[Colleague]
    may_comment: bool

    @property
    def key(self) -> str:
        """What the ids of the field's elements end with."""
        name = self.field_name or "post"
        return name if self.section_id is None else f"{self.section_id}-{name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something a person is told. Of `comment_id` and `event_id` one is there. `read_at` None: not read yet.

    `words` are those of the comment or the note; `place` is the label of the field or sub-stage it is about.
    """

    id: int
    kind: NotificationKind
    post_id: int
    post_title: str
    by_id: int | None
    by_name: str | None
    comment_id: int | None
    event_id: int | None
    field_name: str | None
    section_id: int | None
    sub_stage: str | None
    place: str
    words: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPage:
    """Newest first. `unread` counts all of them, `next` is the `after` of the following page."""

    items: list[Notification]
    unread: int
    next: str | None
