"""What the data file knows of public providers, by address; the addresses and names are its, not ours."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from blog.app.llm.providers.base import ModelListing
from blog.app.llm.registry.rules import same_host

# In a clone next to the package, in a wheel inside it.
FILE = next(
    path
    for path in (Path(__file__).parents[n] / "sql" / "known_providers.json" for n in (4, 3))
    if path.is_file()
)
FEW = 30

# These engines reserve memory for the whole window when they load a model, so a large one would not fit.
RESERVING = frozenset({"ollama", "llama_cpp"})
RESERVED_CONTEXT = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What holds for every model whose name begins so."""

    starts: str
    refused_params: tuple[str, ...]
    capabilities: frozenset[str] = frozenset()
    options: Mapping[str, object] = field(default_factory=dict[str, object])


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProvider:
    """`prefer` and `not_for_text` are parts of model names, `hosts` other places of such a server."""

    name: str
    label: str
    variables: tuple[str, ...]
    protocol: str
    base_url: str
    options: Mapping[str, object]
    prefer: tuple[str, ...]
    not_for_text: tuple[str, ...]
    facts: tuple[Facts, ...]
    hosts: tuple[str, ...] = ()


NOTHING_KNOWN = Facts(starts="", refused_params=())
UNKNOWN = KnownProvider(
    name="",
    label="",
    variables=(),
    protocol="",
    base_url="",
    options={},
    prefer=(),
    not_for_text=(),
    facts=(),
)


@cache
def _file() -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(FILE.read_text()))


@cache
def known_providers() -> tuple[KnownProvider, ...]:
    return tuple(_known(row) for row in cast("list[dict[str, Any]]", _file()["providers"]))


def ollama_address() -> str:
    """Where Ollama is unless somebody says otherwise."""
    return str(_file()["ollama"]["base_url"])


def _known(row: Mapping[str, Any]) -> KnownProvider:
    return KnownProvider(
        name=row["name"],
        label=row["label"],
        variables=tuple(row["variables"]),
        protocol=row["protocol"],
        base_url=row["base_url"],
        options=row["options"],
        prefer=tuple(row["prefer"]),
        not_for_text=tuple(row["not_for_text"]),
        facts=tuple(map(_facts, row["facts"])),
        hosts=tuple(row.get("hosts", ())),
    )


def _facts(row: Mapping[str, Any]) -> Facts:
    return Facts(
        starts=row["starts"],
        refused_params=tuple(row["refused_params"]),
        capabilities=frozenset(row.get("capabilities", ())),
        options=row.get("options", {}),
    )


def profile_for(base_url: str) -> KnownProvider:
    """What is known of the server at an address; nothing of a strange one."""
    matching = (known for known in known_providers() if _is_at(known, base_url))
    return next(matching, UNKNOWN)


def _is_at(profile: KnownProvider, base_url: str) -> bool:
    place = urlsplit(base_url).netloc.lower()
    return same_host(profile.base_url, base_url) or any(
        place.endswith(host) if host.startswith(".") else place == host for host in profile.hosts
    )


def preferred_first(profile: KnownProvider, listings: Sequence[ModelListing]) -> list[ModelListing]:
    return sorted(listings, key=lambda listing: _rank(profile, listing.name))


def switched_on(profile: KnownProvider, listings: Sequence[ModelListing]) -> frozenset[str]:
    """Which new models start switched on: those for text, and of very many only the preferred ones."""
    for_text = frozenset(
        listing.name
        for listing in listings
        if not any(part in listing.name.lower() for part in profile.not_for_text)
        and not _only_embeds(listing)
    )
    if len(for_text) <= FEW:
        return for_text
    preferred = frozenset(name for name in for_text if _rank(profile, name) < len(profile.prefer))
    return preferred or for_text


def _only_embeds(listing: ModelListing) -> bool:
    return "embedding" in listing.capabilities and "completion" not in listing.capabilities


def facts_of(profile: KnownProvider, model_name: str) -> Facts:
    matching = (facts for facts in profile.facts if model_name.startswith(facts.starts))
    return next(matching, NOTHING_KNOWN)


def starting_context(protocol: str, context_window: int | None) -> int | None:
    """How much context a new model starts with; a person who has the memory can raise it."""
    if context_window is None or protocol not in RESERVING:
        return context_window
    return min(context_window, RESERVED_CONTEXT)


def _rank(profile: KnownProvider, name: str) -> int:
    ranks = (rank for rank, part in enumerate(profile.prefer) if part in name)
    return next(ranks, len(profile.prefer))
