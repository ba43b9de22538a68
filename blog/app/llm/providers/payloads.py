"""A reply's bytes -> the JSON objects in it, sent as events or in one piece. Pure; knows no field of them."""

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from blog.app.llm.providers import failures
from blog.app.llm.providers.base import ProviderError
from blog.app.llm.providers.framing import (
    DONE,
    is_event_stream,
    lines,
    mapping,
    parse_json,
    sequence,
    server_sent_events,
)

Payload = dict[str, object]


def payloads(chunks: Iterable[bytes], is_reply: Callable[[Payload], bool]) -> Iterator[Payload | None]:
    """Each object that was sent; None where the body says that it is over.

    `is_reply` tells a whole body that belongs to the protocol from other JSON.
    """
    source = lines(chunks)
    first = next((line for line in source if line.strip()), b"")
    if not is_event_stream(first):
        yield from _whole(b"\n".join([first, *source]), is_reply)
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


def _whole(body: bytes, is_reply: Callable[[Payload], bool]) -> Iterator[Payload]:
    """A server that was asked for a stream and answers in one piece, or with all its events in a list."""
    try:
        payload = parse_json(body)
    except ValueError:
        raise failures.not_an_answer(body) from None
    objects = [mapping(each) for each in (sequence(payload) or [payload])]
    if failures.has_error(payload) or not any(map(is_reply, objects)):
        raise failures.not_an_answer(body)
    for each in objects:
        if failures.has_error(each):
            raise failures.from_stream(each)
        yield each


def said_its_end(exc: ProviderError) -> bool:
    """Whether a server that has named the end may fail so: hang up or fall silent, having said it all."""
    return exc.kind in {"truncated_stream", "timeout"}


def broke_off() -> ProviderError:
    return ProviderError("truncated_stream", "The reply broke off in the middle.", retryable=True)


def no_reply() -> ProviderError:
    return ProviderError("bad_response", "The answer holds no reply.", retryable=True)
