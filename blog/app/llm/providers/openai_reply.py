"""The reply of a server that speaks OpenAI's chat completions -> events, in all their dialects. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from blog.app.llm.providers import failures, payloads, thinking, tool_calls
from blog.app.llm.providers.base import (
    Done,
    Event,
    Finish,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.parameters import count
from blog.app.llm.providers.payloads import Payload
from blog.app.llm.providers.tool_calls import Calls

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "eos": "stop",
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
    calls: Calls = field(default_factory=Calls)


def _read(chunks: Iterable[bytes]) -> Iterator[Event]:
    heard, ended = _Heard(), False
    try:
        for payload in payloads.payloads(chunks, _is_reply):
            if payload is None:
                ended = True
                break
            yield from _hear(heard, payload)
    except ProviderError as exc:
        if not heard.finish or not payloads.said_its_end(exc):
            raise
    if not ended and not heard.finish:
        raise payloads.broke_off()
    if not heard.choice:
        raise payloads.no_reply()
    yield Done(
        finish=_finish(heard),
        finish_raw=heard.finish,
        usage=heard.usage or Usage(),
        tool_calls=tool_calls.finished(heard.calls),
    )


def _is_reply(payload: Payload) -> bool:
    return bool(sequence(payload.get("choices")))


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
        tool_calls.add_openai(heard.calls, delta)


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
    if heard.calls and known in {None, "stop"}:
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
        output=generated(spent, made, count(said.get("total_tokens"))),
        cached=next((n for each in cached if (n := count(each)) is not None), None),
        cache_write=count(details.get("cache_write_tokens")),
        reasoning=count(inside.get("reasoning_tokens")),
    )


def generated(spent: int | None, made: int | None, total: int | None) -> int | None:
    """Some servers count reasoning beside the completion; only the total then tells all of it."""
    if spent is None or made is None or total is None:
        return made
    return max(made, total - spent)
