"""Rows of the run history, and two runs held against each other."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

from blog.app.llm.runs.models import Run, RunPurpose, RunStatus
from blog.app.posts.diff import Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListItem:
    """A run as the history lists it. `post_id` None: by itself; `suggestion_status` None: it made none."""

    id: int
    action_id: int
    action_label: str
    action_version: int
    model_id: int
    model_name: str
    is_rehearsal: bool
    status: RunStatus
    purpose: RunPurpose
    user_id: int | None
    user_name: str | None
    post_id: int | None
    field_label: str | None
    suggestion_status: str | None
    error_kind: str | None
    usage_input: int | None
    usage_output: int | None
    cost: Decimal | None
    cost_currency: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def seconds(self) -> float | None:
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One page of a list; `next` is the cursor of the page after it, None at the end."""

    items: Sequence[RunListItem]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something a list can be narrowed to. `group` is what it stands below; empty: nothing."""

    id: int
    label: str
    group: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChoices:
    """What the history can be narrowed to."""

    actions: Sequence[Choice]
    versions: Sequence[Choice]
    models: Sequence[Choice]
    providers: Sequence[Choice]
    people: Sequence[Choice]
    stages: Sequence[Choice]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedRun:
    """A run as it is exported: with what was sent and what came, but for the raw bytes of the reply."""

    id: int
    action: str
    action_version: int
    provider: str
    model: str
    status: RunStatus
    purpose: RunPurpose
    attempt: int
    retry_of_id: int | None
    refines_id: int | None
    replay_of_id: int | None
    repair_of_id: int | None
    user_name: str | None
    post_id: int | None
    section_id: int | None
    field: str | None
    suggestion_status: str | None
    created_at: datetime
    started_at: datetime | None
    first_text_at: datetime | None
    finished_at: datetime | None
    finish: str | None
    error_kind: str | None
    error_message: str | None
    usage_input: int | None
    usage_output: int | None
    usage_cached: int | None
    usage_cache_write: int | None
    usage_reasoning: int | None
    cost: Decimal | None
    cost_currency: str | None
    check_problems: Sequence[str]
    output: str
    checked_output: str | None
    reasoning: str
    messages: Any
    inputs: Any
    dropped: Any
    request_url: str | None
    request_body: str | None


# --- two runs side by side -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedFact:
    """The same fact of two runs, as words."""

    name: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        return self.one != self.other


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedText:
    """Two texts and how the second differs. `name` says of what; a text that is not there is empty."""

    name: str
    segments: Sequence[Segment]

    @property
    def differs(self) -> bool:
        return any(segment.kind != "same" for segment in self.segments)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Two runs side by side: what was counted, asked, sent and answered."""

    one: Run
    other: Run
    facts: Sequence[ComparedFact]
    messages: Sequence[ComparedText]
    request: ComparedText
    output: ComparedText


ExportFormat = Literal["jsonl", "csv"]
