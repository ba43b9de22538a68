"""The reply of the Gemini API -> events. It has no end of its own but the end of the body. Pure."""

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

# The numbers are those of servers that pass the enum on without its names.
FINISH: dict[str, Finish] = {
    "STOP": "stop",
    "1": "stop",
    "MAX_TOKENS": "length",
    "2": "length",
    "SAFETY": "content_filter",
    "3": "content_filter",
    "RECITATION": "content_filter",
    "4": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "LANGUAGE": "error",
    "OTHER": "error",
    "5": "error",
    "MALFORMED_FUNCTION_CALL": "error",
    "MALFORMED_RESPONSE": "error",
    "UNEXPECTED_TOOL_CALL": "error",
    "TOO_MANY_TOOL_CALLS": "error",
    "MISSING_THOUGHT_SIGNATURE": "error",
}
UNSET = "FINISH_REASON_UNSPECIFIED"


@dataclass(slots=True)
class _Heard:
    """What the stream has said so far, besides text."""

    candidate: bool = False
    finish: str | None = None
    blocked: str | None = None
    counts: dict[str, object] = field(default_factory=dict[str, object])
    calls: Calls = field(default_factory=Calls)


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, however its bytes were cut. Pure."""
    heard, ended = _Heard(), False
    try:
        for payload in payloads.payloads(chunks, _is_reply):
            if payload is None:
                ended = True
                break
            yield from _hear(heard, payload)
    except ProviderError as exc:
        if not (heard.finish or heard.blocked) or not payloads.said_its_end(exc):
            raise
    if ended and not (heard.candidate or heard.blocked):
        raise payloads.no_reply()
    if not (heard.finish or heard.blocked):
        raise payloads.broke_off()
    yield _done(heard)


def _is_reply(payload: Payload) -> bool:
    return bool(sequence(payload.get("candidates")) or payload.get("promptFeedback"))


def _hear(heard: _Heard, payload: Payload) -> Iterator[Event]:
    # Counted anew from the beginning in each chunk: the last is the whole.
    heard.counts |= mapping(payload.get("usageMetadata"))
    candidate = mapping(next(iter(sequence(payload.get("candidates"))), None))
    if candidate:
        heard.candidate = True
        for part in map(mapping, sequence(mapping(candidate.get("content")).get("parts"))):
            yield from _part(heard, part)
        if (finish := candidate.get("finishReason")) and finish != UNSET:
            heard.finish = str(finish)
    feedback = mapping(payload.get("promptFeedback"))
    if reason := feedback.get("blockReason"):
        heard.blocked = str(reason)
        if (words := feedback.get("blockReasonMessage")) and isinstance(words, str):
            yield TextDelta(words)


def _part(heard: _Heard, part: Mapping[str, object]) -> Iterator[Event]:
    if (text := part.get("text")) and isinstance(text, str):
        # A thoughtSignature is no sign of a thought: it stands beside plain text too.
        yield ReasoningDelta(text) if part.get("thought") is True else TextDelta(text)
    if call := mapping(part.get("functionCall")):
        tool_calls.add(
            heard.calls,
            place=len(heard.calls.begun),
            call_id=call.get("id"),
            name=call.get("name"),
            arguments=call.get("args") or {},
        )


def _done(heard: _Heard) -> Done:
    if heard.finish is None:
        finish: Finish = "content_filter"
    else:
        finish = FINISH.get(heard.finish, "stop")
    return Done(
        finish="tool_call" if heard.calls and finish == "stop" else finish,
        finish_raw=heard.finish or heard.blocked,
        usage=usage(heard.counts),
        tool_calls=tool_calls.finished(heard.calls),
    )


def usage(said: Mapping[str, object]) -> Usage:
    thought = count(said.get("thoughtsTokenCount"))
    return Usage(
        input=_sum(count(said.get("promptTokenCount")), count(said.get("toolUsePromptTokenCount"))),
        output=_sum(count(said.get("candidatesTokenCount")), thought),
        cached=count(said.get("cachedContentTokenCount")),
        reasoning=thought,
    )


def _sum(*counts: int | None) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if known else None
