"""Decisions about registry values: what a run costs, which parameters make sense. Reads no row itself."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import PurePath
from typing import cast
from urllib.parse import urlsplit

from blog.app.errors import Invalid
from blog.app.llm.providers.base import ModelTraits, Usage
from blog.app.llm.registry.models import Model

MILLION = Decimal(1_000_000)
CENT_FRACTION = Decimal("0.000001")

# Parameters with a meaning of our own; anything else is for the provider to accept or to drop.
RANGES: Mapping[str, tuple[float, float]] = {
    "temperature": (0, 2),
    "top_p": (0, 1),
    "max_output": (1, 10_000_000),
    "seed": (0, 2**63 - 1),
}
WHOLE = frozenset({"max_output", "seed"})


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
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def check_params(params: Mapping[str, object]) -> None:
    """Refuses what no model could take; what one model refuses is dropped by its adapter and reported."""
    for name, value in params.items():
        if name in RANGES:
            _check_number(name, value)
        elif name == "think" and not isinstance(value, bool | str):
            raise Invalid("think must be true, false or a level such as low.", param=name)
        elif name == "stop" and not _is_texts(value):
            raise Invalid("stop must be a list of texts.", param=name)


def _check_number(name: str, value: object) -> None:
    low, high = RANGES[name]
    match value:
        case int() | float() if not isinstance(value, bool) and (name not in WHOLE or isinstance(value, int)):
            if not low <= value <= high:
                raise Invalid(f"{name} must be from {low:g} to {high:g}.", param=name)
        case _:
            words = "a whole number" if name in WHOLE else "a number"
            raise Invalid(f"{name} must be {words}.", param=name)


def _is_texts(value: object) -> bool:
    texts = cast("list[object]", value) if isinstance(value, list) else [None]
    return all(isinstance(text, str) and text for text in texts)


def check_prices(model: Model) -> None:
    """A price without its counterpart or its currency would make a wrong cost."""
    known = [model.price_input is not None, model.price_output is not None, model.price_currency is not None]
    if any(known) and not all(known):
        raise Invalid("Give the prices of input and output and their currency together, or none of them.")
    if not any(known) and (model.price_cached is not None or model.price_cache_write is not None):
        raise Invalid("A price for cached tokens needs the prices of input and output as well.")


def same_host(one: str, other: str) -> bool:
    """Whether two addresses are the same server, so that a key kept for one may go to the other."""
    first, second = urlsplit(one), urlsplit(other)
    return (first.scheme, first.netloc.lower()) == (second.scheme, second.netloc.lower())


def check_address(base_url: str) -> None:
    parts = urlsplit(base_url)
    if "@" in parts.netloc:
        raise Invalid("Do not put a password into the address; enter the key in its own field.")
    if parts.scheme != "file" and not parts.hostname:
        raise Invalid("The address has no host name. Write it like http://host:port.")


# --- models a provider lists ---------------------------------------------------------------------


def model_label(name: str) -> str:
    """A file is shown by its name; anything else as its provider calls it."""
    return PurePath(name).name if name.endswith(".gguf") else name


# --- the parts of an action, in their order ------------------------------------------------------


def with_part(part_ids: Sequence[int], *, part_id: int, position: int | None) -> list[int]:
    """Puts a part at a place (1 is the first), after all others unless one is named."""
    place = len(part_ids) if position is None else min(max(position - 1, 0), len(part_ids))
    return [*part_ids[:place], part_id, *part_ids[place:]]


def without_part(part_ids: Sequence[int], *, position: int) -> list[int]:
    _check_place(part_ids, position)
    if len(part_ids) == 1:
        raise Invalid("An action needs at least one part. Add another one first.")
    return [*part_ids[: position - 1], *part_ids[position:]]


def moved(part_ids: Sequence[int], *, position: int, by: int) -> list[int]:
    """The part moves as far as it can."""
    _check_place(part_ids, position)
    others = [*part_ids[: position - 1], *part_ids[position:]]
    place = min(max(position - 1 + by, 0), len(others))
    return [*others[:place], part_ids[position - 1], *others[place:]]


def in_order(part_ids: Sequence[int], *, positions: Sequence[int]) -> list[int]:
    """The parts by their present places in a new order; every place once, or nothing is changed."""
    if sorted(positions) != list(range(1, len(part_ids) + 1)):
        raise Invalid("The new order must name every part exactly once. Reload the page and try again.")
    return [part_ids[position - 1] for position in positions]


def _check_place(part_ids: Sequence[int], position: int) -> None:
    if not 1 <= position <= len(part_ids):
        raise Invalid("The action has no part at this place any more. Reload the page.")
