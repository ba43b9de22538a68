"""What every adapter does with messages and parameters; reports what it leaves out. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from blog.app.llm.providers.base import (
    ChatRequest,
    Dropped,
    Endpoint,
    Message,
    ProviderError,
)
from blog.app.llm.providers.framing import mapping

BESIDES = frozenset({"think"})  # each adapter has its own way to say it


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Parameters under the protocol's names, and those it was not given."""

    fields: dict[str, object]
    dropped: tuple[Dropped, ...]


def name_parameters(request: ChatRequest, names: Mapping[str, str]) -> Named:
    fields: dict[str, object] = {}
    dropped: list[Dropped] = []
    for name, value in request.params.items():
        if value is None or name in BESIDES:
            continue
        if name in request.traits.refused:
            dropped.append(Dropped(name=name, reason="the model refuses it"))
        elif name not in names:
            dropped.append(Dropped(name=name, reason="the protocol has no such parameter"))
        else:
            fields[names[name]] = value
            dropped += _capped(request, name, names[name], fields)
    return Named(fields=fields, dropped=tuple(dropped))


def _capped(request: ChatRequest, name: str, wire_name: str, fields: dict[str, object]) -> Iterator[Dropped]:
    most, wanted = request.traits.max_output, request.params[name]
    match name:
        case "max_output" if most is not None and isinstance(wanted, int) and wanted > most:
            fields[wire_name] = most
            yield Dropped(name=name, reason=f"{wanted} is more than the model's limit, {most}")
        case "stop" if isinstance(wanted, str):
            fields[wire_name] = [wanted]
        case _:
            pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    messages: list[Message]
    dropped: tuple[Dropped, ...]


def keep_messages(request: ChatRequest) -> Kept:
    """The messages that say something; several providers refuse a call for one that does not."""
    kept = [each for each in request.messages if each.content.strip()]
    if not kept:
        raise ProviderError("bad_request", "There is nothing to send: every message is empty.")
    if kept[-1].role == "assistant" and "prefill" in request.traits.refused:
        raise ProviderError(
            "bad_request",
            "The model does not continue a reply: the last message must not be the assistant's.",
        )
    dropped = (
        Dropped(name=f"message {position}", reason="it is empty")
        for position, each in enumerate(request.messages, 1)
        if not each.content.strip()
    )
    return Kept(messages=kept, dropped=tuple(dropped))


def address(base_url: str, path: Callable[[str], str]) -> str:
    """The base address with another path; what follows its question mark stays."""
    try:
        parts = urlsplit(base_url.strip())
    except ValueError:
        raise ProviderError("bad_request", f"{base_url} is not an address that can be called.") from None
    return urlunsplit((parts.scheme, parts.netloc, path(parts.path.rstrip("/")), parts.query, ""))


def option(endpoint: Endpoint, name: str) -> str | None:
    value = endpoint.options.get(name)
    return value if isinstance(value, str) and value else None


def headers(endpoint: Endpoint, accept: str) -> dict[str, str]:
    """Asks for no compression: a proxy that compresses holds a stream back until it has enough."""
    return {
        "Content-Type": "application/json",
        "Accept": accept,
        "Accept-Encoding": "identity",
        "User-Agent": "BlogForge",
        **_authorization(endpoint),
        **_extra_headers(endpoint),
    }


def _authorization(endpoint: Endpoint) -> dict[str, str]:
    key = (endpoint.api_key or "").strip()
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise ProviderError("auth", "The key holds characters that no key has. Enter it again.")
    name = option(endpoint, "auth_header") or "Authorization"
    return {name: f"Bearer {key}" if name.lower() == "authorization" else key}


def _extra_headers(endpoint: Endpoint) -> dict[str, str]:
    extra = mapping(endpoint.options.get("extra_headers"))
    return {name: str(value) for name, value in extra.items()}


def encode(body: Mapping[str, object]) -> bytes:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")


def count(value: object) -> int | None:
    """A number of tokens as providers write it; None for whatever is none."""
    match value:
        case bool():
            return None
        case int() if value >= 0:
            return value
        case float() if value >= 0 and value.is_integer():
            return int(value)
        case _:
            return None
