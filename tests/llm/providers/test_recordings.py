"""Recorded bodies give the same events however they were read, and never more than was sent."""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blog.app.llm.providers import ollama, openai_reply
from blog.app.llm.providers.base import (
    Done,
    Event,
    Finish,
    ProviderError,
    ReasoningDelta,
    TextDelta,
    Usage,
)

RECORDINGS = Path(__file__).parents[2] / "recordings"
Reader = Callable[[Iterable[bytes]], Iterator[Event]]

TEXT = "Cats \u2028sleep, 入\u0085 and 🐈\u200d⬛ purr."
SAID = {
    "openai-plain.sse": (TEXT, "", "stop", "stop", Usage(input=1300, output=40, cached=1024, reasoning=30)),
    "openai-refusal.sse": ("I can't help with that.", "", "refusal", "stop", Usage()),
    "openai-azure.sse": ("Cats sleep.", "", "content_filter", "content_filter", Usage()),
    "openai-openrouter.sse": ("Cats sleep.", "Cats. Sleep.", "stop", "stop", Usage(input=9, output=5)),
    "openai-groq.sse": ("Cats sleep.", "", "stop", "stop", Usage(input=12, output=4)),
    "openai-deepseek.sse": (
        "Cats sleep.",
        "Think of cats.",
        "stop",
        "stop",
        Usage(input=20, output=9, cached=16, reasoning=5),
    ),
    "openai-mistral.sse": (
        "Cats sleep.",
        "Think of cats.",
        "length",
        "model_length",
        Usage(input=8, output=6),
    ),
    "openai-inline-think.sse": ("Cats <think> sleep.", "\nThink of cats.", "stop", "stop", Usage()),
    "openai-xai.sse": ("Cats sleep.", "", "stop", "stop", Usage(input=10, output=34, reasoning=30)),
    "openai-tool_calls.sse": ("", "", "tool_call", "", Usage()),
    "openai-no-done.sse": ("Cats sleep.", "", "stop", "stop", Usage()),
    "ollama-plain.ndjson": (TEXT, "", "stop", "stop", Usage(input=26, output=8)),
    "ollama-thinking.ndjson": ("Cats sleep.", "Think of cats.", "length", "length", Usage(output=12)),
    "ollama-load.ndjson": ("", "", "load", "load", Usage()),
}
NAMES = sorted(path.name for path in RECORDINGS.iterdir() if path.suffix in {".sse", ".ndjson"})


def reader(name: str) -> Reader:
    return ollama.read if name.endswith(".ndjson") else openai_reply.read


def body(name: str) -> bytes:
    return (RECORDINGS / name).read_bytes()


def replay(name: str, chunks: Iterable[bytes]) -> list[Event]:
    return list(reader(name)(chunks))


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_recording_says_what_it_says(name: str):
    events = replay(name, [body(name)])
    done = events[-1]
    assert isinstance(done, Done)
    reasoning = "".join(event.text for event in events if isinstance(event, ReasoningDelta))
    assert (text_of(events), reasoning, done.finish, done.finish_raw, done.usage) == SAID[name]


@pytest.mark.parametrize(
    ("name", "finish", "usage"),
    [
        ("llama_cpp-length.sse", "length", Usage(input=36, output=24, cached=0)),
        ("llama_cpp-stop.sse", "stop", Usage(input=36, output=64, cached=35)),
        ("llama_cpp-schema.sse", "stop", Usage(input=36, output=31, cached=35)),
    ],
)
def test_a_real_engine_is_understood(name: str, finish: Finish, usage: Usage):
    *deltas, done = replay(name, [body(name)])
    assert done == Done(finish=finish, finish_raw=finish, usage=usage)
    assert len(text_of(deltas)) > 60


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_quirk_2_reads_of_any_size_give_the_same_events(name: str, size: int):
    whole = body(name)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert replay(name, pieces) == replay(name, [whole])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_quirk_2_other_line_ends_and_a_mark_give_the_same_events(name: str, ending: bytes):
    other = b"\xef\xbb\xbf" + body(name).replace(b"\n", ending)
    assert replay(name, [other]) == replay(name, [body(name)])
    assert replay(name, [other[at : at + 1] for at in range(len(other))]) == replay(name, [body(name)])


@pytest.mark.parametrize("name", NAMES)
@given(places=st.lists(st.integers(min_value=0), max_size=40))
def test_events_do_not_depend_on_the_reads(name: str, places: list[int]):
    whole = body(name)[-3000:] if name.startswith("llama") else body(name)
    whole = whole[whole.index(b"data:") :] if name.startswith("llama") else whole
    edges = sorted({0, len(whole), *(place % len(whole) for place in places)})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert replay(name, pieces) == replay(name, [whole])


@pytest.mark.parametrize("name", NAMES)
def test_quirk_4_cut_after_any_event_it_is_the_partial_text_and_an_error(name: str):
    """Or a success, once the finish reason was seen; never a `stop` that nobody said."""
    separator = b"\n" if name.endswith(".ndjson") else b"\n\n"
    events = body(name).split(separator)[:-1]
    for count in range(1, len(events)):
        cut = separator.join(events[:count]) + separator
        said, kind = until_it_breaks(name, cut)
        assert is_beginning(said, name)
        if re.search(rb'"finish_reason": ?"\w', cut):
            assert (kind, type(said[-1])) == (None, Done)
        else:
            assert kind == "truncated_stream" or (kind == "bad_response" and b"{" not in cut)


@pytest.mark.parametrize("name", NAMES)
def test_quirk_4_cut_inside_an_event_it_is_never_a_success_of_its_own(name: str):
    whole = body(name)
    for end in range(0, len(whole), 37):
        said, kind = until_it_breaks(name, whole[:end])
        assert is_beginning(said, name)
        assert kind in {"truncated_stream", "bad_response"} or isinstance(said[-1], Done)


def until_it_breaks(name: str, cut: bytes) -> tuple[list[Event], str | None]:
    said: list[Event] = []
    try:
        for event in reader(name)([cut] if cut else []):
            said.append(event)  # noqa: PERF402 - what came before the error counts
    except ProviderError as exc:
        return said, exc.kind
    return said, None


def is_beginning(said: list[Event], name: str) -> bool:
    """A "<th" at the very end may yet become a tag; until then it is text."""
    text = text_of(said)
    return text_of(replay(name, [body(name)])).startswith(text) or "<think>".startswith(text)
