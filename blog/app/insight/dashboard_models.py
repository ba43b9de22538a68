"""What the dashboard of models, prompts and runs shows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from blog.app.insight.models import RunListItem
from blog.app.insight.usage_models import FailureCount, Usage, UsageRow
from blog.app.llm.registry.models import Model, Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    model: Model
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCard:
    """A provider, what its models used, and the models themselves."""

    provider: Provider
    usage: Usage
    models: Sequence[ModelCard]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """All of it from rows; usage is that of the days from `since` to `until`."""

    since: date
    until: date
    default: Model | None
    providers: Sequence[ProviderCard]
    usage: Usage
    failures: Sequence[FailureCount]
    busiest: Sequence[UsageRow]
    latest: Sequence[RunListItem]
    actions: int
    parts: int
    active: int
