"""The thirty quirks of providers' protocols, one test or a few under each number, over every protocol.

Recorded bodies are cut up in test_recordings.py, which is quirks 2 and 4 for each of them.
"""

import datetime
import gzip
import json
import threading
import time
from dataclasses import fields
from typing import Any

import pytest

from blog.app import db
from blog.app.llm.inputs import Inputs, Vocabulary
from blog.app.llm.providers import ADAPTERS, failures
from blog.app.llm.providers.base import (
    Cancel,
    Done,
    Event,
    Limits,
    Message,
    ModelTraits,
    ProviderError,
    ReasoningDelta,
    Role,
    TextDelta,
    Usage,
    WireRequest,
    masked_headers,
)
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import execution, services
from blog.app.llm.runs.models import Run
from blog.app.text import clean
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_action, make_model
from tests.llm.providers.asking import ask
from tests.llm.providers.protocols import (
    EVERY,
    LIMITED,
    PROTOCOLS,
    SSE,
    ask_any,
    call,
    heard,
    pieces_of,
    reasoning_of,
    text_of,
)
from tests.llm.providers.quirk_tables import (
    ALL_CAPS,
    BREAKS,
    BUDGET,
    CALLS,
    CAPS,
    CUT_SHORT,
    DECLINED,
    FINISHES,
    GEMINI_MINUTE,
    MIXED,
    NO_REPLIES,
    NO_STREAMS,
    NOISE,
    REFUSALS,
    SHAPES,
    SPENT,
    THOUGHTS,
    TWO,
    WAITS,
    WHOLE,
    piece,
)
from tests.llm.providers.recordings import body as recorded
from tests.llm.providers.recordings import ending
from tests.llm.providers.scripted import (
    EVENTS,
    JSON,
    NDJSON,
    Reply,
    Script,
    event,
    json_reply,
    openai_chunk,
    serve,
)

every_protocol = pytest.mark.parametrize("name", EVERY)
HEADERS = {name: NDJSON if name == "ollama" else EVENTS for name in EVERY}
THINKS = frozenset({"thinking"})
SECRETS = ("a secret for the tests only",)


def read(name: str, *bodies: bytes) -> tuple[list[Event], ProviderError | None]:
    return heard(PROTOCOLS[name].read(bodies))


def said(name: str, *bodies: bytes) -> list[Event]:
    events, error = read(name, *bodies)
    assert error is None
    return events


def done(name: str, *bodies: bytes) -> Done:
    last = said(name, *bodies)[-1]
    assert isinstance(last, Done)
    return last


def built(name: str, *messages: tuple[Role, str], **options: Any) -> WireRequest:
    return PROTOCOLS[name].adapter.build(ask_any("http://h", *messages, **options))


def sent(wire: WireRequest) -> dict[str, Any]:
    return json.loads(wire.body)


def dropped(wire: WireRequest) -> set[str]:
    return {each.name for each in wire.dropped}


def knows(*capabilities: str, **options: Any) -> ModelTraits:
    return ModelTraits(max_output=8000, capabilities=frozenset(capabilities), options=options)


def finish_run(conn: db.Connection, pool: OneConnection, protocol: str, script: Script, **action: Any) -> Run:
    """A run as a worker does it, stored in the database."""
    with serve(script) as server:
        model_id = make_model(conn, server.url, protocol)
        db.run(conn, "UPDATE llm_model SET max_output = 4000 WHERE id = %s", (model_id,))
        action_id = make_action(conn, [("user", "task", "Write.")], model_id=model_id, **action)
        prepared = services.prepare(
            conn, action_id=action_id, model_id=None, vocabulary=Vocabulary(), inputs=Inputs()
        )
        run = services.enqueue_run(conn, all_powerful(conn), prepared)
        execution.execute_run(pool, SECRETS, run.id, 1)
    return services.get_run(conn, run.id)


# --- transport and framing -----------------------------------------------------------------------


@every_protocol
def test_quirk_01_text_is_exact_without_a_charset(name: str):
    text = "a\u0085b\u2028c\u2029入\x0b🐈\u200d⬛ end"
    with serve(PROTOCOLS[name].say([text[:5], text[5:]])) as server:
        assert text_of(call(name, ask_any(server.url))) == text


@every_protocol
@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_quirk_02_reads_line_ends_marks_and_packing_change_nothing(name: str, size: int):
    whole = b"".join(pieces_of(name, "Cats 入", " sleep 🐈."))
    body = gzip.compress(b"\xef\xbb\xbf" + whole.replace(b"\n", b"\r\n"))
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    reply = Reply(headers={**HEADERS[name], "Content-Encoding": "gzip"}, pieces=pieces)
    with serve(reply) as server:
        assert list(call(name, ask_any(server.url))) == said(name, whole)


@pytest.mark.parametrize("name", SSE)
def test_quirk_03_comments_pings_padding_and_unknown_things_are_passed_over(name: str):
    plain = pieces_of(name, "Cats ", "sleep.")
    padded = [piece.replace(b"data: ", b"data:").replace(b"\n\n", b"    \n\n") for piece in plain]
    noisy = b"".join(b"".join(NOISE) + piece for piece in padded)
    assert said(name, noisy) == said(name, b"".join(plain))


def test_quirk_03_blank_lines_between_lines_are_passed_over():
    plain = pieces_of("ollama", "Cats ", "sleep.")
    assert said("ollama", b"\n\r\n".join(plain)) == said("ollama", *plain)


@every_protocol
@pytest.mark.parametrize("way", ["keep", "close", "cut", "reset"])
def test_quirk_04_a_stream_that_breaks_off_is_its_text_and_an_error(name: str, way: Any):
    pieces = pieces_of(name, "Ca", "ts")
    shown: list[bytes | float] = [*pieces[: next(n for n, each in enumerate(pieces, 1) if b"Ca" in each)]]
    with serve(Reply(headers=HEADERS[name], pieces=[*shown, 0.05], ending=way)) as server:
        events, error = heard(call(name, ask_any(server.url)))
    assert error is not None
    assert (text_of(events), error.kind, error.retryable) == ("Ca", "truncated_stream", False)
    assert not any(isinstance(each, Done) for each in events)


@pytest.mark.parametrize(("name", "kept"), [("openai", -2), ("anthropic", -1), ("gemini", None)])
@pytest.mark.parametrize("way", ["close", "cut"])
def test_quirk_04_a_stream_that_named_its_end_may_hang_up_as_it_likes(name: str, kept: int | None, way: Any):
    with serve(Reply(headers=HEADERS[name], pieces=pieces_of(name, "Cats")[:kept], ending=way)) as server:
        events, error = heard(call(name, ask_any(server.url)))
    assert (text_of(events), error) == ("Cats", None)
    assert isinstance(events[-1], Done)


@pytest.mark.parametrize(("name", "error", "kind"), BREAKS)
def test_quirk_05_an_error_in_a_200_keeps_the_text_and_is_not_to_be_retried(
    name: str, error: bytes, kind: str
):
    pieces = pieces_of(name, "Ca", "ts")
    shown = pieces[: next(n for n, each in enumerate(pieces, 1) if b"Ca" in each)]
    with serve(Reply(headers=HEADERS[name], pieces=[*shown, error])) as server:
        events, failed = heard(call(name, ask_any(server.url)))
    assert failed is not None
    assert (text_of(events), failed.kind, failed.message) == ("Ca", kind, "boom")
    assert not failed.retryable


@every_protocol
@pytest.mark.parametrize(("body", "kind", "words"), NO_REPLIES)
def test_quirk_06_a_200_that_is_no_reply_is_an_error(name: str, body: bytes, kind: str, words: str):
    with pytest.raises(ProviderError, match=words) as caught:
        list(PROTOCOLS[name].read([body]))
    assert caught.value.kind == kind


@pytest.mark.parametrize("name", SSE)
@pytest.mark.parametrize(("body", "kind", "words"), NO_STREAMS)
def test_quirk_06_a_stream_without_a_reply_is_an_error(name: str, body: bytes, kind: str, words: str):
    events, error = read(name, body)
    assert events == []
    assert error is not None
    assert error.kind in {kind, "truncated_stream"}
    assert words in error.message or error.kind == "truncated_stream"


@pytest.mark.parametrize(("name", "reply"), WHOLE)
def test_quirk_06_a_reply_in_one_piece_is_a_reply_too(name: str, reply: dict[str, Any]):
    text, last = said(name, json.dumps(reply).encode())
    assert isinstance(last, Done)
    assert (text, last.finish) == (TextDelta("Cats."), "stop")


@pytest.mark.parametrize(("status", "body", "kind", "words"), REFUSALS)
def test_quirk_07_status_words_and_kind_are_found_in_every_shape(
    status: int, body: Any, kind: str, words: str
):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = failures.from_status(status, {}, raw)
    assert (error.kind, error.http_status) == (kind, status)
    assert words in error.message
    assert "<" not in error.message


@every_protocol
@pytest.mark.parametrize("headers", [{}, {"Content-Type": "application/octet-stream"}, JSON])
def test_quirk_07_the_type_of_a_body_is_not_believed(name: str, headers: dict[str, str]):
    body = b'\n\n{"error": {"message": "no"}}'
    with serve(Reply(status=400, headers=headers, pieces=[body], framing="length")) as server:
        _, error = heard(call(name, ask_any(server.url)))
    assert error is not None
    assert (error.kind, error.http_status, error.message) == ("bad_request", 400, "no")


@every_protocol
def test_quirk_08_leading_blank_lines_are_nothing(name: str):
    whole = b"".join(pieces_of(name, "Cats"))
    assert said(name, b"\n\r\n\n" + whole) == said(name, whole)
    assert said("openai", b"\n\n\n" + json.dumps(WHOLE[0][1]).encode())[0] == TextDelta("Cats.")


SHORT = Limits(connect_s=2, first_token_s=0.15, idle_s=0.15, deadline_s=3)


@every_protocol
@pytest.mark.parametrize("shows", [False, True])
def test_quirk_08_the_idle_time_counts_words_and_not_bytes(name: str, shows: bool):
    pieces = pieces_of(name, "Ca", "ts")
    shown = pieces[: next(n for n, each in enumerate(pieces, 1) if b"Ca" in each)] if shows else []
    alive = b"\n" if name == "ollama" else b": keep-alive\n\n"
    reply = Reply(headers=HEADERS[name], pieces=[*shown, *[alive, 0.04] * 60], ending="hang")
    with serve(reply) as server:
        start = time.monotonic()
        events, error = heard(call(name, ask_any(server.url, limits=SHORT)))
        assert server.disconnected.wait(2)
    assert error is not None
    assert (error.kind, text_of(events), error.retryable) == ("timeout", "Ca" if shows else "", not shows)
    assert ("No further text" in error.message) == shows
    assert 0.1 < time.monotonic() - start < 1.5


def cancel_when(happened: threading.Event, cancel: Cancel) -> threading.Thread:
    def stop() -> None:
        assert happened.wait(5)
        time.sleep(0.05)
        cancel.cancel()

    thread = threading.Thread(target=stop)
    thread.start()
    return thread


def test_quirk_09_a_cancel_while_waiting_for_headers_hangs_up_at_once():
    cancel = Cancel()
    with serve(Reply(before_headers_s=30)) as server:
        stopping = cancel_when(server.asked, cancel)
        start = time.monotonic()
        _, error = heard(call("openai", ask(server.url), cancel=cancel))
        assert server.disconnected.wait(2)
        assert time.monotonic() - start < 2
        stopping.join()
    assert error is not None
    assert (error.kind, error.retryable) == ("cancelled", False)


@every_protocol
@pytest.mark.parametrize("framing", ["chunked", "close"])
def test_quirk_09_a_cancel_in_the_middle_of_a_stream_hangs_up_at_once(name: str, framing: Any):
    cancel, shown = Cancel(), threading.Event()
    pieces = pieces_of(name, "Ca", "ts")
    begun = pieces[: next(n for n, each in enumerate(pieces, 1) if b"Ca" in each)]
    with serve(Reply(headers=HEADERS[name], pieces=[*begun, 30.0], framing=framing)) as server:
        stopping = cancel_when(shown, cancel)
        events = call(name, ask_any(server.url), cancel=cancel)
        assert next(events) == TextDelta("Ca")
        shown.set()
        start = time.monotonic()
        with pytest.raises(ProviderError, match="cancelled"):
            next(events)
        assert server.disconnected.wait(2)
        assert time.monotonic() - start < 2
        stopping.join()


@every_protocol
def test_quirk_09_a_consumer_that_leaves_hangs_up(name: str):
    with serve(PROTOCOLS[name].say(["a"] * 200, pause_s=0.1)) as server:
        events = call(name, ask_any(server.url))
        next(events)
        events.close()  # pyright: ignore[reportAttributeAccessIssue] - a generator has it
        assert server.disconnected.wait(2)


# --- finish reasons ------------------------------------------------------------------------------


def test_quirk_10_chunks_without_choices_are_no_reply_and_may_count():
    body = (
        event({"choices": [], "prompt_filter_results": [{"prompt_index": 0}]})
        + event({"choices": [{"index": 0, "delta": None, "finish_reason": None}]})
        + event(openai_chunk({"content": "Cats"}))
        + event({"choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]})
        + event(openai_chunk({}, "stop"))
        + event({"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    )
    text, last = said("openai", body, b"data: [DONE]\n\n")
    assert text == TextDelta("Cats")
    assert last == Done(finish="stop", finish_raw="stop", usage=Usage(input=3, output=2))


def test_quirk_10_a_chunk_of_gemini_s_may_only_count():
    pieces = [event({"usageMetadata": {"promptTokenCount": 5}}), *pieces_of("gemini", "Cats")]
    events = said("gemini", *pieces, event({"usageMetadata": {"promptTokenCount": 6}}))
    assert isinstance(events[-1], Done)
    assert (text_of(events), events[-1].usage.input) == ("Cats", 6)


@pytest.mark.parametrize(("name", "raw", "finish"), FINISHES)
def test_quirk_11_any_finish_is_kept_word_for_word(name: str, raw: Any, finish: str):
    last = done(name, *pieces_of(name, "x", finish=raw))
    assert (last.finish, last.finish_raw) == (finish, str(raw))


@pytest.mark.parametrize("unset", ["", None])
def test_quirk_11_no_finish_before_the_end_is_none(unset: str | None):
    last = done("openai", event(openai_chunk({"content": "x"}, unset)), b"data: [DONE]\n\n")
    assert (last.finish, last.finish_raw) == ("stop", unset)


@pytest.mark.parametrize(
    "name", ["openai-tool_calls.sse", "gemini-function_call.sse", "ollama-tool_calls.ndjson"]
)
def test_quirk_11_a_call_without_its_finish_is_still_a_call(name: str):
    last = ending(name)
    assert last.finish == "tool_call"
    assert last.finish_raw in {"", "STOP", "stop"}


@pytest.mark.parametrize("reason", ["something_new", None])
def test_quirk_11_an_incomplete_response_is_never_a_whole_one(reason: str | None):
    response = {"status": "incomplete", "incomplete_details": {"reason": reason}, "output": []}
    last = done("responses", event({"type": "response.incomplete", "response": response}))
    assert (last.finish, last.finish_raw) == ("error", reason or "incomplete")


@pytest.mark.parametrize(("protocol", "name", "finish"), DECLINED)
def test_quirk_12_a_refusal_in_any_dialect_is_one_and_no_article_is_saved(
    conn: db.Connection, pool: OneConnection, protocol: str, name: str, finish: str
):
    assert ending(name).finish == finish
    run = finish_run(conn, pool, protocol, Reply(headers=EVENTS, pieces=[recorded(name)]))
    assert (run.status, run.error_kind, run.checked_output) == ("failed", finish, None)
    assert run.error_message


@pytest.mark.parametrize("name", [*CUT_SHORT, "openai-mistral.sse"])
def test_quirk_13_a_cap_that_was_met_is_length_with_its_usage(name: str):
    last = ending(name)
    assert last.finish == "length"
    assert last.usage.output is not None


@pytest.mark.parametrize("name", ["openai", "ollama"])
def test_quirk_13_length_inside_a_thought_is_length(name: str):
    *deltas, last = said(name, *pieces_of(name, "<think>Hmm", finish="length"))
    assert deltas == [ReasoningDelta("Hmm")]
    assert isinstance(last, Done)
    assert last.finish == "length"


@pytest.mark.parametrize(
    ("name", "body", "finish"),
    [
        ("anthropic", recorded("anthropic-pause.sse"), "pause"),
        ("responses", recorded("responses-commentary_only.sse"), "pause"),
        ("responses", b'{"object": "response", "status": "queued", "output": []}', "pending"),
        ("responses", b'{"object": "response", "status": "in_progress", "output": []}', "pending"),
        ("responses", b'{"object": "response", "status": "cancelled", "output": []}', "error"),
    ],
)
def test_quirk_14_a_turn_that_goes_on_is_not_complete(name: str, body: bytes, finish: str):
    assert done(name, body).finish == finish


# --- usage and money -----------------------------------------------------------------------------


def test_quirk_15_anthropic_s_cached_tokens_are_counted_once():
    usage = ending("anthropic-plain.sse").usage
    assert (usage.input, usage.cached, usage.cache_write) == (3 + 418 + 1111, 1111, 418)


def test_quirk_16_later_counts_replace_earlier_ones_key_by_key():
    assert ending("anthropic-plain.sse").usage.output == 40
    assert ending("anthropic-thinking.sse").usage == Usage(
        input=20, output=25, cached=0, cache_write=0, reasoning=17
    )


def test_quirk_16_every_round_is_billed():
    usage = ending("anthropic-iterations.sse").usage
    assert usage == Usage(input=100 + 55_096 + 181, output=83 + 8, cached=55_096, cache_write=0)


def test_quirk_17_of_gemini_s_counts_the_last_are_true_and_thoughts_are_output():
    assert ending("gemini-plain.sse").usage == Usage(input=13 + 2, output=9, cached=4)
    assert ending("gemini-thinking.sse").usage == Usage(input=9, output=4 + 12, reasoning=12)


@pytest.mark.parametrize(
    ("total", "output"), [(44, 34), (14, 4), (None, 4), (3, 4)], ids=["outside", "inside", "unsaid", "absurd"]
)
def test_quirk_18_the_total_tells_whether_reasoning_is_inside(total: int | None, output: int):
    counts = {"total_tokens": total}
    chat = {"prompt_tokens": 10, "completion_tokens": 4, **counts}
    last = done(
        "openai", event(openai_chunk({"content": "x"}, "stop")), event({"choices": [], "usage": chat})
    )
    assert last.usage.output == output
    response = {"status": "completed", "usage": {"input_tokens": 10, "output_tokens": 4, **counts}}
    assert (
        done("responses", event({"type": "response.completed", "response": response})).usage.output == output
    )


UNCOUNTED = [
    ("openai", event(openai_chunk({"content": "x"}, "stop"))),
    ("ollama", b'{"message": {"content": "x"}, "done": true}\n'),
    ("anthropic", json.dumps(WHOLE[2][1]).encode()),
    ("gemini", json.dumps(WHOLE[3][1]).encode()),
    ("responses", json.dumps(WHOLE[4][1]).encode()),
]


@pytest.mark.parametrize(("name", "body"), UNCOUNTED)
def test_quirk_19_a_count_that_is_not_said_is_unknown(name: str, body: bytes):
    assert done(name, body).usage == Usage()


def test_quirk_19_counts_are_found_wherever_they_are():
    assert ending("openai-groq.sse").usage == Usage(input=12, output=4)
    assert done("ollama", b'{"done": true, "eval_count": 0}\n').usage == Usage(output=0)
    cached = {"prompt_tokens": 9, "completion_tokens": 1, "cached_tokens": 4}
    body = event({**openai_chunk({"content": "x"}, "stop"), "usage": cached})
    assert done("openai", body).usage == Usage(input=9, output=1, cached=4)


def a_model(conn: db.Connection) -> Model:
    return registry.get_model(conn, make_model(conn))


def test_quirk_20_without_a_price_or_a_count_the_cost_is_unknown(conn: db.Connection):
    model = a_model(conn)
    assert registry.price(model, Usage(input=10, output=10)) is None
    db.run(
        conn,
        "UPDATE llm_model SET price_input = 2, price_output = 10, price_currency = 'USD' WHERE id = %s",
        (model.id,),
    )
    priced = registry.get_model(conn, model.id)
    assert registry.price(priced, Usage(input=10)) is None
    assert str(registry.price(priced, Usage(input=0, output=0))) == "0.000000"
    assert str(registry.price(priced, Usage(input=1532, output=40, cached=1111))) == "0.003464"


# --- building requests ---------------------------------------------------------------------------


def test_quirk_21_every_protocol_gets_the_roles_it_takes_in_their_order():
    anthropic, gemini = built("anthropic", *MIXED), built("gemini", *MIXED)
    assert sent(anthropic)["system"] == "a\n\nb\n\ne"
    assert [(each["role"], each["content"]) for each in sent(anthropic)["messages"]] == [
        ("user", "c\n\nd"),
        ("assistant", "f"),
        ("user", "g"),
    ]
    assert sent(gemini)["systemInstruction"] == {"parts": [{"text": "a\n\nb\n\ne"}]}
    assert [(each["role"], each["parts"]) for each in sent(gemini)["contents"]] == [
        ("user", [{"text": "c\n\nd"}]),
        ("model", [{"text": "f"}]),
        ("user", [{"text": "g"}]),
    ]
    assert dropped(anthropic) == dropped(gemini) == {"message 5"}
    for name, place in (("openai", "messages"), ("ollama", "messages"), ("responses", "input")):
        wire = built(name, *MIXED)
        assert [(each["role"], each["content"]) for each in sent(wire)[place]] == MIXED
        assert wire.dropped == ()


def test_quirk_21_a_strict_server_gets_one_system_text_and_merged_turns():
    wire = built("openai", *MIXED, options={"strict_turns": True})
    assert [(each["role"], each["content"]) for each in sent(wire)["messages"]] == [
        ("system", "a\n\nb\n\ne"),
        ("user", "c\n\nd"),
        ("assistant", "f"),
        ("user", "g"),
    ]
    assert dropped(wire) == {"7 messages"}


@pytest.mark.parametrize("name", ["anthropic", "gemini"])
def test_quirk_21_nothing_but_system_text_is_sent_as_the_user_s(name: str):
    wire = built(name, ("system", "a"), ("system", "b"))
    assert b'"user"' in wire.body
    assert b"a\\n\\nb" in wire.body
    assert dropped(wire) == {"2 messages"}
    assert not {"system", "systemInstruction"} & set(sent(wire))


@every_protocol
def test_quirk_22_empty_messages_are_left_out_and_reported(name: str):
    wire = built(name, ("system", " \n"), ("user", "x"), ("assistant", ""))
    assert dropped(wire) == {"message 1", "message 3"}
    assert b"assistant" not in wire.body
    assert b"system" not in wire.body
    with pytest.raises(ProviderError, match="every message is empty"):
        built(name, ("user", "  "))


@every_protocol
def test_quirk_22_a_model_that_refuses_prefill_is_not_asked(name: str):
    begun: list[tuple[Role, str]] = [("user", "x"), ("assistant", "Once")]
    for refusing in (
        {"traits": ModelTraits(max_output=9, refused=frozenset({"prefill"}))},
        {"options": {"refused": ["prefill"]}},
    ):
        with pytest.raises(ProviderError, match="must not be the assistant's") as caught:
            built(name, *begun, **refusing)
        assert (caught.value.kind, caught.value.retryable) == ("bad_request", False)


def test_quirk_22_a_reply_is_begun_as_each_protocol_takes_it():
    begun: list[tuple[Role, str]] = [("user", "x"), ("assistant", "Once \n")]
    anthropic = built("anthropic", *begun)
    assert sent(anthropic)["messages"][-1] == {"role": "assistant", "content": "Once"}
    assert dropped(anthropic) == {"last message"}
    mistral = built("openai", *begun, options={"prefill_field": "prefix"})
    assert sent(mistral)["messages"][-1] == {"role": "assistant", "content": "Once \n", "prefix": True}
    with pytest.raises(ProviderError, match="Responses protocol does not continue"):
        built("responses", *begun)


@every_protocol
def test_quirk_23_nothing_is_null_and_what_is_not_sent_is_reported(name: str):
    refusing = ModelTraits(max_output=9, refused=frozenset({"temperature"}))
    wire = built(name, ("user", "x"), traits=refusing, temperature=0.5, top_p=None, logit_bias={}, think=None)
    assert b"null" not in wire.body
    assert b"temperature" not in wire.body
    assert {(each.name, each.reason) for each in wire.dropped} == {
        ("temperature", "the model refuses it"),
        ("logit_bias", "the protocol has no such parameter"),
    }


def test_quirk_23_a_server_s_own_names_and_refusals_are_rows():
    wire = built(
        "openai", options={"param_names": {"seed": "random_seed"}, "refused": ["stop"]}, seed=7, stop="x"
    )
    assert sent(wire)["random_seed"] == 7
    assert not {"seed", "stop"} & set(sent(wire))
    assert dropped(wire) == {"seed", "stop"}


def test_quirk_23_what_a_model_refuses_may_hang_on_whether_it_thinks():
    moody = knows("thinking", refused_while_thinking=["temperature"], thinks_by_default=True)
    assert dropped(built("openai", traits=moody, temperature=0.5)) == {"temperature"}
    assert dropped(built("openai", traits=moody, temperature=0.5, think="low")) == {"temperature"}
    assert sent(built("openai", traits=moody, temperature=0.5, think=False))["temperature"] == 0.5
    thinking = built("anthropic", traits=knows("thinking"), temperature=0.5, think=True)
    assert dropped(thinking) == {"temperature"}


def test_quirk_23_of_parameters_that_exclude_each_other_the_first_is_sent():
    wire = built(
        "anthropic", traits=knows(only_one_of=[["temperature", "top_p"]]), temperature=0.5, top_p=0.9
    )
    assert (sent(wire)["temperature"], "top_p" in sent(wire)) == (0.5, False)
    assert dropped(wire) == {"top_p"}


@pytest.mark.parametrize(("name", "traits", "options", "place"), CAPS)
def test_quirk_24_one_cap_under_the_name_it_has_there(name, traits, options, place):
    wire = built(name, traits=ModelTraits(max_output=100, **traits), options=options, max_output=50)
    value: Any = sent(wire)
    for key in place:
        value = value[key]
    assert value == 50
    assert [cap for cap in ALL_CAPS if f'"{cap}"'.encode() in wire.body] == [place[-1]]
    assert dropped(built(name, traits=ModelTraits(max_output=100), max_output=500)) == {"max_output"}


def test_quirk_24_anthropic_is_never_called_without_a_cap():
    assert sent(built("anthropic", traits=ModelTraits(max_output=64)))["max_tokens"] == 64
    default = {"default_max_output": 32}
    assert sent(built("anthropic", traits=ModelTraits(), options=default))["max_tokens"] == 32
    with pytest.raises(ProviderError, match="needs a limit"):
        built("anthropic", traits=ModelTraits())


@pytest.mark.parametrize(("name", "own", "server", "think", "expected", "reported"), THOUGHTS)
def test_quirk_25_thinking_is_asked_for_as_each_understands_it(name, own, server, think, expected, reported):
    traits = LIMITED if own is None else knows("thinking", **own)
    wire = built(name, traits=traits, options=server, think=think)
    plain = sent(built(name, traits=traits))
    plain.pop("think", None)
    added = {key: value for key, value in sent(wire).items() if key not in plain}
    if name == "gemini":
        added = added.get("generationConfig", {}).get("thinkingConfig", {})
    assert added == expected
    assert bool(wire.dropped) == reported


@pytest.mark.parametrize(
    ("think", "level", "reported"), [(False, "low", True), (True, "medium", False), ("high", "high", False)]
)
def test_quirk_25_a_model_of_levels_takes_no_yes_or_no(think: Any, level: str, reported: bool):
    wire = built("ollama", traits=knows("thinking", "thinking_levels"), think=think)
    assert (sent(wire)["think"], bool(wire.dropped)) == (level, reported)


def test_quirk_25_a_budget_leaves_room_for_an_answer():
    small = ModelTraits(max_output=1500, capabilities=THINKS, options=BUDGET)
    wire = built("anthropic", traits=small, think="low")
    assert "thinking" not in sent(wire)
    assert dropped(wire) == {"think"}


@every_protocol
def test_quirk_26_history_is_sent_as_text_and_nothing_else(name: str):
    """Messages hold a role and text: no reasoning, no signature and no call of another provider's."""
    assert {each.name for each in fields(Message)} == {"role", "content"}
    wire = built(name, ("user", "a"), ("assistant", "b"), ("user", "c"), traits=knows("thinking"), think=True)
    foreign = ("reasoning_content", "signature", "thoughtSignature", "encrypted", "tool_call", "previous")
    assert not [word for word in foreign if word.encode() in wire.body]
    assert sent(wire).get("store") is (False if name == "responses" else None)


# --- content shapes ------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "payload"), SHAPES)
def test_quirk_27_text_and_reasoning_are_told_apart_in_every_shape(name: str, payload: dict[str, Any]):
    events = said(name, json.dumps(payload).encode())
    assert (text_of(events), reasoning_of(events)) == ("A", "T")


@pytest.mark.parametrize("name", ["openai", "ollama"])
def test_quirk_27_only_a_leading_tag_is_a_thought(name: str):
    events = said(name, *pieces_of(name, "<th", "ink>T</thi", "nk>\n\nA <think>", " A"))
    assert (text_of(events), reasoning_of(events)) == ("A <think> A", "T")


def called(name: str, *bodies: bytes) -> list[tuple[str, Any]]:
    return [(each.name, each.arguments) for each in done(name, *bodies).tool_calls]


def call_delta(*calls: dict[str, Any]) -> bytes:
    return event(openai_chunk({"tool_calls": list(calls)}))


@pytest.mark.parametrize("case", sorted(CALLS))
def test_quirk_28_calls_are_counted_and_their_arguments_read(case: str):
    end = [event(openai_chunk({}, "tool_calls")), b"data: [DONE]\n\n"]
    assert called("openai", *map(call_delta, CALLS[case]), *end) == TWO
    assert called("openai", call_delta(*CALLS[case]), *end) == TWO


def test_quirk_28_other_protocols_calls_are_read_alike():
    assert called("ollama", recorded("ollama-tool_calls.ndjson")) == [
        ("look_up", {"of": "cats"}),
        ("look_up", {"of": "dogs"}),
    ]
    assert called("anthropic", recorded("anthropic-tool_use.sse")) == [
        ("look_up", {"of": "cats"}),
        ("now", {}),
    ]
    assert called("gemini", recorded("gemini-function_call.sse")) == [
        ("look_up", {"of": "cats"}),
        ("now", {}),
    ]
    assert called("responses", recorded("responses-function_call.sse")) == [("look_up", {"of": "cats"})]
    assert called("openai", call_delta(piece(0, "x", "f", "{oops")), event(openai_chunk({}, "stop"))) == [
        ("f", None)
    ]


# --- retries, keys, what a database holds --------------------------------------------------------

NOW = datetime.datetime(2026, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("headers", "said", "wait"), WAITS)
def test_quirk_29_the_wait_is_read_wherever_it_is_written(
    headers: dict[str, str], said: Any, wait: float | None
):
    body = {"error": {"message": said}} if isinstance(said, str) else said
    error = failures.from_status(429, headers, json.dumps(body).encode(), now=NOW)
    assert (error.kind, error.retryable) == ("rate_limit", True)
    assert error.retry_after_s == (None if wait is None else pytest.approx(wait, abs=1e-6))


@pytest.mark.parametrize("body", [{"error": {"code": "insufficient_quota", "message": "pay"}}, SPENT])
def test_quirk_29_what_no_wait_mends_is_not_to_be_retried(body: dict[str, Any]):
    error = failures.from_status(429, {}, json.dumps(body).encode(), now=NOW)
    assert (error.kind, error.retryable, error.retry_after_s) == ("quota", False, None)


def test_quirk_29_an_error_in_a_stream_says_its_wait_too():
    assert failures.from_stream(GEMINI_MINUTE).retry_after_s == 36
    _, error = read("responses", recorded("responses-error.sse"))
    assert error is not None
    assert (error.kind, error.retry_after_s) == ("rate_limit", 1.5)


@every_protocol
def test_quirk_29_a_wait_reaches_the_caller_and_never_after_text(name: str):
    busy = json_reply({"error": {"message": "busy"}}, 429, retry_after_ms="1500")
    with serve(busy) as server:
        _, error = heard(call(name, ask_any(server.url)))
    assert error is not None
    assert (error.kind, error.retryable, error.retry_after_s) == ("rate_limit", True, 1.5)


KEY = "sk-secret-0123456789"


@every_protocol
def test_quirk_30_a_key_is_sent_and_shown_nowhere(name: str):
    request = ask_any(key=f" {KEY} ", options={"extra_headers": {"X-Team": "t-secret"}})
    wire = PROTOCOLS[name].adapter.build(request)
    assert any(value.endswith(KEY) for value in wire.headers.values())
    assert wire.headers["X-Team"] == "t-secret"
    assert "secret" not in f"{request!r}{wire!r}{masked_headers(wire)}{wire.body!r}{wire.url}"


@every_protocol
@pytest.mark.parametrize("status", [200, 401])
def test_quirk_30_a_key_that_comes_back_is_shown_nowhere(name: str, status: int):
    kept: list[bytes] = []
    with serve(json_reply({"error": {"message": f"Incorrect API key: {KEY}."}}, status)) as server:
        _, error = heard(call(name, ask_any(server.url, key=KEY), tap=kept.append))
    assert error is not None
    assert error.message == "Incorrect API key: •••."
    assert KEY not in f"{error!r}{error}{error.args}"
    assert KEY.encode() not in b"".join(kept)


@pytest.mark.parametrize("name", sorted(ADAPTERS))
@pytest.mark.parametrize("parameter", ["key", "api_key", "KEY"])
def test_quirk_30_a_key_in_an_address_is_refused_without_being_shown(name: str, parameter: str):
    if name == "llama_cpp":
        return  # its address is a folder
    with pytest.raises(ProviderError, match="Take the key out of the address") as caught:
        ADAPTERS[name].build(ask_any(f"https://h/v1?{parameter}={KEY}"))
    assert KEY not in str(caught.value)


def test_quirk_30_where_the_key_goes_is_the_protocol_s_or_the_row_s():
    assert built("anthropic", key="k").headers["x-api-key"] == "k"
    assert built("anthropic", key="k").headers["anthropic-version"] == "2023-06-01"
    assert built("gemini", key="k").headers["x-goog-api-key"] == "k"
    assert built("openai", key="k").headers["Authorization"] == "Bearer k"
    azure = built("openai", key="k", options={"auth_header": "api-key"})
    assert (azure.headers["api-key"], "Authorization" in azure.headers) == ("k", False)


@pytest.mark.parametrize("protocol", sorted(set(ADAPTERS) - {"llama_cpp"}))
def test_quirk_30_text_no_database_can_hold_is_replaced_and_flagged(
    conn: db.Connection, pool: OneConnection, protocol: str
):
    text = "a\x00b\ud800c"
    assert clean(text) == "a\ufffdb\ufffdc"
    say = PROTOCOLS[protocol.removeprefix("openai_")].say
    pieces = [each for each in say(["a\x00b", "@"]).pieces if isinstance(each, bytes)]
    escaped = [each.replace(b"@", b"\\ud800c") for each in pieces]
    run = finish_run(conn, pool, protocol, Reply(headers=EVENTS, pieces=escaped))
    assert (run.status, run.output, run.has_replaced_chars) == ("succeeded", "a\ufffdb\ufffdc", True)
