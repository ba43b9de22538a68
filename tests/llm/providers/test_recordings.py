"""Recorded bodies give the same events however they were read, and never more than was sent."""

import copy
import gzip
import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blog.app.llm.providers.base import Done, ErrorKind, Event, Finish, ToolCall, Usage
from tests.llm.providers.protocols import ask_any, call, heard, reasoning_of, text_of
from tests.llm.providers.recordings import NAMES, body, protocol, replay
from tests.llm.providers.scripted import Reply, serve

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
    "ollama-tool_calls.ndjson": ("", "", "tool_call", "stop", Usage(input=30, output=12)),
    "anthropic-plain.sse": (
        TEXT,
        "",
        "stop",
        "end_turn",
        Usage(input=1532, output=40, cached=1111, cache_write=418),
    ),
    "anthropic-thinking.sse": (
        "Cats sleep.",
        "Think of cats.",
        "stop",
        "stop_sequence",
        Usage(input=20, output=25, cached=0, cache_write=0, reasoning=17),
    ),
    "anthropic-refusal.sse": ("This was declined.", "", "refusal", "refusal", Usage(input=9, output=2)),
    "anthropic-length.sse": ("Cats sl", "", "length", "max_tokens", Usage(input=9, output=3)),
    "anthropic-pause.sse": ("Let me look.", "", "pause", "pause_turn", Usage(input=9, output=5)),
    "anthropic-tool_use.sse": ("I look it up.", "", "tool_call", "tool_use", Usage(input=9, output=30)),
    "anthropic-iterations.sse": (
        "Cats sleep.",
        "",
        "stop",
        "end_turn",
        Usage(input=55377, output=91, cached=55096, cache_write=0),
    ),
    "anthropic-no-message_stop.sse": ("Cats sleep.", "", "stop", "end_turn", Usage(input=9, output=4)),
    "gemini-plain.sse": (TEXT, "", "stop", "STOP", Usage(input=15, output=9, cached=4)),
    "gemini-thinking.sse": (
        "Cats sleep.",
        "Think of cats.",
        "stop",
        "STOP",
        Usage(input=9, output=16, reasoning=12),
    ),
    "gemini-blocked.sse": ("", "", "content_filter", "PROHIBITED_CONTENT", Usage(input=8)),
    "gemini-safety.sse": ("Cats ", "", "content_filter", "SAFETY", Usage(input=8, output=1)),
    "gemini-length.sse": ("", "", "length", "MAX_TOKENS", Usage(input=8, output=60, reasoning=60)),
    "gemini-function_call.sse": ("", "", "tool_call", "STOP", Usage(input=30, output=12)),
    "gemini-number.sse": ("Cats sleep.", "", "stop", "1", Usage(input=8, output=3)),
    "gemini-list.json": ("Cats sleep.", "", "stop", "STOP", Usage(input=8, output=3)),
    "responses-plain.sse": (
        TEXT,
        "",
        "stop",
        "completed",
        Usage(input=1300, output=40, cached=1024, cache_write=200, reasoning=0),
    ),
    "responses-reasoning.sse": (
        "Cats sleep.",
        "Cats.\n\nSleep.",
        "stop",
        "completed",
        Usage(input=12, output=90, cached=0, reasoning=80),
    ),
    "responses-commentary.sse": (
        "Cats sleep.",
        "I look it up.",
        "stop",
        "completed",
        Usage(input=12, output=9, cached=0, reasoning=0),
    ),
    "responses-commentary_only.sse": (
        "",
        "I look it up.",
        "pause",
        "completed",
        Usage(input=12, output=5, cached=0, reasoning=0),
    ),
    "responses-refusal.sse": (
        "I can't help with that.",
        "",
        "refusal",
        "completed",
        Usage(input=12, output=9, cached=0, reasoning=0),
    ),
    "responses-length.sse": (
        "Cats sl",
        "",
        "length",
        "max_output_tokens",
        Usage(input=12, output=16, cached=0, reasoning=10),
    ),
    "responses-function_call.sse": (
        "",
        "",
        "tool_call",
        "completed",
        Usage(input=40, output=20, cached=0, reasoning=0),
    ),
    "responses-openrouter.sse": (
        "Cats sleep.",
        "",
        "stop",
        "completed",
        Usage(input=9, output=5, cached=0, reasoning=0),
    ),
}
BROKEN: dict[str, tuple[str, ErrorKind]] = {
    "openai-error.sse": ("Cats ", "server"),
    "ollama-error.ndjson": ("Cats ", "server"),
    "anthropic-error.sse": ("Cats ", "overloaded"),
    "gemini-error.sse": ("Cats ", "overloaded"),
    "responses-error.sse": ("Cats ", "rate_limit"),
    "responses-failed.sse": ("Cats ", "server"),
}
CALLED = {
    "openai-tool_calls.sse": (("f", {}, None),),
    "ollama-tool_calls.ndjson": (("look_up", {"of": "cats"}, None), ("look_up", {"of": "dogs"}, None)),
    "anthropic-tool_use.sse": (("look_up", {"of": "cats"}, "toolu_1"), ("now", {}, "toolu_2")),
    "gemini-function_call.sse": (("look_up", {"of": "cats"}, None), ("now", {}, None)),
    "responses-function_call.sse": (("look_up", {"of": "cats"}, "call_1"),),
}
# What a body must hold for its end to have been named.
ENDS = {
    "anthropic": rb'"stop_reason": ?"\w',
    "gemini": rb'"finishReason": ?["\d]|"blockReason"',
    "llama_cpp": rb'"finish_reason": ?"\w',
    "ollama": rb'"done": ?true',
    "openai": rb'"finish_reason": ?"\w',
    "responses": rb'"type": ?"response\.(completed|incomplete|failed)"',
}


@pytest.mark.parametrize("name", sorted(SAID))
def test_a_recording_says_what_it_says(name: str):
    events, error = replay(name, [body(name)])
    done = events[-1]
    assert error is None
    assert isinstance(done, Done)
    assert (text_of(events), reasoning_of(events), done.finish, done.finish_raw, done.usage) == SAID[name]


@pytest.mark.parametrize("name", sorted(BROKEN))
def test_an_error_in_a_stream_leaves_the_text_before_it(name: str):
    events, error = replay(name, [body(name)])
    assert (text_of(events), error) == BROKEN[name]
    assert not any(isinstance(event, Done) for event in events)


def test_every_recording_is_expected():
    real = {name for name in NAMES if "llama_cpp" in name}
    assert {*SAID, *BROKEN, *real} == set(NAMES)


@pytest.mark.parametrize("name", sorted(CALLED))
def test_calls_of_tools_are_read_whole(name: str):
    events, _ = replay(name, [body(name)])
    done = events[-1]
    assert isinstance(done, Done)
    assert tuple((each.name, each.arguments, each.call_id) for each in done.tool_calls) == CALLED[name]
    assert all(isinstance(each, ToolCall) for each in done.tool_calls)


@pytest.mark.parametrize(
    ("name", "finish", "raw", "usage"),
    [
        ("llama_cpp-length.sse", "length", "length", Usage(input=36, output=24, cached=0)),
        ("llama_cpp-stop.sse", "stop", "stop", Usage(input=36, output=64, cached=35)),
        ("llama_cpp-schema.sse", "stop", "stop", Usage(input=36, output=31, cached=35)),
        ("anthropic-llama_cpp.sse", "stop", "end_turn", Usage(input=28, output=16, cached=0)),
        ("responses-llama_cpp.sse", "stop", "completed", Usage(input=28, output=24, cached=27)),
    ],
)
def test_a_real_engine_is_understood(name: str, finish: Finish, raw: str, usage: Usage):
    (*deltas, done), _ = replay(name, [body(name)])
    assert done == Done(finish=finish, finish_raw=raw, usage=usage)
    assert len(text_of(deltas)) > 60


# --- quirk 2 over all of them ----------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_reads_of_any_size_give_the_same_events(name: str, size: int):
    whole = body(name)
    pieces = [whole[at : at + size] for at in range(0, len(whole), size)]
    assert replay(name, pieces) == replay(name, [whole])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [b"\r\n", b"\r"])
def test_other_line_ends_and_a_mark_give_the_same_events(name: str, ending: bytes):
    other = b"\xef\xbb\xbf" + body(name).replace(b"\n", ending)
    assert replay(name, [other]) == replay(name, [body(name)])
    assert replay(name, [other[at : at + 1] for at in range(len(other))]) == replay(name, [body(name)])


@pytest.mark.parametrize("name", NAMES)
def test_a_compressed_body_gives_the_same_events(name: str):
    """A server may compress though it is asked not to. Read through a socket, in pieces of 11 bytes."""
    packed = gzip.compress(body(name))
    pieces = [packed[at : at + 11] for at in range(0, min(len(packed), 1100), 11)] + [packed[1100:]]
    headers = {"Content-Type": "text/event-stream", "Content-Encoding": "gzip"}
    with serve(Reply(headers=headers, pieces=[piece for piece in pieces if piece])) as server:
        said, error = heard(call(protocol(name), ask_any(server.url)))
    assert (said, error and error.kind) == replay(name, [body(name)])


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=40)
@given(places=st.lists(st.integers(min_value=0), max_size=40))
def test_events_do_not_depend_on_the_reads(name: str, places: list[int]):
    whole = _shortened(name)
    edges = sorted({0, len(whole), *(place % len(whole) for place in places)})
    pieces = [whole[a:b] for a, b in pairwise(edges)]
    assert replay(name, pieces) == replay(name, [whole])


def _shortened(name: str) -> bytes:
    """A real engine says much of the same: its last events will do."""
    whole = body(name)
    if "llama_cpp" not in name:
        return whole
    end = whole[-3000:]
    return end[end.index(b"\n\n") + 2 :]


# --- quirk 4 over all of them ----------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in NAMES if not name.endswith(".json")])
def test_cut_after_any_event_it_is_the_partial_text_and_an_error(name: str):
    """Or a success, once its end was named; never a `stop` that nobody said."""
    separator = b"\n" if name.endswith(".ndjson") else b"\n\n"
    events = body(name).split(separator)[:-1]
    for count in range(1, len(events)):
        cut = separator.join(events[:count]) + separator
        said, kind = replay(name, [cut])
        assert is_beginning(said, name)
        if re.search(ENDS[name.partition("-")[0]], cut):
            assert (kind, type(said[-1])) == (None, Done)
        else:
            assert kind == "truncated_stream" or (kind == "bad_response" and b"{" not in cut)


@pytest.mark.parametrize("name", NAMES)
def test_cut_inside_an_event_it_is_never_a_success_of_its_own(name: str):
    whole = body(name)
    for end in range(0, len(whole), 37):
        said, kind = replay(name, [whole[:end]] if end else [])
        assert is_beginning(said, name)
        assert kind in {"truncated_stream", "bad_response"} or isinstance(said[-1], Done)


def is_beginning(said: list[Event], name: str) -> bool:
    """A "<th" at the very end may yet become a tag; until then it is text."""
    text, (whole, _) = text_of(said), replay(name, [body(name)])
    return text_of(whole).startswith(text) or "<think>".startswith(text)


# --- what no protocol says -------------------------------------------------------------------------

STRANGE = (None, 1, -3, 1.5, True, "x", "", [], {}, [None], [[{}]], {"x": [1]}, {"text": {"a": 1}})


@pytest.mark.parametrize("name", [name for name in NAMES if "llama_cpp" not in name])
def test_a_strange_value_anywhere_is_at_most_an_error(name: str):
    lines = body(name).split(b"\n")
    for at, line in enumerate(lines):
        prefix = b"data:" if line.startswith(b"data:") else b""
        for changed in _variants(line.removeprefix(prefix)):
            events, _ = replay(name, [b"\n".join([*lines[:at], prefix + changed, *lines[at + 1 :]])])
            assert not any(isinstance(event, Done) for event in events[:-1])


def _variants(line: bytes) -> Iterator[bytes]:
    """The same JSON with one value of it, at any depth, replaced by each of the strange ones."""
    try:
        payload = json.loads(line)
    except ValueError:
        return
    for path in _paths(payload):
        for value in STRANGE:
            yield json.dumps(_with(payload, path, value)).encode()


def _paths(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield above
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield from _paths(value[key], (*above, key))


def _with(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    changed = copy.copy(value)
    changed[path[0]] = _with(value[path[0]], path[1:], new)
    return changed
