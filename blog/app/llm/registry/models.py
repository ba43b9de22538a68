"""Rows of the registry. No row holds a key or a secret header: those have their own store function."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

Origin = Literal["found", "person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """Where a request goes. `check_error` is what it said when asked for its models; None: all was well."""

    id: int
    name: str
    label: str
    protocol: str
    base_url: str
    has_key: bool
    options: Mapping[str, object]
    origin: Origin
    is_enabled: bool
    is_rehearsal: bool
    checked_at: datetime | None
    check_error: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSecrets:
    """What only the call itself may see: the sealed key and the options with their headers."""

    sealed_key: bytes | None
    options: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What answers. Prices are per million tokens; None: nobody knows, so a run's cost is unknown too."""

    id: int
    provider_id: int
    provider_name: str
    provider_label: str
    provider_is_enabled: bool
    is_rehearsal: bool
    name: str
    label: str
    context_window: int | None
    max_output: int | None
    capabilities: list[str]
    refused_params: list[str]
    options: Mapping[str, object]
    price_input: Decimal | None
    price_cached: Decimal | None
    price_cache_write: Decimal | None
    price_output: Decimal | None
    price_currency: str | None
    price_as_of: date | None
    notes: str
    is_enabled: bool
    is_default: bool

    @property
    def is_usable(self) -> bool:
        return self.is_enabled and self.provider_is_enabled


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCheck:
    """What came of asking a provider for its models. `error` None: it answered."""

    provider_id: int
    error: str | None
    found: int
    added: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPage:
    items: list[Provider]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    items: list[Model]
    next: str | None
