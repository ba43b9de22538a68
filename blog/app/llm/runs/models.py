"""The rows of runs and of the events their watchers see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

RunStatus = Literal["queued", "running", "succeeded", "invalid", "failed", "cancelled"]
RunPurpose = Literal["use", "test", "case"]
EventKind = Literal["started", "retrying", "text", "reasoning", "done"]

ACTIVE: frozenset[RunStatus] = frozenset({"queued", "running"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as everyone may see it who may see runs; the raw reply and its request have their own row."""

    id: int
    action_id: int
    action_label: str
    action_version_id: int
    action_version: int
    model_id: int
    model_name: str
    provider_label: str
    is_rehearsal: bool
    status: RunStatus
    purpose: RunPurpose
    attempt: int
    retry_of_id: int | None
    refines_id: int | None
    replay_of_id: int | None
    repair_of_id: int | None
    repair_number: int
    repaired_by_id: int | None
    field_id: int | None
    split_id: int | None
    user_id: int | None
    user_name: str | None
    messages: Sequence[Mapping[str, Any]]
    dropped: Sequence[Mapping[str, str]]
    output: str
    reasoning: str
    checked_output: str | None
    check_problems: Sequence[str]
    check_repairs: Sequence[str]
    has_replaced_chars: bool
    finish: str | None
    finish_raw: str | None
    usage_input: int | None
    usage_output: int | None
    usage_cached: int | None
    usage_cache_write: int | None
    usage_reasoning: int | None
    cost: Decimal | None
    cost_currency: str | None
    error_kind: str | None
    error_message: str | None
    error_retryable: bool | None
    created_at: datetime
    cancel_requested_at: datetime | None
    started_at: datetime | None
    first_text_at: datetime | None
    finished_at: datetime | None
    messages_dropped_at: datetime | None
    reply_dropped_at: datetime | None

    @property
    def is_active(self) -> bool:
        return self.status in ACTIVE

    @property
    def is_cut_off(self) -> bool:
        """The model stopped at its limit of tokens, so the end is missing."""
        return self.finish == "length"

    @property
    def seconds(self) -> float | None:
        """From the start of the work to its end."""
        return _between(self.started_at, self.finished_at)

    @property
    def seconds_to_first_text(self) -> float | None:
        return _between(self.started_at, self.first_text_at)

    @property
    def tokens_per_second(self) -> float | None:
        """None when the provider named no count, or the answer came in one piece."""
        writing = _between(self.first_text_at, self.finished_at)
        if not self.usage_output or not writing:
            return None
        return self.usage_output / writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """The bytes of a run: what was sent, what came back, and what its messages were made from."""

    request_url: str | None
    request_body: str | None
    raw_reply: bytes | None
    inputs: Mapping[str, Any]
    fence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A run in the thread it belongs to. `instruction` empty: the first, or an answer that was sent back."""

    run_id: int
    depth: int
    instruction: str
    status: RunStatus
    model_name: str
    user_name: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A call that failed and was followed by another. `waited_seconds` None: by one to the fallback model."""

    model_name: str
    request_body: str | None
    error_kind: str
    error_message: str
    waited_seconds: Decimal | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    id: int
    kind: EventKind
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedRun:
    """What a worker needs of a run it has just taken up."""

    id: int
    attempt: int
    action_version_id: int
    model_id: int
    messages: Sequence[Mapping[str, Any]]
    inputs: Mapping[str, Any]
    fence: str
    purpose: RunPurpose
    user_id: int | None
    api_token_id: int | None
    replay_of_id: int | None
    repair_number: int
    field_id: int | None
    split_id: int | None
    is_cancel_requested: bool


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return None if start is None or end is None else (end - start).total_seconds()
