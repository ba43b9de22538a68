"""OpenAI's chat completions, at any address that speaks them; whose server it is, rows say."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import cast
from urllib.parse import urlsplit, urlunsplit

from blog.app.llm.providers import failures, http, thinking
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Done,
    Dropped,
    Endpoint,
    Event,
    Finish,
    Message,
    ModelListing,
    ProviderError,
    ReasoningDelta,
    Tap,
    TextDelta,
    Usage,
    WireRequest,
)
from blog.app.llm.providers.framing import (
    DONE,
    is_event_stream,
    lines,
    mapping,
    parse_json,
    sequence,
    server_sent_events,
)
from blog.app.llm.providers.parameters import (
    Named,
    count,
    encode,
    headers,
    keep_messages,
    name_parameters,
    option,
)

PLAIN = ("temperature", "top_p", "stop", "seed", "presence_penalty", "frequency_penalty")

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "tool_calls": "tool_call",
    "tool_use": "tool_call",
    "function_call": "tool_call",
    "content_filter": "content_filter",
    "refusal": "refusal",
    "error": "error",
}


# --- request -----------------------------------------------------------------------------------


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
    parts = urlsplit(base_url.strip())
    path = parts.path.rstrip("/") or "/v1"
    return urlunsplit((parts.scheme, parts.netloc, f"{path}/{noun}", parts.query, ""))


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


# --- reply -------------------------------------------------------------------------------------


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, read, limits=request.limits, cancel=cancel, tap=tap)


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, however its bytes were cut. Pure."""
    return thinking.set_apart(_read(chunks))


@dataclass(slots=True)
class _Heard:
    """What the stream has said so far, besides text."""

    choice: bool = False
    finish: str | None = None
    usage: Usage | None = None
    refused: bool = False
    tool_called: bool = False


def _read(chunks: Iterable[bytes]) -> Iterator[Event]:
    heard, ended = _Heard(), False
    try:
        for payload in _payloads(chunks):
            if payload is None:
                ended = True
                break
            yield from _hear(heard, payload)
    except ProviderError as exc:
        # A server that names the end and then hangs up or falls silent has said all it had to say.
        if not heard.finish or exc.kind not in {"truncated_stream", "timeout"}:
            raise
    if not ended and not heard.finish:
        raise ProviderError("truncated_stream", "The reply broke off in the middle.", retryable=True)
    if not heard.choice:
        raise ProviderError("bad_response", "The answer holds no reply.", retryable=True)
    yield Done(finish=_finish(heard), finish_raw=heard.finish, usage=heard.usage or Usage())


def _payloads(chunks: Iterable[bytes]) -> Iterator[dict[str, object] | None]:
    """Each object that was sent; None where the stream says that it is over."""
    source = lines(chunks)
    first = next((line for line in source if line.strip()), b"")
    if not is_event_stream(first):
        yield _whole(b"\n".join([first, *source]))
        yield None
        return
    for name, data in server_sent_events(chain([first], source)):
        if data.strip() == DONE:
            yield None
            return
        payload = _parse(data)
        if failures.has_error(payload) or (name == "error" and payload):
            raise failures.from_stream(payload)
        yield mapping(payload)


def _parse(data: bytes) -> object:
    if not data.strip():
        return None
    try:
        return parse_json(data)
    except ValueError:
        raise failures.not_an_answer(data) from None


def _whole(body: bytes) -> dict[str, object]:
    """The reply of a server that was asked for a stream and answers in one piece."""
    try:
        payload = parse_json(body)
    except ValueError:
        raise failures.not_an_answer(body) from None
    if failures.has_error(payload) or not sequence(mapping(payload).get("choices")):
        raise failures.not_an_answer(body)
    return mapping(payload)


def _hear(heard: _Heard, payload: Mapping[str, object]) -> Iterator[Event]:
    if said := mapping(payload.get("usage")) or mapping(mapping(payload.get("x_groq")).get("usage")):
        heard.usage = usage(said)
    choice = mapping(next(iter(sequence(payload.get("choices"))), None))
    if not choice:
        return  # a usage chunk, or Azure's prompt filter results
    heard.choice = True
    if failures.has_error(choice):
        raise failures.from_stream(choice)
    yield from _deltas(heard, mapping(choice.get("delta") or choice.get("message")))
    if (finish := choice.get("finish_reason")) is not None:
        heard.finish = str(finish) or heard.finish or ""


def _deltas(heard: _Heard, delta: Mapping[str, object]) -> Iterator[Event]:
    if thought := _reasoning(delta):
        yield ReasoningDelta(thought)
    content = delta.get("content")
    if content and isinstance(content, str):
        yield TextDelta(content)
    else:
        yield from _typed(sequence(content))
    if (refusal := delta.get("refusal")) and isinstance(refusal, str):
        heard.refused = True
        yield TextDelta(refusal)
    if delta.get("tool_calls") or delta.get("function_call"):
        heard.tool_called = True


def _reasoning(delta: Mapping[str, object]) -> str:
    for name in ("reasoning_content", "reasoning"):
        if (thought := delta.get(name)) and isinstance(thought, str):
            return thought
    return _text_of(delta.get("reasoning_details"))


def _typed(pieces: list[object]) -> Iterator[Event]:
    for piece in pieces:
        if thought := _text_of(mapping(piece).get("thinking")):
            yield ReasoningDelta(thought)
        elif text := _text_of(piece):
            yield TextDelta(text)


def _text_of(piece: object) -> str:
    if isinstance(piece, str):
        return piece
    text = mapping(piece).get("text")
    return text if isinstance(text, str) else "".join(map(_text_of, sequence(piece)))


def _finish(heard: _Heard) -> Finish:
    if heard.refused:
        return "refusal"
    known = FINISH.get(heard.finish or "")
    if heard.tool_called and known in {None, "stop"}:
        return "tool_call"
    return known or "stop"


def usage(said: Mapping[str, object]) -> Usage:
    details = mapping(said.get("prompt_tokens_details"))
    inside = mapping(said.get("completion_tokens_details"))
    spent, made = count(said.get("prompt_tokens")), count(said.get("completion_tokens"))
    cached = (
        details.get("cached_tokens"),
        said.get("prompt_cache_hit_tokens"),
        said.get("cached_tokens"),
    )
    return Usage(
        input=spent,
        output=_generated(spent, made, count(said.get("total_tokens"))),
        cached=next((n for each in cached if (n := count(each)) is not None), None),
        cache_write=count(details.get("cache_write_tokens")),
        reasoning=count(inside.get("reasoning_tokens")),
    )


def _generated(spent: int | None, made: int | None, total: int | None) -> int | None:
    """Some servers count reasoning beside the completion; only the total then tells all of it."""
    if spent is None or made is None or total is None:
        return made
    return max(made, total - spent)


# --- models ------------------------------------------------------------------------------------


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
