"""Anthropic's Messages, at any address that speaks them; which models refuse what, rows say."""

from collections.abc import Iterator, Mapping

from blog.app.llm.providers import anthropic_reply, http
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Dropped,
    Endpoint,
    Event,
    Message,
    ModelListing,
    ProviderError,
    Tap,
    WireRequest,
)
from blog.app.llm.providers.effort import BUDGETS, ORDER, effort, wish
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.output_schema import held
from blog.app.llm.providers.parameters import Named, address, count, encode, headers, name_parameters
from blog.app.llm.providers.profile import said, word
from blog.app.llm.providers.turns import system_apart

VERSION = {"anthropic-version": "2023-06-01"}
NAMES = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "stop": "stop_sequences",
    "max_output": "max_tokens",
}
WHILE_THINKING = ("temperature", "top_k")
LEVELS = ("none", "low", "medium", "high", "max")
SMALLEST_BUDGET = 1024
PAGE, MOST_PAGES = "1000", 20


# --- request -----------------------------------------------------------------------------------


def build(request: ChatRequest) -> WireRequest:
    turns = system_apart(request)
    named = name_parameters(request, NAMES, while_thinking=WHILE_THINKING)
    limit = _limit(request, named)
    think, schema = _think(request, limit), held(request)
    messages, trimmed = _messages(turns.messages)
    body = {
        "model": request.model,
        "max_tokens": limit,
        **({} if turns.system is None else {"system": turns.system}),
        "messages": messages,
        "stream": True,
        **named.fields,
        **think.fields,
        **_output_config(think, schema.schema),
    }
    return WireRequest(
        method="POST",
        url=_address(request.endpoint, "messages"),
        headers=_headers(request.endpoint, "text/event-stream"),
        body=encode(request, body),
        dropped=(*turns.dropped, *trimmed, *named.dropped, *think.dropped, *schema.dropped),
    )


def _address(endpoint: Endpoint, noun: str, **query: str) -> str:
    return address(endpoint.base_url, lambda path: f"{path or '/v1'}/{noun}", **query)


def _headers(endpoint: Endpoint, accept: str) -> dict[str, str]:
    return VERSION | headers(endpoint, accept, key_header="x-api-key")


def _limit(request: ChatRequest, named: Named) -> int:
    """The protocol refuses a call without one."""
    default = said(request, "default_max_output")
    limit = count(named.fields.get("max_tokens")) or request.traits.max_output or count(default)
    if not limit:
        raise ProviderError(
            "bad_request",
            "Anthropic's protocol needs a limit for the answer: set max_output on the action, or the "
            "model's largest answer in its row.",
        )
    return limit


def _messages(turns: list[Message]) -> tuple[list[dict[str, object]], tuple[Dropped, ...]]:
    sent: list[dict[str, object]] = [{"role": each.role, "content": each.content} for each in turns]
    last = turns[-1]
    if last.role != "assistant" or last.content == last.content.rstrip():
        return sent, ()
    sent[-1]["content"] = last.content.rstrip()
    reason = "white space at its end was cut: a reply is not begun with it"
    return sent, (Dropped(name="last message", reason=reason),)


def _think(request: ChatRequest, limit: int) -> Named:
    asked = effort(request, usual=LEVELS)
    match asked.level, word(request, "think_style"):
        case None, _:
            return Named(fields={}, dropped=asked.dropped)
        case "none", _:
            return Named(fields={"thinking": {"type": "disabled"}}, dropped=asked.dropped)
        case level, "budget":
            return _budget(level, limit, asked.dropped)
        case _:
            shown = word(request, "think_display")
            thinking = {"type": "adaptive", **({"display": shown} if shown else {})}
            # Its own effort is the model's to choose, unless a level was asked for or is the least there is.
            levels = {} if wish(request) is True else {"output_config": {"effort": asked.level}}
            return Named(fields={"thinking": thinking, **levels}, dropped=asked.dropped)


def _budget(level: str, limit: int, dropped: tuple[Dropped, ...]) -> Named:
    """Thinking is paid out of the limit of the answer, and must leave some of it."""
    budget = min(BUDGETS.get(level, limit), limit // 2)
    if budget >= SMALLEST_BUDGET:
        return Named(fields={"thinking": {"type": "enabled", "budget_tokens": budget}}, dropped=dropped)
    reason = f"a limit of {limit} tokens leaves no room for it beside an answer"
    return Named(fields={}, dropped=(*dropped, Dropped(name="think", reason=reason)))


def _output_config(think: Named, schema: Mapping[str, object] | None) -> dict[str, object]:
    """How hard to think and what to answer share a field."""
    form = {} if schema is None else {"format": {"type": "json_schema", "schema": schema}}
    config = {**mapping(think.fields.get("output_config")), **form}
    return {"output_config": config} if config else {}


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, anthropic_reply.read, request=request, cancel=cancel, tap=tap)


# --- models ------------------------------------------------------------------------------------


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    sent, query, rows = _headers(endpoint, "application/json"), {"limit": PAGE}, list[dict[str, object]]()
    for _ in range(MOST_PAGES):
        answer = mapping(
            http.fetch_json(_address(endpoint, "models", **query), sent, allowed=endpoint.allowed)
        )
        if not isinstance(answer.get("data"), list):
            raise ProviderError("bad_response", "The address answers, but not with a list of models.")
        rows += map(mapping, sequence(answer["data"]))
        if not answer.get("has_more") or not isinstance(last := answer.get("last_id"), str):
            break
        query["after_id"] = last
    return [_listing(row) for row in rows if row.get("id")]


def _listing(row: dict[str, object]) -> ModelListing:
    able = mapping(row.get("capabilities"))
    known = {"thinking": "thinking", "structured_outputs": "schema", "image_input": "vision"}
    return ModelListing(
        name=str(row["id"]),
        context_window=count(row.get("max_input_tokens")) or None,
        max_output=count(row.get("max_tokens")) or None,
        capabilities=frozenset(known[each] for each in known if _supports(able, each)),
        options=_ways_to_think(able),
        details=row,
    )


def _supports(able: Mapping[str, object], name: str) -> bool:
    return mapping(able.get(name)).get("supported") is True


def _ways_to_think(able: Mapping[str, object]) -> dict[str, object]:
    types = mapping(mapping(able.get("thinking")).get("types"))
    options: dict[str, object] = {}
    if types:
        options["think_style"] = "adaptive" if _supports(types, "adaptive") else "budget"
    levels = [each for each in ORDER if _supports(mapping(able.get("effort")), each)]
    if levels and options.get("think_style") == "adaptive":
        options["think_levels"] = ["none", *levels]
    return options
