"""Automations, suggestions and previews: a model's work on a field, as rows and as what would be sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from blog.app.llm.assemble import LeadingConstant
from blog.app.llm.prompts.models import ActionVersion, TypedAction
from blog.app.llm.registry.models import Model

SuggestionStatus = Literal["waiting", "accepted", "accepted_in_part", "discarded"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """Part of a text: its first character, counted from 0, the one behind its last, and its words."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """The target of a run. `base_revision_id` None: the field was empty. `batch_step_id` None: no batch.

    `selection_start`, `selection_end` and `selection_text` None: it is about the whole field.
    """

    id: int
    run_id: int
    post_id: int
    section_id: int | None
    field_id: int
    field_name: str
    base_revision_id: int | None
    selection_start: int | None
    selection_end: int | None
    selection_text: str | None
    action_id: int
    model_id: int
    batch_step_id: int | None

    @property
    def passage(self) -> Passage | None:
        return passage_of(self.selection_start, self.selection_end, self.selection_text)


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomationListItem:
    """A run for a field, as the panel and the API list it."""

    run_id: int
    post_id: int
    section_id: int | None
    field_id: int
    field_name: str
    action_id: int
    action_label: str
    model_id: int
    model_name: str
    is_rehearsal: bool
    status: str
    error_message: str | None
    user_name: str | None
    created_at: datetime
    finished_at: datetime | None
    suggestion_id: int | None
    suggestion_status: SuggestionStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A run's checked output, offered for a field. `value` has the form a revision has.

    `instruction` is what an editor asked of the answer before it, that of the run `refines_id`. The three of
    the selection say which passage of the base alone differs in it; None: it is about the whole field.
    """

    id: int
    run_id: int
    post_id: int
    section_id: int | None
    field_id: int
    field_name: str
    base_revision_id: int | None
    current_revision_id: int | None
    selection_start: int | None
    selection_end: int | None
    selection_text: str | None
    value: str
    status: SuggestionStatus
    reason: str
    action_id: int
    action_label: str
    action_version: int
    model_id: int
    model_name: str
    is_rehearsal: bool
    refines_id: int | None
    instruction: str
    finish: str | None
    has_replaced_chars: bool
    check_repairs: list[str]
    created_at: datetime
    decided_at: datetime | None

    @property
    def is_stale(self) -> bool:
        """Someone changed the field after this was asked for."""
        return self.base_revision_id != self.current_revision_id

    @property
    def is_cut_off(self) -> bool:
        return self.finish == "length"

    @property
    def passage(self) -> Passage | None:
        return passage_of(self.selection_start, self.selection_end, self.selection_text)

    @property
    def span(self) -> tuple[int, int] | None:
        """The characters of the base outside of which nothing differs. None: it may differ anywhere."""
        return None if self.passage is None else (self.passage.start, self.passage.end)


def passage_of(start: int | None, end: int | None, text: str | None) -> Passage | None:
    """From a row or a form, where all three are there or none."""
    return None if start is None or end is None or text is None else Passage(start=start, end=end, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class WirePreview:
    """The request as it would leave, its key masked."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    dropped: Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewOf:
    """What a preview is of. `model_id` None: the model a run would choose by itself.

    `version_id` None: the live version; `part_version_ids` stand in for the live wordings of their parts.
    `typed` is an action as somebody has it on the page, saved or not. `fence` None: a new one.
    `passage` None: the whole field; else `field_name` says whose passage it is.
    """

    action_id: int
    post_id: int
    section_id: int | None = None
    model_id: int | None = None
    version_id: int | None = None
    part_version_ids: Sequence[int] = ()
    typed: TypedAction | None = None
    fence: str | None = None
    field_name: str | None = None
    passage: Passage | None = None
    wish: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRange:
    """What a call may cost, by an estimate of its tokens: without an answer, and with the longest one.

    `most` None: nobody knows how long an answer may be.
    """

    least: Decimal
    most: Decimal | None
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an action would send for a target. With `missing` inputs there are no messages and no request.

    `refusal` says why the request cannot be made for this model, though the messages can. A run that is
    started with this `fence` sends the bytes of `wire.body`, as long as `inputs_digest` of what `reads`
    names is the same. `cost` None: a price is not known. `most_output` None: no limit is known.
    """

    version: ActionVersion
    model: Model
    leading: LeadingConstant
    missing: Sequence[str]
    fence: str
    reads: Sequence[str]
    inputs_digest: str
    cost: CostRange | None = None
    most_output: int | None = None
    messages: Sequence[Mapping[str, Any]] = ()
    left_out: Sequence[str] = ()
    tokens: int = 0
    wire: WirePreview | None = None
    refusal: str | None = None
    can_render: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewState:
    """Whether what a preview read is still what the post says."""

    inputs_digest: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """The one text a local server's chat template makes of the messages."""

    text: str
