"""A leading <think>…</think> in the text becomes reasoning; a tag further on is text like any other."""

from collections.abc import Iterable, Iterator

from blog.app.llm.providers.base import (
    Done,
    Event,
    ProviderError,
    ReasoningDelta,
    TextDelta,
)

OPEN, CLOSE = "<think>", "</think>"


def set_apart(events: Iterable[Event]) -> Iterator[Event]:
    place, held = "start", ""
    try:
        for event in events:
            match event:
                case TextDelta(text) if place != "answer":
                    place, held, out = _step(place, held + text)
                    yield from out
                case Done():
                    yield from _rest(place, held)
                    held = ""
                    yield event
                case _:
                    yield event
    except ProviderError:
        # What was held back has been received; it is part of the partial reply.
        yield from _rest(place, held)
        raise


def _step(place: str, text: str) -> tuple[str, str, list[Event]]:
    """-> where we are, what is held back, what may go out."""
    out: list[Event] = []
    if place == "start":
        begin = text.lstrip()
        if OPEN.startswith(begin[: len(OPEN)]) and len(begin) < len(OPEN):
            return "start", text, out
        if not begin.startswith(OPEN):
            return "answer", "", [TextDelta(text)]
        place, text = "thought", begin.removeprefix(OPEN)
    if place == "thought":
        thought, closed, text = text.partition(CLOSE)
        held = "" if closed else _begun(thought)
        if thought := thought.removesuffix(held):
            out.append(ReasoningDelta(thought))
        if not closed:
            return "thought", held, out
        place = "gap"
    if answer := text.lstrip():
        return "answer", "", [*out, TextDelta(answer)]
    return "gap", "", out


def _begun(text: str) -> str:
    """The end of the text that may be the beginning of the closing tag."""
    return next((CLOSE[:n] for n in range(len(CLOSE) - 1, 0, -1) if text.endswith(CLOSE[:n])), "")


def _rest(place: str, held: str) -> Iterator[Event]:
    if held:
        yield ReasoningDelta(held) if place == "thought" else TextDelta(held)
