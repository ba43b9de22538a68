"""What the pages' forms send, turned into what the API takes. Forms know texts; empty means not known."""

import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints

from blog.app.errors import Invalid
from blog.app.llm.registry.schemas import (
    Address,
    Currency,
    Label,
    ModelChange,
    Name,
    Price,
    Prose,
    ProviderChange,
    ProviderCreate,
    RegistrySchema,
    Tokens,
    Word,
)
from blog.app.translation import gettext as _


def _empty_is_none(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


def _words(value: object) -> object:
    return [word for text in _texts(value) for each in text.split(",") if (word := each.strip())]


def _texts(value: object) -> list[str]:
    """A form's text, whether it came alone or, as for everything that becomes a list, in one."""
    each = cast("list[object]", value) if isinstance(value, list) else [value]
    return [text for text in each if isinstance(text, str)]


def _json(value: object) -> object:
    text = "".join(_texts(value)).strip()
    try:
        return json.loads(text) if text else None
    except ValueError as exc:
        raise ValueError(f"this is not JSON: {exc}") from exc


Maybe = BeforeValidator(_empty_is_none)
Words = Annotated[list[Word], BeforeValidator(_words)]
JsonObject = Annotated[dict[str, Any] | None, BeforeValidator(_json)]
JsonList = Annotated[list[dict[str, Any]] | None, BeforeValidator(_json)]


def pretty(value: Mapping[str, object] | None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2) if value else ""


# --- providers and models ------------------------------------------------------------------------


class ProviderForm(RegistrySchema):
    """An empty key keeps the present one; `remove_key` takes it away."""

    label: Label
    protocol: Word
    base_url: Address
    api_key: SecretStr = SecretStr("")
    remove_key: bool = False
    options: JsonObject = None
    is_enabled: bool = False

    def as_change(self) -> ProviderChange:
        sent: dict[str, object] = {
            "label": self.label,
            "protocol": self.protocol,
            "base_url": self.base_url,
            "options": self.options or {},
            "is_enabled": self.is_enabled,
        }
        if self.remove_key:
            sent["api_key"] = None
        elif self.api_key.get_secret_value().strip():
            sent["api_key"] = self.api_key
        return ProviderChange.model_validate(sent)


class ProviderCreateForm(RegistrySchema):
    name: Name
    label: Label
    protocol: Word
    base_url: Address
    api_key: SecretStr = SecretStr("")
    options: JsonObject = None

    def as_new(self) -> ProviderCreate:
        return ProviderCreate(
            name=self.name,
            label=self.label,
            protocol=self.protocol,
            base_url=self.base_url,
            api_key=self.api_key,
            options=self.options or {},
        )


class ModelNameForm(RegistrySchema):
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class ModelForm(RegistrySchema):
    """What is known of a model, as its page sends it."""

    label: Label
    context_window: Annotated[Tokens | None, Maybe] = None
    max_output: Annotated[Tokens | None, Maybe] = None
    capabilities: Words = Field(default_factory=list[str])
    refused_params: Words = Field(default_factory=list[str])
    options: JsonObject = None
    price_input: Annotated[Price | None, Maybe] = None
    price_cached: Annotated[Price | None, Maybe] = None
    price_cache_write: Annotated[Price | None, Maybe] = None
    price_output: Annotated[Price | None, Maybe] = None
    price_currency: Annotated[Currency | None, Maybe] = None
    price_as_of: Annotated[date | None, Maybe] = None
    notes: Prose = ""
    is_enabled: bool = False

    def as_change(self) -> ModelChange:
        sent = cast("dict[str, date | Decimal | object]", self.model_dump())
        return ModelChange.model_validate({**sent, "options": self.options or {}})


# --- connecting ----------------------------------------------------------------------------------


class OllamaForm(RegistrySchema):
    base_url: Address


class CompatibleForm(RegistrySchema):
    """Any server that speaks OpenAI's chat completions."""

    label: Label
    base_url: Address
    api_key: SecretStr = SecretStr("")


class FileForm(RegistrySchema):
    path: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]

    def checked(self) -> str:
        if not self.path.startswith("/") or not self.path.endswith(".gguf"):
            raise Invalid(_("Give the whole path of a GGUF file, like /models/name.gguf."), field="path")
        return self.path
