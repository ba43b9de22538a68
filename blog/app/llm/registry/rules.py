"""Decisions about registry values: what a run costs, whose key goes where. Reads no row itself."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import PurePath
from urllib.parse import urlsplit

from blog.app.errors import Invalid
from blog.app.llm.providers.base import ModelTraits, Usage
from blog.app.llm.providers.parameters import names_a_key
from blog.app.llm.registry.models import Model
from blog.app.translation import gettext as _

MILLION = Decimal(1_000_000)
CENT_FRACTION = Decimal("0.000001")


def price(model: Model, usage: Usage) -> Decimal | None:
    """What a call cost, in the model's currency; None when a price or a count is not known.

    `usage.input` counts every prompt token, cached and cache-written ones too, so each is paid once. Where
    no price of their own is known for those, they cost what other prompt tokens cost.
    """
    if model.price_input is None or model.price_output is None:
        return None
    if usage.input is None or usage.output is None:
        return None
    cached, written = usage.cached or 0, usage.cache_write or 0
    fresh = max(usage.input - cached - written, 0)
    total = (
        fresh * model.price_input
        + cached * (model.price_input if model.price_cached is None else model.price_cached)
        + written * (model.price_input if model.price_cache_write is None else model.price_cache_write)
        + usage.output * model.price_output
    )
    return (total / MILLION).quantize(CENT_FRACTION)


def traits(model: Model) -> ModelTraits:
    """The facts an adapter asks for."""
    return ModelTraits(
        context_window=model.context_window,
        max_output=model.max_output,
        refused=frozenset(model.refused_params),
        output_cap_name=_text(model.options.get("output_cap_name")),
        system_role=_text(model.options.get("system_role")),
        capabilities=frozenset(model.capabilities),
        options=model.options,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def check_prices(model: Model) -> None:
    """A price without its counterpart or its currency would make a wrong cost."""
    known = [model.price_input is not None, model.price_output is not None, model.price_currency is not None]
    if any(known) and not all(known):
        raise Invalid(_("Give the prices of input and output and their currency together, or none of them."))
    if not any(known) and (model.price_cached is not None or model.price_cache_write is not None):
        raise Invalid(_("A price for cached tokens needs the prices of input and output as well."))


def same_host(one: str, other: str) -> bool:
    """Whether two addresses are the same server, so that a key kept for one may go to the other."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())


def check_address(base_url: str) -> None:
    parts = urlsplit(base_url)
    if "@" in parts.netloc:
        raise Invalid(_("Do not put a password into the address; enter the key in its own field."))
    if names_a_key(parts.query):
        raise Invalid(
            _("Do not put the key into the address, where logs would show it; it has its own field.")
        )
    if parts.scheme != "file" and not parts.hostname:
        raise Invalid(_("The address has no host name. Write it like http://host:port."))


# --- models a provider lists ---------------------------------------------------------------------


def model_label(name: str) -> str:
    """A file is shown by its name; anything else as its provider calls it."""
    return PurePath(name).name if name.endswith(".gguf") else name


# --- pages of a list -----------------------------------------------------------------------------


def next_page(ids: Sequence[int], limit: int) -> str | None:
    """Where a list goes on, of which one row more than the page has was read; None: nowhere."""
    return str(ids[limit - 1]) if len(ids) > limit else None
