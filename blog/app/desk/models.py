"""A post's desk: its fields as cards with the model's part in them, and the panel beside them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from blog.app.automation.models import (
    Automation,
    AutomationListItem,
    Passage,
    Preview,
    Suggestion,
    SuggestionStatus,
)
from blog.app.desk.hunks import Piece
from blog.app.llm.prompts.models import SelectionAction
from blog.app.llm.registry.models import Model
from blog.app.llm.runs.models import Run
from blog.app.posts.diff import Segment
from blog.app.posts.models import Post, Revision, RevisionListItem, Section
from blog.app.workflow.models import Comparison, Field, FieldAction, FieldState, Material, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorship:
    """The run behind a revision, by name."""

    run_id: int
    action_label: str
    model_name: str
    is_rehearsal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A suggestion next to what the field holds now. `problem` empty: it can be accepted as it is.

    `since` compares what the field held when the run was started with what it holds now, and `meant` that
    with the suggestion; both only when it has changed since. `can_pick`: its changes can be taken one by one.
    """

    suggestion: Suggestion
    comparison: Comparison
    problem: str
    since: Comparison | None
    meant: Comparison | None
    pieces: Sequence[Piece]
    can_pick: bool

    @property
    def asked(self) -> tuple[int, str | None]:
        """What was asked, and of which words; None: of the whole field."""
        return self.suggestion.action_id, self.suggestion.selection_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a form for a json field is made from: the schema that an action promises to keep."""

    label: str
    schema: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A field with everything its card shows. `authorship` None: no model had part in the current words.

    `form` None: a text, or nothing says what the JSON is to look like.
    """

    post_id: int
    state: FieldState
    authorship: Authorship | None
    offers: Sequence[Offer]
    actions: Sequence[FieldAction]
    active: Sequence[AutomationListItem]
    may_edit: bool
    form: Form | None

    @property
    def key(self) -> str:
        """What the ids of its elements end with."""
        return target_key(self.state.field.name, self.state.section_id)

    @property
    def name(self) -> str:
        return self.state.field.name

    @property
    def section_id(self) -> int | None:
        return self.state.section_id

    @property
    def field(self) -> Field:
        return self.state.field

    @property
    def revision(self) -> Revision | None:
        return self.state.revision

    @property
    def at_work(self) -> str:
        """The runs at work here, as an address can name them."""
        return ",".join(str(run.run_id) for run in self.active)

    @property
    def alternatives(self) -> Sequence[Offer]:
        """The newest suggestion and those of the same action for the same words, to be shown side by side."""
        return [offer for offer in self.offers if offer.asked == self.offers[0].asked]

    @property
    def saves_answers(self) -> bool:
        """What an action of it answers may become its words a moment later, without a review."""
        return any(action.on_success == "save" for action in self.field.actions)

    @property
    def other_offers(self) -> Sequence[Offer]:
        return [offer for offer in self.offers if offer.asked != self.offers[0].asked]

    @property
    def is_filled(self) -> bool:
        return bool(self.state.shown.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionCards:
    section: Section
    heading: str
    cards: Sequence[Card]
    has_offers: bool
    is_busy: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSection:
    id: int
    heading: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Somebody else who is editing a field just now."""

    user_id: int
    user_name: str
    section_id: int | None
    field_name: str
    field_label: str
    seen_at: datetime

    @property
    def key(self) -> str:
        """What the ids of the field's elements end with."""
        return target_key(self.field_name, self.section_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A suggestion that waits in another sub-stage, by the names of its place. `heading` empty: none."""

    suggestion: Suggestion
    field_label: str
    heading: str


AT_ONCE = 24  # sections


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`head` and `tail` are the post's own fields before and behind those of its sections. `material` is what
    all of it was made from.

    `may_automate`: start actions on fields of this sub-stage; `may_decide`: on what came of them.
    """

    material: Material
    workspace: Workspace
    head: Sequence[Card]
    sections: Sequence[SectionCards]
    tail: Sequence[Card]
    removed: Sequence[RemovedSection]
    elsewhere: Sequence[Elsewhere]
    running: int
    may_automate: bool
    may_decide: bool
    selection_actions: Sequence[SelectionAction]
    models: Sequence[Model]
    present: Sequence[Presence]

    @property
    def cards(self) -> list[Card]:
        """All cards in the order of the page."""
        inner = [card for section in self.sections for card in section.cards]
        return [*self.head, *inner, *self.tail]

    def open_sections(self, near: int | None) -> frozenset[int]:
        """Those whose fields come with the page; the fields of the others come when they are scrolled to."""
        ids = [section.section.id for section in self.sections]
        start = max(0, ids.index(near) - AT_ONCE // 2) if near in ids else 0
        return frozenset(ids[start : start + AT_ONCE])

    @property
    def section_place(self) -> str:
        """The sub-stage where sections are written: this one if it has fields of sections."""
        here = self.workspace.sub_stage
        all_of_them = [here, *(s for stage in self.workspace.workflow.stages for s in stage.sub_stages)]
        having = (s.name for s in all_of_them if any(field.scope == "section" for field in s.fields))
        return next(having, here.name)

    @property
    def is_rehearsal(self) -> bool:
        """Something on this page was written by a model that only proves the wiring."""
        return any(
            (card.authorship is not None and card.authorship.is_rehearsal)
            or any(offer.suggestion.is_rehearsal for offer in card.offers)
            for card in self.cards
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingInput:
    """Something a prompt needs that is empty. `field` None: it names nothing one could fill in here."""

    reference: str
    label: str
    field: str | None
    sub_stage: str | None
    section_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What a model is about to do, does or did for one field. `problem` empty: Run is possible.

    Of `preview` and `run` at most one is there: before a run what would be sent, then the run. `passage`
    None: it is about the whole field. `own_model_id` is what the action asks by itself; None: not known.
    """

    card: Card
    action_id: int | None
    models: Sequence[Model]
    model_id: int | None
    own_model_id: int | None
    preview: Preview | None
    missing: Sequence[MissingInput]
    problem: str
    wish: str
    run: Run | None
    passage: Passage | None
    earlier: Sequence[AutomationListItem]

    @property
    def is_rehearsal(self) -> bool:
        if self.run is not None:
            return self.run.is_rehearsal
        return self.preview is not None and self.preview.model.is_rehearsal

    @property
    def can_run(self) -> bool:
        return self.preview is not None and not self.missing and not self.preview.refusal

    @property
    def is_behind(self) -> bool:
        """The run ended after the card was put together, which lacks what came of it."""
        run = self.run
        if run is None or run.is_active:
            return False
        return any(item.run_id in {run.id, run.repair_of_id} for item in self.card.active)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page of a post shows. `panel` None: no field of this step offers an action."""

    desk: Desk
    panel: Panel | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """A revision with what it changed. `authorship` None: no model had part in it."""

    revision: RevisionListItem
    authorship: Authorship | None
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A field's revisions, newest first. `next` is the `after` of the following page."""

    card: Card
    entries: Sequence[HistoryEntry]
    next: str | None

    @property
    def is_rehearsal(self) -> bool:
        return any(entry.authorship is not None and entry.authorship.is_rehearsal for entry in self.entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """Where a run belongs that was for no field: a test, or the results of cases."""

    kind: Literal["trial", "cases"]
    id: int
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLink:
    """The field a run was for. `status` None: no suggestion came of it."""

    target: Automation
    post: Post
    status: SuggestionStatus | None


def target_key(field_name: str, section_id: int | None) -> str:
    return field_name if section_id is None else f"{section_id}-{field_name}"
