"""What runs used, as counted and as shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

By = Literal["day", "model", "action", "stage", "person"]
Step = Literal["day", "week"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What was counted of one thing in one currency. `cost_currency` empty: runs whose cost is unknown."""

    key: str
    cost_currency: str
    runs: int
    succeeded: int
    invalid: int
    failed: int
    cancelled: int
    cost: Decimal
    usage_input: int
    usage_output: int
    usage_cached: int
    usage_reasoning: int
    untold: int
    seconds: Sequence[int]
    first_text: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What some runs cost together. Two currencies are two of these."""

    currency: str
    amount: Decimal
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What some runs used.

    `untold` of them have a provider that did not count tokens, `cost_unknown` of them a cost nobody knows;
    they are in no sum. Times are told to within their bucket; None: none was measured.
    """

    runs: int
    succeeded: int
    invalid: int
    failed: int
    cancelled: int
    usage_input: int
    usage_output: int
    usage_cached: int
    usage_reasoning: int
    untold: int
    costs: Sequence[Money]
    cost_unknown: int
    seconds_p50: float | None
    seconds_p95: float | None
    first_text_p50: float | None
    first_text_p95: float | None

    @property
    def unsuccessful(self) -> int:
        return self.failed + self.invalid

    @property
    def failed_share(self) -> float | None:
        """Of the runs that were not stopped, how many failed or did not pass their checks."""
        tried = self.runs - self.cancelled
        return self.unsuccessful / tried if tried else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageRow:
    """What the runs of one model, action, stage or person used. `id` None: of none of them."""

    id: int | None
    label: str
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageStep:
    """What the runs of a day used, or of a week from Monday to Sunday, as far as it was asked for."""

    since: date
    until: date
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """How often a kind of error ended a run."""

    error_kind: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageReport:
    """What was used from one day to another, together, in steps of days or weeks, and by what was asked for.

    `rows` are empty when that is by day.
    """

    since: date
    until: date
    by: By
    narrowed_to: str | None
    total: Usage
    rows: Sequence[UsageRow]
    step: Step
    steps: Sequence[UsageStep]
    failures: Sequence[FailureCount]
