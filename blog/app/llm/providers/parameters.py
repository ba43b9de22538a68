"""What every adapter does with parameters, addresses and headers; reports what it leaves out. Pure."""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from blog.app.llm.providers import effort, profile
from blog.app.llm.providers.base import ChatRequest, Dropped, Endpoint, ProviderError
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.profile import option, said, words

BESIDES = frozenset({"think"})  # each adapter has its own way to say it
KEYS = frozenset({"key", "api_key", "apikey", "token", "access_token"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Parameters under the protocol's names, and those that were not sent as they were given."""

    fields: dict[str, object]
    dropped: tuple[Dropped, ...] = ()


def name_parameters(
    request: ChatRequest,
    names: Mapping[str, str],
    *,
    while_thinking: Collection[str] = (),
    most_stops: int | None = None,
) -> Named:
    """`while_thinking` are those the protocol refuses while a model thinks, unless its row knows better."""
    given = {
        name: value for name, value in request.params.items() if value is not None and name not in BESIDES
    }
    refused = _refused(request, given, while_thinking)
    renamed = mapping(said(request, "param_names"))
    fields: dict[str, object] = {}
    dropped: list[Dropped] = []
    for name, value in given.items():
        if name in refused:
            dropped.append(Dropped(name=name, reason=refused[name]))
        elif name not in names:
            dropped.append(Dropped(name=name, reason="the protocol has no such parameter"))
        else:
            wire_name = names[name]
            if isinstance(own := renamed.get(name), str):
                wire_name = own
                dropped.append(Dropped(name=name, reason=f"it is called {own} there"))
            fields[wire_name] = value
            dropped += _capped(request, name, wire_name, fields, most_stops)
    return Named(fields=fields, dropped=tuple(dropped))


def _refused(
    request: ChatRequest, given: Mapping[str, object], while_thinking: Collection[str]
) -> dict[str, str]:
    """What must not be sent, and why."""
    reasons = dict.fromkeys(profile.refused(request), "the model refuses it")
    if effort.will_think(request):
        quiet = words(request, "refused_while_thinking") or tuple(while_thinking)
        reasons = dict.fromkeys(quiet, "the model refuses it while it thinks") | reasons
    for group in sequence(said(request, "only_one_of")):
        together = [str(name) for name in sequence(group) if name in given and name not in reasons]
        reasons |= dict.fromkeys(together[1:], f"the model refuses it beside {', '.join(together[:1])}")
    return reasons


def _capped(
    request: ChatRequest, name: str, wire_name: str, fields: dict[str, object], most_stops: int | None
) -> Iterator[Dropped]:
    most, wanted = request.traits.max_output, request.params[name]
    match name:
        case "max_output" if most is not None and isinstance(wanted, int) and wanted > most:
            fields[wire_name] = most
            yield Dropped(name=name, reason=f"{wanted} is more than the model's limit, {most}")
        case "stop":
            stops = [wanted] if isinstance(wanted, str) else sequence(wanted)
            fields[wire_name] = stops[:most_stops]
            if len(stops) > len(stops[:most_stops]):
                yield Dropped(
                    name=name, reason=f"the protocol takes {most_stops} of them: the first were sent"
                )
        case _:
            pass


def address(base_url: str, path: Callable[[str], str], **query: str) -> str:
    """The base address with another path; what follows its question mark stays."""
    try:
        parts = urlsplit(base_url.strip())
    except ValueError:
        raise ProviderError(
            "bad_request", f"{base_url.partition('?')[0]} is not an address that can be called."
        ) from None
    asked = parse_qsl(parts.query, keep_blank_values=True)
    if names_a_key(parts.query):
        raise ProviderError(
            "bad_request", "Take the key out of the address, where logs would show it; it has its own field."
        )
    added = urlencode({**dict(asked), **query}) if query else parts.query
    return urlunsplit((parts.scheme, parts.netloc, path(parts.path.rstrip("/")), added, ""))


def names_a_key(query: str) -> bool:
    return any(name.lower() in KEYS for name, _ in parse_qsl(query, keep_blank_values=True))


def headers(endpoint: Endpoint, accept: str, *, key_header: str = "Authorization") -> dict[str, str]:
    """Asks for no compression: a proxy that compresses holds a stream back until it has enough."""
    return {
        "Content-Type": "application/json",
        "Accept": accept,
        "Accept-Encoding": "identity",
        "User-Agent": "BlogForge",
        **_authorization(endpoint, key_header),
        **_extra_headers(endpoint),
    }


def _authorization(endpoint: Endpoint, key_header: str) -> dict[str, str]:
    key = (endpoint.api_key or "").strip()
    if not key:
        return {}
    if not (key.isascii() and key.isprintable()):
        raise ProviderError("auth", "The key holds characters that no key has. Enter it again.")
    name = option(endpoint, "auth_header") or key_header
    return {name: f"Bearer {key}" if name.lower() == "authorization" else key}


def _extra_headers(endpoint: Endpoint) -> dict[str, str]:
    extra = mapping(endpoint.options.get("extra_headers"))
    return {name: str(value) for name, value in extra.items()}


def encode(request: ChatRequest, body: Mapping[str, object]) -> bytes:
    """`extra_body` of the rows is for fields that only one server or model has."""
    body = {**body, **mapping(request.endpoint.options.get("extra_body"))}
    body |= mapping(request.traits.options.get("extra_body"))
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
