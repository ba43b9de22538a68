"""A post as readers get it, and how its words came to be."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from blog.app.posts import markdown
from blog.app.posts.diff import Segment
from blog.app.posts.models import Origin, Post
from blog.app.workflow.models import FieldValue, Kind, Part

ExportFormat = Literal["markdown", "html", "json"]


# --- the article ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What fills one part of an article. `revision_id` None: nothing does; `field_name` is the field to fill.

    `html` is safe to show as it is; empty where `value` is no prose. `instead_of` is the label of an empty
    field that should be here and for which this one stands in.
    """

    part: Part
    field_name: str
    field_label: str
    section_id: int | None
    revision_id: int | None
    llm_run_id: int | None
    value: JsonValue
    html: str
    instead_of: str | None

    @property
    def is_gap(self) -> bool:
        return self.revision_id is None

    @property
    def text(self) -> str:
        """The value of a part that is one text."""
        return self.value if isinstance(self.value, str) else ""

    @property
    def texts(self) -> list[str]:
        """The value of a part that is a list."""
        return [item for item in self.value if isinstance(item, str)] if isinstance(self.value, list) else []


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSection:
    """A part the workflow has no field for is not among `pieces`."""

    section_id: int
    pieces: Sequence[Piece]

    def piece(self, part: Part) -> Piece | None:
        return next((piece for piece in self.pieces if piece.part == part), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """A post as readers get it. `as_of` None: now. `minutes` is how long reading `words` words takes."""

    post_id: int
    as_of: datetime | None
    pieces: Sequence[Piece]
    sections: Sequence[ArticleSection]
    words: int
    minutes: int
    is_rehearsal: bool

    def piece(self, part: Part) -> Piece | None:
        return next((piece for piece in self.pieces if piece.part == part), None)

    @property
    def all_pieces(self) -> list[Piece]:
        return [*self.pieces, *(piece for section in self.sections for piece in section.pieces)]

    @property
    def picture_hosts(self) -> Mapping[str, int]:
        """How many pictures it names on each other host."""
        return Counter(host for piece in self.all_pieces for host in markdown.picture_hosts(piece.html))

    @property
    def gaps(self) -> list[Piece]:
        return [piece for piece in self.all_pieces if piece.is_gap]

    @property
    def stand_ins(self) -> list[Piece]:
        return [piece for piece in self.all_pieces if piece.instead_of]

    @property
    def title(self) -> str:
        title = self.piece("title")
        return title.text.strip() if title else ""


# --- exports -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file to hand over."""

    name: str
    media_type: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedField:
    """A field with its current value and the ids of all its revisions, the oldest first."""

    value: FieldValue
    revision_ids: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSection:
    id: int
    removed_at: datetime | None
    fields: Sequence[ExportedField]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostExport:
    """Everything there is of one post. Removed sections follow those of the post."""

    post: Post
    workflow: str
    sub_stage: str
    words: int
    minutes: int
    fields: Sequence[ExportedField]
    sections: Sequence[ExportedSection]


# --- history -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostRevision:
    """A revision of any field of a post, with names. `author_name` None: the system.

    `action_label` and `model_name` None: no model had part in it. `current_id` is what a restoration follows.
    `value` and `base_value` are None where they are too long for a list.
    """

    id: int
    section_id: int | None
    field_id: int
    field_name: str
    field_label: str
    kind: Kind
    number: int
    excerpt: str
    length: int
    origin: Origin
    author_id: int | None
    author_name: str | None
    llm_run_id: int | None
    action_label: str | None
    model_name: str | None
    is_rehearsal: bool
    base_revision_id: int | None
    restored_from_id: int | None
    created_at: datetime
    superseded_at: datetime | None
    current_id: int
    is_writable: bool
    value: str | None
    base_value: str | None

    @property
    def is_current(self) -> bool:
        return self.superseded_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHistoryEntry:
    """`heading` names the section; empty: of the post itself, or not named. `segments` None: too long."""

    revision: PostRevision
    heading: str
    segments: Sequence[Segment] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PostHistory:
    """Newest first. `next` is the `after` of the following page; None: this is the last."""

    items: Sequence[PostHistoryEntry]
    next: str | None

    @property
    def is_rehearsal(self) -> bool:
        return any(entry.revision.is_rehearsal for entry in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamingValue:
    """What a field that names sections holds."""

    section_id: int
    field_id: int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something a history can be narrowed by."""

    id: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryChoices:
    """Only what occurs in this post's history."""

    fields: Sequence[Choice]
    sections: Sequence[Choice]
    people: Sequence[Choice]
    runs: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionComparison:
    """Two revisions of one field, and the words between them."""

    old: PostRevision
    new: PostRevision
    heading: str
    segments: Sequence[Segment]

    @property
    def is_rehearsal(self) -> bool:
        return self.old.is_rehearsal or self.new.is_rehearsal


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotField:
    """A field as it was. `heading` names its section then. `current_id` is what a restoration follows."""

    field_name: str
    field_label: str
    kind: Kind
    section_id: int | None
    heading: str
    shown: str
    revision_id: int
    number: int
    author_id: int | None
    author_name: str | None
    llm_run_id: int | None
    created_at: datetime
    current_id: int
    is_writable: bool

    @property
    def is_current(self) -> bool:
        return self.revision_id == self.current_id


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSnapshot:
    """A post as it was at a moment: what readers would have got, and every field that held something."""

    at: datetime
    article: Article
    fields: Sequence[SnapshotField]
