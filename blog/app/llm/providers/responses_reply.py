"""The reply of a server that speaks OpenAI's Responses -> events. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from blog.app.llm.providers import failures, payloads, tool_calls
from blog.app.llm.providers.base import Done, Event, Finish, ReasoningDelta, TextDelta, Usage
from blog.app.llm.providers.framing import mapping, sequence
from blog.app.llm.providers.openai_reply import generated
from blog.app.llm.providers.parameters import count
from blog.app.llm.providers.payloads import Payload
from blog.app.llm.providers.tool_calls import Calls

INCOMPLETE: dict[str, Finish] = {"max_output_tokens": "length", "content_filter": "content_filter"}
UNFINISHED: dict[str, Finish] = {"queued": "pending", "in_progress": "pending"}
BETWEEN = "\n\n"


@dataclass(slots=True)
class _Heard:
    """What the stream has said so far, besides text. `aside` are the places of what is no answer."""

    begun: bool = False
    text: bool = False
    commented: bool = False
    refused: bool = False
    aside: set[str] = field(default_factory=set[str])
    calls: Calls = field(default_factory=Calls)


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """The events of a body, however its bytes were cut. Pure."""
    heard = _Heard()
    for payload in payloads.payloads(chunks, _is_reply):
        if payload is None:
            break  # some servers send [DONE] after the last event, or nothing but [DONE]
        if (response := _ending(payload)) is not None:
            yield from _end(heard, response)
            return
        heard.begun = True
        yield from _hear(heard, payload)
    raise payloads.broke_off() if heard.begun else payloads.no_reply()


def _is_reply(payload: Payload) -> bool:
    return payload.get("object") == "response"


def _ending(payload: Payload) -> Mapping[str, object] | None:
    match payload.get("type"):
        case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
            return mapping(payload.get("response"))
        case _:
            return payload if _is_reply(payload) else None


def _hear(heard: _Heard, payload: Payload) -> Iterator[Event]:
    match payload.get("type"):
        case "response.output_text.delta":
            yield from _text(heard, _place(payload), payload.get("delta"))
        case "response.reasoning_summary_text.delta" | "response.reasoning_text.delta":
            yield from _thought(payload.get("delta"))
        case "response.reasoning_summary_part.added" if payload.get("summary_index"):
            yield ReasoningDelta(BETWEEN)
        case "response.refusal.delta":
            yield from _refusal(heard, payload.get("delta"))
        case "response.output_item.added":
            if mapping(payload.get("item")).get("phase") == "commentary":
                heard.aside.add(_place(payload))
        case "response.output_item.done":
            _call(heard, mapping(payload.get("item")))
        case _:
            pass


def _place(payload: Payload) -> str:
    """Not every server numbers its items."""
    item = payload.get("item_id", mapping(payload.get("item")).get("id"))
    return str(payload.get("output_index", item))


def _text(heard: _Heard, place: str, text: object) -> Iterator[Event]:
    if not text or not isinstance(text, str):
        return
    if place in heard.aside:
        heard.commented = True
        yield ReasoningDelta(text)
    else:
        heard.text = True
        yield TextDelta(text)


def _thought(text: object) -> Iterator[Event]:
    if text and isinstance(text, str):
        yield ReasoningDelta(text)


def _refusal(heard: _Heard, text: object) -> Iterator[Event]:
    heard.refused = True
    if text and isinstance(text, str):
        yield TextDelta(text)


def _call(heard: _Heard, item: Mapping[str, object]) -> None:
    if item.get("type") == "function_call":
        tool_calls.add(
            heard.calls,
            place=len(heard.calls.begun),
            call_id=item.get("call_id"),
            name=item.get("name"),
            arguments=item.get("arguments"),
        )


def _end(heard: _Heard, response: Mapping[str, object]) -> Iterator[Event]:
    if response.get("status") == "failed":
        raise failures.from_stream(response)
    if not (heard.text or heard.commented or heard.refused or heard.calls):
        yield from _items(heard, sequence(response.get("output")))
    finish, raw = _finish(heard, response)
    yield Done(
        finish=finish,
        finish_raw=raw,
        usage=usage(mapping(response.get("usage"))),
        tool_calls=tool_calls.finished(heard.calls),
    )


def _items(heard: _Heard, output: list[object]) -> Iterator[Event]:
    """The reply of a server that sent no deltas."""
    for place, item in ((str(n), mapping(each)) for n, each in enumerate(output)):
        if item.get("phase") == "commentary":
            heard.aside.add(place)
        _call(heard, item)
        for piece in map(mapping, [*sequence(item.get("summary")), *sequence(item.get("content"))]):
            match piece.get("type"):
                case "output_text":
                    yield from _text(heard, place, piece.get("text"))
                case "refusal":
                    yield from _refusal(heard, piece.get("refusal"))
                case "summary_text" | "reasoning_text":
                    yield from _thought(piece.get("text"))
                case _:
                    pass


def _finish(heard: _Heard, response: Mapping[str, object]) -> tuple[Finish, str]:
    status = str(response.get("status"))
    reason = mapping(response.get("incomplete_details")).get("reason")
    if status == "incomplete" or reason:
        return INCOMPLETE.get(str(reason), "error"), str(reason or status)
    if status != "completed":
        return UNFINISHED.get(status, "error"), status
    if heard.refused:
        return "refusal", status
    if heard.calls:
        return "tool_call", status
    # Only said what it is about to do: the answer is still to come.
    return ("pause" if heard.commented and not heard.text else "stop"), status


def usage(said: Mapping[str, object]) -> Usage:
    details = mapping(said.get("input_tokens_details"))
    spent, made = count(said.get("input_tokens")), count(said.get("output_tokens"))
    return Usage(
        input=spent,
        output=generated(spent, made, count(said.get("total_tokens"))),
        cached=count(details.get("cached_tokens")),
        cache_write=count(details.get("cache_write_tokens")),
        reasoning=count(mapping(said.get("output_tokens_details")).get("reasoning_tokens")),
    )
