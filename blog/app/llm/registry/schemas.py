"""What a client may send to the registry. What is sent is complete or refused; nothing extra is let in."""

from datetime import date
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

Name = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=60)
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Prose = Annotated[str, StringConstraints(strip_whitespace=True, max_length=2000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Address = Annotated[
    str, StringConstraints(strip_whitespace=True, pattern=r"^(https?|file)://\S+$", max_length=500)
]
Price = Annotated[Decimal, Field(ge=0, le=1_000_000, decimal_places=6)]
Tokens = Annotated[int, Field(gt=0, le=100_000_000)]
Currency = Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True, pattern=r"^[A-Za-z]{3}$")]


class RegistrySchema(BaseModel):
    """Lets nothing in that it does not know."""

    model_config = ConfigDict(extra="forbid")


class ProviderCreate(RegistrySchema):
    """A provider to register. The key is sealed at once and cannot be read back."""

    name: Name
    label: Label
    protocol: Word
    base_url: Address
    api_key: SecretStr | None = None
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    is_enabled: bool = True


class ProviderChange(RegistrySchema):
    """What is to change; what is absent stays. `api_key` null takes the key away."""

    label: Label | None = None
    protocol: Word | None = None
    base_url: Address | None = None
    api_key: SecretStr | None = None
    options: dict[str, Any] | None = None
    is_enabled: bool | None = None


class ModelCreate(RegistrySchema):
    """A model of a provider. Prices are per million tokens; leave them out when they are not known."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    label: Label | None = None
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    capabilities: list[Word] = Field(default_factory=list[str])
    refused_params: list[Word] = Field(default_factory=list[str])
    options: dict[str, Any] = Field(default_factory=dict[str, Any])
    price_input: Price | None = None
    price_cached: Price | None = None
    price_cache_write: Price | None = None
    price_output: Price | None = None
    price_currency: Currency | None = None
    price_as_of: date | None = None
    notes: Prose = ""
    is_enabled: bool = True


class ModelChange(RegistrySchema):
    """What is to change; what is absent stays. `is_default` true makes it the default model."""

    label: Label | None = None
    context_window: Tokens | None = None
    max_output: Tokens | None = None
    capabilities: list[Word] | None = None
    refused_params: list[Word] | None = None
    options: dict[str, Any] | None = None
    price_input: Price | None = None
    price_cached: Price | None = None
    price_cache_write: Price | None = None
    price_output: Price | None = None
    price_currency: Currency | None = None
    price_as_of: date | None = None
    notes: Prose | None = None
    is_enabled: bool | None = None
    is_default: bool | None = None


class RegistryQuery(RegistrySchema):
    """Where a list goes on: `after` is the `next` of the page before."""

    after: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class ModelQuery(RegistryQuery):
    provider_id: int | None = None
