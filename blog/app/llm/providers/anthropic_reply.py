"""The reply of a server that speaks Anthropic's Messages -> events. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from blog.app.llm.providers import payloads, tool_calls
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
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_call",
    "pause_turn": "pause",
    "refusal": "refusal",
}


@dataclass(slots=True)
class _Heard:
    """What the stream has said so far, besides text."""

    begun: bool = False
    text: bool = False
    finish: str | None = None
    explanation: str = ""
    counts: dict[str, object] = field(default_factory=dict[str, object])
    calls: Calls = field(default_factory=Calls)


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, however its bytes were cut. Pure."""
    heard, ended = _Heard(), False
    try:
        for payload in payloads.payloads(chunks, _is_reply):
            if payload is None or payload.get("type") == "message_stop":
                ended = True
                break
            yield from _hear(heard, payload)
    except ProviderError as exc:
        if not heard.finish or not payloads.said_its_end(exc):
            raise
    if not heard.begun and ended:
        raise payloads.no_reply()
    if not heard.finish:
        raise payloads.broke_off()
    yield from _end(heard)


def _is_reply(payload: Payload) -> bool:
    return isinstance(payload.get("content"), list)


def _hear(heard: _Heard, payload: Payload) -> Iterator[Event]:
    match payload.get("type"):
        case "content_block_delta":
            yield from _delta(heard, payload.get("index"), mapping(payload.get("delta")))
        case "content_block_start":
            yield from _block(heard, payload.get("index"), mapping(payload.get("content_block")))
        case "message_start":
            heard.begun = True
            _overlay(heard, mapping(payload.get("message")))
        case "message_delta":
            _overlay(heard, payload)
            _stop(heard, mapping(payload.get("delta")))
        case _ if _is_reply(payload):
            heard.begun = True
            for index, block in enumerate(map(mapping, sequence(payload["content"]))):
                yield from _block(heard, index, block)
            _overlay(heard, payload)
            _stop(heard, payload)
        case _:
            pass  # pings, ends of blocks, and what will be invented


def _block(heard: _Heard, index: object, block: Mapping[str, object]) -> Iterator[Event]:
    match block.get("type"):
        case "text":
            yield from _text(heard, block.get("text"))
        case "thinking":
            yield from _thought(block.get("thinking"))
        case "tool_use":
            # A stream begins it with an empty object and sends the arguments as text.
            whole = block.get("input") or None
            tool_calls.add(
                heard.calls, place=index, call_id=block.get("id"), name=block.get("name"), arguments=whole
            )
        case _:
            pass


def _delta(heard: _Heard, index: object, delta: Mapping[str, object]) -> Iterator[Event]:
    match delta.get("type"):
        case "text_delta":
            yield from _text(heard, delta.get("text"))
        case "thinking_delta":
            yield from _thought(delta.get("thinking"))
        case "input_json_delta":
            piece = delta.get("partial_json")
            tool_calls.add(heard.calls, place=index, call_id=None, name=None, arguments=piece)
        case _:
            pass  # signatures and citations


def _text(heard: _Heard, text: object) -> Iterator[Event]:
    if text and isinstance(text, str):
        heard.text = True
        yield TextDelta(text)


def _thought(text: object) -> Iterator[Event]:
    if text and isinstance(text, str):
        yield ReasoningDelta(text)


def _overlay(heard: _Heard, message: Mapping[str, object]) -> None:
    """Counts are cumulative and not always repeated: each replaces its own kind, none is added."""
    said = mapping(message.get("usage"))
    heard.counts |= {name: value for name, value in said.items() if value is not None}


def _stop(heard: _Heard, said: Mapping[str, object]) -> None:
    if (reason := said.get("stop_reason")) is not None:
        heard.finish = str(reason)
    explanation = mapping(said.get("stop_details")).get("explanation")
    heard.explanation = explanation if isinstance(explanation, str) else heard.explanation


def _end(heard: _Heard) -> Iterator[Event]:
    finish = FINISH.get(heard.finish or "", "tool_call" if heard.calls else "stop")
    if finish == "refusal" and not heard.text:
        yield from _text(heard, heard.explanation)
    yield Done(
        finish=finish,
        finish_raw=heard.finish,
        usage=usage(heard.counts),
        tool_calls=tool_calls.finished(heard.calls),
    )


def usage(said: Mapping[str, object]) -> Usage:
    """Where there were several rounds, each is paid, and the counts above them are of one only."""
    rounds = [mapping(each) for each in sequence(said.get("iterations"))] or [said]
    fresh = _sum(rounds, "input_tokens")
    cached, written = _sum(rounds, "cache_read_input_tokens"), _sum(rounds, "cache_creation_input_tokens")
    return Usage(
        input=None if fresh is None else fresh + (cached or 0) + (written or 0),
        output=_sum(rounds, "output_tokens"),
        cached=cached,
        cache_write=written,
        reasoning=count(mapping(said.get("output_tokens_details")).get("thinking_tokens")),
    )


def _sum(rounds: list[dict[str, object]] | list[Mapping[str, object]], name: str) -> int | None:
    counts = [n for each in rounds if (n := count(each.get(name))) is not None]
    return sum(counts) if counts else None
