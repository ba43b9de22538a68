"""What editors made of an action's answers, and how two versions of it compare."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

from blog.app.automation.models import SuggestionStatus
from blog.app.automation.split_models import Split
from blog.app.insight.usage_models import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedSuggestions:
    """Suggestions of one version and model in one status and currency, as counted."""

    version_id: int
    model_id: int
    status: SuggestionStatus
    cost_currency: str
    suggestions: int
    cost: Decimal
    measured: int
    kept: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedRuns:
    """Runs for fields of one version and model, as counted."""

    version_id: int
    model_id: int
    runs: int
    failed: int
    seconds: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedVersion:
    id: int
    action_id: int
    action_label: str
    number: int
    is_live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What some runs cost, each currency by itself; `unknown` counts those of which nobody knows."""

    known: Sequence[Money]
    unknown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorsRow:
    """What became of a version's answers by a model, or by all. Costs of accepted ones include those in part.

    `model_id` None: all models together. `kept_share` is the mean over the `measured` ones; None: none was.
    """

    action_id: int
    action_label: str
    version_id: int
    version: int
    is_live: bool
    model_id: int | None
    model_label: str
    runs: int
    failed: int
    waiting: int
    accepted: int
    accepted_in_part: int
    discarded: int
    measured: int
    kept_share: float | None
    seconds_p50: float | None
    cost_accepted: Costs
    cost_discarded: Costs

    @property
    def decided(self) -> int:
        return self.accepted + self.accepted_in_part + self.discarded

    @property
    def accepted_share(self) -> float | None:
        """Accepted, whole or in part, of those that were decided on."""
        return (self.accepted + self.accepted_in_part) / self.decided if self.decided else None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditorsReport:
    since: date
    until: date
    rows: Sequence[EditorsRow]


# --- two versions --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCount:
    """Decided suggestions of one version for one post."""

    version_id: int
    post_id: int
    decided: int
    accepted: int
    measured: int
    kept: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What a share is taken of: `count` things in `posts` posts. `share` None: there are none."""

    posts: int
    count: int
    share: float | None


Verdict = Literal["too few", "may be nothing", "more", "less"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How the share of the tried version differs from the live one's, with a 95 % interval.

    `verdict` is of the tried version. `low` and `high` None: too few for an interval.
    """

    live: Sample
    tried: Sample
    value: float | None
    low: float | None
    high: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """A split and what editors made of either version, as far as it can be said."""

    split: Split
    accepted: Difference
    kept: Difference


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionReport:
    """What editors made of one action, and its splits, the newest first."""

    action_id: int
    action_label: str
    report: EditorsReport
    versions: Sequence[NamedVersion]
    splits: Sequence[SplitReport]
