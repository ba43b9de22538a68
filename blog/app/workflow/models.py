"""The registry of how a post is made, and a post seen through it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pydantic import JsonValue

from blog.app.posts.diff import Segment
from blog.app.posts.models import Origin, Post, Revision, Section

Kind = Literal["text", "markdown", "list", "json", "choice", "number", "date", "url"]
Scope = Literal["post", "section"]
OnAccept = Literal["save", "plan_sections"]
Part = Literal[
    "title",
    "subtitle",
    "header_image",
    "introduction",
    "section_heading",
    "section_body",
    "section_image_alt",
    "section_caption",
    "conclusion",
    "summary",
    "seo",
    "tags",
    "categories",
    "date",
]


OnSuccess = Literal["review", "save"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAction:
    """An action a field offers. `name` and `label` are the action's."""

    action_id: int
    name: str
    label: str
    on_success: OnSuccess


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A field that offers an action, and what becomes of an answer: a person reviews it, or it is saved."""

    action_id: int
    field_id: int
    field_name: str
    field_label: str
    field_kind: Kind
    field_scope: Scope
    sub_stage_label: str
    stage_label: str
    position: int
    on_success: OnSuccess


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingChoice:
    """A field an action could be bound to. `fits`: it can hold what the action writes."""

    field_id: int
    field_label: str
    field_kind: Kind
    field_scope: Scope
    sub_stage_label: str
    stage_label: str
    fits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A typed place for words. `max_chars` None: only the general limit. `title_rank` None: names nothing.

    `part` is what it is in the post as readers get it; None: it is for writers only.
    """

    id: int
    sub_stage_id: int
    name: str
    label: str
    kind: Kind
    scope: Scope
    help: str
    max_chars: int | None
    choices: list[str]
    title_rank: int | None
    on_accept: OnAccept
    actions: list[FieldAction]
    part: Part | None = None
    part_rank: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStage:
    id: int
    name: str
    label: str
    fields: list[Field]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    id: int
    name: str
    label: str
    sub_stages: list[SubStage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The whole tree in its order, without archived fields and actions."""

    id: int
    name: str
    label: str
    stages: list[Stage]


# --- a post seen through its workflow ------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A post as it is now, read once for all that is made of it. `workflow` is what of `whole` may be seen.

    `current` holds the current revisions by section and field, the post's own under None.
    """

    post: Post
    whole: Workflow
    workflow: Workflow
    sections: Sequence[Section]
    current: Mapping[tuple[int | None, int], Revision]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldState:
    """A field of this post or section. `revision` None: never written. `shown` is what a textarea holds."""

    field: Field
    section_id: int | None
    revision: Revision | None
    shown: str
    revisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionState:
    """A section with the fields it has in the sub-stage that is shown."""

    section: Section
    heading: str
    fields: list[FieldState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much of a sub-stage is written; a field of sections counts once per section."""

    sub_stage_id: int
    filled: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """Everything the page of a post shows. `progress` is by sub-stage id.

    `sub_stage` is the one looked at; where the post stands is `post.sub_stage_id`. `workflow` is without the
    fields that may not be seen; `seen` are the sub-stages that may. `may_edit`, `may_run` and `may_accept`
    are about the sub-stage looked at, `may_move` about where the post stands, `may_arrange` about sections.
    """

    post: Post
    workflow: Workflow
    stage: Stage
    sub_stage: SubStage
    previous: SubStage | None
    next: SubStage | None
    fields: list[FieldState]
    sections: list[SectionState]
    progress: dict[int, Progress]
    may_edit: bool
    may_move: bool
    may_run: bool
    may_accept: bool
    may_arrange: bool
    seen: frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldValue:
    """A field's value for a program: a string, number, list or object, as its kind says.

    `revision_id` goes back as `base_revision_id` when writing; None: never written.
    `superseded_at` None: this is the current value.
    """

    name: str
    label: str
    kind: Kind
    section_id: int | None
    value: JsonValue
    revision_id: int | None
    number: int
    origin: Origin | None
    author_name: str | None
    llm_run_id: int | None
    restored_from_id: int | None
    written_at: datetime | None
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two texts as a textarea shows them, and the words between them."""

    old: str
    new: str
    segments: Sequence[Segment]

    @property
    def changes(self) -> int:
        return max((segment.hunk or 0 for segment in self.segments), default=0)


# --- a section divided, or joined with the next --------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlace:
    """Where a text can be divided, with the words on both sides. `heading` empty: no heading begins here."""

    offset: int
    is_cursor: bool
    before: str
    heading: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitField:
    """A text of a section that can be divided, as it is in `revision_id`."""

    field: Field
    revision_id: int
    places: Sequence[SplitPlace]


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionChange:
    """What splitting or joining did. `other` is the section that came of it or was taken out.

    `revision_ids` are what was written in `section`; with them the change can be undone.
    """

    section: Section
    other: Section
    revision_ids: Sequence[int]
