"""Ollama's own protocol. Its OpenAI-like layer is another product: that one cannot set the context."""

from collections.abc import Iterable, Iterator, Mapping

from blog.app.llm.providers import effort, failures, http, thinking, tool_calls
from blog.app.llm.providers.base import (
    Cancel,
    ChatRequest,
    Done,
    Dropped,
    Endpoint,
    Event,
    Finish,
    ModelListing,
    ProviderError,
    ReasoningDelta,
    Tap,
    TextDelta,
    Usage,
    WireRequest,
)
from blog.app.llm.providers.framing import lines, mapping, parse_json, sequence
from blog.app.llm.providers.parameters import (
    Named,
    address,
    count,
    encode,
    headers,
    name_parameters,
)
from blog.app.llm.providers.tool_calls import Calls
from blog.app.llm.providers.turns import as_they_are

OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "stop",
    "seed",
    "presence_penalty",
    "frequency_penalty",
    "repeat_penalty",
    "repeat_last_n",
    "num_ctx",
)
NAMES = {**{name: name for name in OPTIONS}, "max_output": "num_predict"}

LEVELS = ("low", "medium", "high")

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "load": "load",
    "unload": "unload",
}


# --- request -----------------------------------------------------------------------------------


def build(request: ChatRequest) -> WireRequest:
    turns = as_they_are(request)
    named, think = name_parameters(request, NAMES), _think(request)
    body = {
        "model": request.model,
        "messages": [{"role": each.role, "content": each.content} for each in turns.messages],
        "stream": True,
        # Its default is to drop the middle of a prompt that is too long and to say nothing.
        "truncate": False,
        **think.fields,
        **_format(request),
        "options": {**_context(request), **named.fields},
    }
    return WireRequest(
        method="POST",
        url=_address(request.endpoint.base_url, "chat"),
        headers=headers(request.endpoint, "application/x-ndjson"),
        body=encode(request, body),
        dropped=(*turns.dropped, *named.dropped, *think.dropped),
    )


def _address(base_url: str, noun: str) -> str:
    return address(base_url, lambda path: f"{path.removesuffix('/api')}/api/{noun}")


def _context(request: ChatRequest) -> dict[str, object]:
    """Without it the server chooses by its memory, often 4,096, whatever the model could take."""
    window = request.traits.context_window
    return {} if window is None else {"num_ctx": window}


def _think(request: ChatRequest) -> Named:
    wanted = effort.wish(request)
    if not effort.can_think(request):
        reason = "the model cannot think, and Ollama would refuse the call"
        refused = (Dropped(name="think", reason=reason),) if wanted else ()
        return Named(fields={}, dropped=refused)
    if "thinking_levels" in request.traits.capabilities:
        # These ignore true and false; the lowest level is as near to off as they come.
        asked = effort.effort(request, usual=LEVELS)
        return Named(fields={"think": asked.level or LEVELS[0]}, dropped=asked.dropped)
    # Said also when off: a model that can think does so unless it is told not to.
    return Named(fields={"think": wanted or False})


def _format(request: ChatRequest) -> dict[str, object]:
    return {} if request.output_schema is None else {"format": request.output_schema}


# --- reply -------------------------------------------------------------------------------------


def stream(request: ChatRequest, wire: WireRequest, *, cancel: Cancel, tap: Tap) -> Iterator[Event]:
    return http.converse(wire, read, request=request, cancel=cancel, tap=tap)


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, however its bytes were cut. Pure."""
    return thinking.set_apart(_read(chunks))


def _read(chunks: Iterable[bytes]) -> Iterator[Event]:
    calls = Calls()
    for payload in _payloads(chunks):
        message = mapping(payload.get("message"))
        yield from _deltas(message)
        if "tool_calls" in message:
            tool_calls.add_openai(calls, message)
        if payload.get("done") is True:
            yield _done(payload, calls)
            return
    raise ProviderError("truncated_stream", "The reply broke off in the middle.", retryable=True)


def _payloads(chunks: Iterable[bytes]) -> Iterator[dict[str, object]]:
    source = (line for line in lines(chunks) if line.strip())
    begun = False
    for line in source:
        payload = _parse(line)
        if failures.has_error(payload):
            raise failures.from_stream(payload)
        if payload and (begun or "message" in payload or "done" in payload):
            begun = True
            yield payload
        elif begun and next(source, None) is None:
            return  # cut inside a line
        else:
            raise failures.not_an_answer(b"\n".join([line, *source]))
    if not begun:
        raise failures.not_an_answer(b"")


def _parse(line: bytes) -> dict[str, object]:
    try:
        return mapping(parse_json(line))
    except ValueError:
        return {}


def _deltas(message: Mapping[str, object]) -> Iterator[Event]:
    if (thought := message.get("thinking")) and isinstance(thought, str):
        yield ReasoningDelta(thought)
    if (text := message.get("content")) and isinstance(text, str):
        yield TextDelta(text)


def _done(payload: Mapping[str, object], calls: Calls) -> Done:
    reason = payload.get("done_reason")
    raw = reason if isinstance(reason, str) else None
    finish = FINISH.get(raw or "", "stop")
    return Done(
        finish="tool_call" if calls and finish == "stop" else finish,
        finish_raw=raw,
        # A prompt it had in its cache is not counted at all: absent is unknown, not zero.
        usage=Usage(input=count(payload.get("prompt_eval_count")), output=count(payload.get("eval_count"))),
        tool_calls=tool_calls.finished(calls),
    )


# --- models ------------------------------------------------------------------------------------


def list_models(endpoint: Endpoint) -> list[ModelListing]:
    sent = headers(endpoint, "application/json")
    answer = mapping(http.fetch_json(_address(endpoint.base_url, "tags"), sent, allowed=endpoint.allowed))
    if "models" not in answer:
        raise ProviderError("bad_response", "The address answers, but not as Ollama does.")
    rows = map(mapping, sequence(answer["models"]))
    return [_listing(endpoint, sent, row) for row in rows if row.get("name")]


def _listing(endpoint: Endpoint, sent: Mapping[str, str], row: Mapping[str, object]) -> ModelListing:
    name = str(row["name"])
    url = _address(endpoint.base_url, "show")
    described = mapping(http.fetch_json(url, sent, body={"model": name}, allowed=endpoint.allowed))
    return ModelListing(
        name=name,
        context_window=_window(described.get("model_info")),
        capabilities=frozenset(map(str, sequence(described.get("capabilities")))),
        details=row,
    )


def _window(info: object) -> int | None:
    """`llama.context_length`, `qwen3.context_length`: the name begins with the architecture."""
    facts = mapping(info)
    return next((count(facts[key]) for key in facts if key.endswith(".context_length")), None)
