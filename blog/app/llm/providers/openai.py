"""OpenAI's chat completions, at any address that speaks them; whose server it is, rows say."""

from collections.abc import Iterator, Mapping
from typing import cast
from urllib.parse import quote

from blog.app.llm.providers import http, openai_reply
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
from blog.app.llm.providers.effort import effort, wish
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.output_schema import held
from blog.app.llm.providers.parameters import Named, address, count, encode, headers, name_parameters
from blog.app.llm.providers.profile import option, said, word
from blog.app.llm.providers.turns import as_they_are, strict

PLAIN = ("temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty")
MOST_STOPS = 4


def build(request: ChatRequest) -> WireRequest:
    return compose(request, url=_chat_address(request))


def compose(request: ChatRequest, *, url: str, besides: tuple[str, ...] = ()) -> WireRequest:
    """`besides` names the parameters a server knows beyond OpenAI's own."""
    is_strict = said(request, "strict_turns")
    turns = strict(request) if is_strict else as_they_are(request)
    named = name_parameters(request, _names(request, besides), most_stops=MOST_STOPS)
    think, schema = _think(request), held(request)
    body = {
        "model": request.model,
        "messages": _messages(request, turns.messages),
        "stream": True,
        **_usage_wanted(request),
        **named.fields,
        **think.fields,
        **_format(schema.schema),
    }
    return WireRequest(
        method="POST",
        url=url,
        headers=headers(request.endpoint, "text/event-stream"),
        body=encode(request, body),
        dropped=(*turns.dropped, *named.dropped, *think.dropped, *schema.dropped),
    )


def _chat_address(request: ChatRequest) -> str:
    """`chat_path` is for servers where the model stands in the path, as Azure's deployments do."""
    path = option(request.endpoint, "chat_path") or "chat/completions"
    return _address(request.endpoint, path.replace("{model}", quote(request.model, safe="")))


def _address(endpoint: Endpoint, noun: str) -> str:
    query = {name: str(value) for name, value in mapping(endpoint.options.get("query")).items()}
    return address(endpoint.base_url, lambda path: f"{path or '/v1'}/{noun}", **query)


def _names(request: ChatRequest, besides: tuple[str, ...]) -> dict[str, str]:
    cap = request.traits.output_cap_name or option(request.endpoint, "max_tokens_name")
    return {**{name: name for name in (*PLAIN, *besides)}, "max_output": cap or "max_tokens"}


def _messages(request: ChatRequest, messages: list[Message]) -> list[dict[str, object]]:
    sent = [_message(request, each) for each in messages]
    # Without it these servers answer the last message instead of going on with it.
    if messages[-1].role == "assistant" and (mark := word(request, "prefill_field")):
        sent[-1][mark] = True
    return sent


def _message(request: ChatRequest, message: Message) -> dict[str, object]:
    role = message.role
    if role == "system" and request.traits.system_role:
        return {"role": request.traits.system_role, "content": message.content}
    return {"role": role, "content": message.content}


def _usage_wanted(request: ChatRequest) -> dict[str, object]:
    if request.endpoint.options.get("include_usage") is False:
        return {}
    return {"stream_options": {"include_usage": True}}


def _think(request: ChatRequest) -> Named:
    asked = effort(request)
    match asked.level, word(request, "think_style"):
        case None, _:
            fields: dict[str, object] = {}
        case level, "template":
            fields = {"chat_template_kwargs": {"enable_thinking": level != "none"}}
            return Named(fields=fields, dropped=(*asked.dropped, *_only_on_or_off(request)))
        case "none", "type":
            fields = {"thinking": {"type": "disabled"}}
        case level, "type":
            # A level only where one was asked for: on means the server's own.
            levels = {} if wish(request) is True else {"reasoning_effort": level}
            fields = {"thinking": {"type": "enabled"}, **levels}
        case level, "object":
            fields = {"reasoning": {"effort": level}}
        case level, _:
            fields = {"reasoning_effort": level}
    return Named(fields=fields, dropped=asked.dropped)


def _only_on_or_off(request: ChatRequest) -> Iterator[Dropped]:
    if isinstance(level := wish(request), str):
        yield Dropped(name="think", reason=f"a chat template knows on and off only, not “{level}”")


def _format(schema: Mapping[str, object] | None) -> dict[str, object]:
    if schema is None:
        return {}
    return {"response_format": {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}}


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, openai_reply.read, request=request, cancel=cancel, tap=tap)


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    answer = http.fetch_json(
        _address(endpoint, "models"), headers(endpoint, "application/json"), allowed=endpoint.allowed
    )
    rows = mapping(answer).get("data", answer)
    if not isinstance(rows, list):
        raise ProviderError("bad_response", "The address answers, but not with a list of models.")
    return [_listing(row) for row in map(mapping, sequence(cast(object, rows))) if row.get("id")]


def _listing(fields: dict[str, object]) -> ModelListing:
    meta = mapping(fields.get("meta"))
    windows = (
        fields.get("context_length"),
        fields.get("context_window"),
        fields.get("max_model_len"),
        fields.get("max_context_length"),
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    )
    return ModelListing(
        name=str(fields["id"]),
        context_window=next((n for each in windows if (n := count(each))), None),
        max_output=count(mapping(fields.get("top_provider")).get("max_completion_tokens")),
        capabilities=_capabilities(fields),
        details=fields,
    )


def _capabilities(fields: Mapping[str, object]) -> frozenset[str]:
    """OpenRouter says which parameters a model takes; the others say nothing."""
    known = {"structured_outputs": "schema", "reasoning": "thinking", "tools": "tools"}
    names = map(str, sequence(fields.get("supported_parameters")))
    return frozenset(known[each] for each in names if each in known)
