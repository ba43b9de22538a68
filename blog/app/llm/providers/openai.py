"""OpenAI's chat completions, at any address that speaks them; whose server it is, rows say."""

from collections.abc import Iterator, Mapping
from typing import cast

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
from blog.app.llm.providers.framing import (
    mapping,
    sequence,
)
from blog.app.llm.providers.parameters import (
    Named,
    address,
    count,
    encode,
    headers,
    keep_messages,
    name_parameters,
    option,
)

PLAIN = ("temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty")


def build(request: ChatRequest) -> WireRequest:
    return compose(request, url=_address(request.endpoint.base_url, "chat/completions"))


def compose(request: ChatRequest, *, url: str, besides: tuple[str, ...] = ()) -> WireRequest:
    """`besides` names the parameters a server knows beyond OpenAI's own."""
    kept = keep_messages(request)
    messages, joined = _turns(request, kept.messages)
    named = name_parameters(request, _names(request, besides))
    think, schema = _think(request), _schema(request)
    body = {
        "model": request.model,
        "messages": [_message(request, each) for each in messages],
        "stream": True,
        **_usage_wanted(request),
        **named.fields,
        **think.fields,
        **schema.fields,
    }
    return WireRequest(
        method="POST",
        url=url,
        headers=headers(request.endpoint, "text/event-stream"),
        body=encode(body),
        dropped=(*kept.dropped, *joined, *named.dropped, *think.dropped, *schema.dropped),
    )


def _address(base_url: str, noun: str) -> str:
    return address(base_url, lambda path: f"{path or '/v1'}/{noun}")


def _names(request: ChatRequest, besides: tuple[str, ...]) -> dict[str, str]:
    cap = request.traits.output_cap_name or option(request.endpoint, "max_tokens_name")
    return {**{name: name for name in (*PLAIN, *besides)}, "max_output": cap or "max_tokens"}


def _message(request: ChatRequest, message: Message) -> dict[str, str]:
    role = message.role
    if role == "system" and request.traits.system_role:
        return {"role": request.traits.system_role, "content": message.content}
    return {"role": role, "content": message.content}


def _turns(request: ChatRequest, messages: list[Message]) -> tuple[list[Message], tuple[Dropped, ...]]:
    """As they are; for servers whose chat template is strict, one system text and merged turns."""
    if not request.endpoint.options.get("strict_turns"):
        return messages, ()
    ordered = sorted(messages, key=lambda each: each.role != "system")
    turns: list[Message] = []
    for each in ordered:
        if turns and turns[-1].role == each.role:
            text = f"{turns[-1].content}\n\n{each.content}"
            turns[-1] = Message(role=each.role, content=text)
        else:
            turns.append(each)
    if turns == messages:
        return turns, ()
    reason = f"the server takes one system text and turns in alternation: {len(turns)} were made"
    return turns, (Dropped(name=f"{len(messages)} messages", reason=reason),)


def _usage_wanted(request: ChatRequest) -> dict[str, object]:
    if request.endpoint.options.get("include_usage") is False:
        return {}
    return {"stream_options": {"include_usage": True}}


def _think(request: ChatRequest) -> Named:
    wanted = request.params.get("think")
    if "think" in request.traits.refused or "thinking" not in request.traits.capabilities:
        reason = "the model is not known to take a wish about thinking"
        refused = (Dropped(name="think", reason=reason),) if wanted else ()
        return Named(fields={}, dropped=refused)
    if wanted is None:
        return Named(fields={}, dropped=())
    match option(request.endpoint, "think_style"):
        case "template":
            fields: dict[str, object] = {"chat_template_kwargs": {"enable_thinking": bool(wanted)}}
        case "type":
            fields = {"thinking": {"type": "enabled" if wanted else "disabled"}}
        case _:
            level = wanted if isinstance(wanted, str) else "medium"
            fields = {"reasoning_effort": level if wanted else "none"}
    return Named(fields=fields, dropped=())


def _schema(request: ChatRequest) -> Named:
    if request.output_schema is None:
        return Named(fields={}, dropped=())
    if "schema" not in request.traits.capabilities:
        reason = "the model is not known to follow a schema; the reply is checked afterwards"
        return Named(fields={}, dropped=(Dropped(name="output_schema", reason=reason),))
    described = {"name": "reply", "schema": request.output_schema}
    return Named(fields={"response_format": {"type": "json_schema", "json_schema": described}}, dropped=())


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, openai_reply.read, limits=request.limits, cancel=cancel, tap=tap)


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    answer = http.fetch_json(_address(endpoint.base_url, "models"), headers(endpoint, "application/json"))
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
        meta.get("n_ctx"),
        meta.get("n_ctx_train"),
    )
    return ModelListing(
        name=str(fields["id"]),
        context_window=next((n for each in windows if (n := count(each))), None),
        capabilities=_capabilities(fields),
        details=fields,
    )


def _capabilities(fields: Mapping[str, object]) -> frozenset[str]:
    """OpenRouter says which parameters a model takes; the others say nothing."""
    known = {"structured_outputs": "schema", "reasoning": "thinking", "tools": "tools"}
    names = map(str, sequence(fields.get("supported_parameters")))
    return frozenset(known[each] for each in names if each in known)
