"""OpenAI's chat completions: what is sent, and the replies that recordings do not show."""

import json

import pytest

from blog.app.llm.providers import openai, openai_reply
from blog.app.llm.providers.base import (
    Done,
    ModelTraits,
    ProviderError,
    ReasoningDelta,
    Role,
    TextDelta,
    WireRequest,
    masked_headers,
)
from tests.llm.providers.asking import ask
from tests.llm.providers.scripted import (
    Received,
    Reply,
    event,
    json_reply,
    openai_chunk,
    serve,
)


def sent(wire: WireRequest) -> dict:
    return json.loads(wire.body)


def dropped(wire: WireRequest) -> set[str]:
    return {each.name for each in wire.dropped}


@pytest.mark.parametrize(
    ("base", "url"),
    [
        ("http://h:1", "http://h:1/v1/chat/completions"),
        ("http://h:1/", "http://h:1/v1/chat/completions"),
        ("http://h/v1", "http://h/v1/chat/completions"),
        ("http://h/openai/v1/", "http://h/openai/v1/chat/completions"),
        ("https://h/deployments/d?api-version=1", "https://h/deployments/d/chat/completions?api-version=1"),
    ],
)
def test_only_an_address_without_a_path_gets_v1(base: str, url: str):
    assert openai.build(ask(base)).url == url


def test_what_is_sent_is_what_was_asked_and_nothing_else():
    wire = openai.build(
        ask("http://h", ("system", "Be plain."), ("user", "Çats?"), temperature=0.2, seed=7, max_output=50)
    )
    assert sent(wire) == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "Be plain."},
            {"role": "user", "content": "Çats?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.2,
        "seed": 7,
        "max_tokens": 50,
    }
    assert wire.dropped == ()


def test_usage_is_not_asked_for_where_the_row_says_so():
    assert "stream_options" not in sent(openai.build(ask(options={"include_usage": False})))


def test_quirk_21_messages_stay_untouched_in_order_and_text():
    said: list[tuple[Role, str]]
    said = [("system", "a"), ("user", "b"), ("user", "c"), ("system", "d"), ("user", "e")]
    assert [(m["role"], m["content"]) for m in sent(openai.build(ask("http://h", *said)))["messages"]] == [
        *said
    ]


def test_quirk_21_a_strict_server_gets_one_system_text_and_merged_turns():
    said: list[tuple[Role, str]]
    said = [("system", "a"), ("user", "b"), ("user", "c"), ("system", "d"), ("assistant", "e")]
    wire = openai.build(ask("http://h", *said, options={"strict_turns": True}))
    assert [(m["role"], m["content"]) for m in sent(wire)["messages"]] == [
        ("system", "a\n\nd"),
        ("user", "b\n\nc"),
        ("assistant", "e"),
    ]
    assert dropped(wire) == {"5 messages"}


def test_quirk_22_empty_messages_are_left_out_and_reported():
    wire = openai.build(ask("http://h", ("system", " \n"), ("user", "x"), ("assistant", "")))
    assert [m["content"] for m in sent(wire)["messages"]] == ["x"]
    assert dropped(wire) == {"message 1", "message 3"}


def test_quirk_22_a_call_of_nothing_but_empty_messages_fails_before_it_is_made():
    with pytest.raises(ProviderError, match="every message is empty"):
        openai.build(ask("http://h", ("user", "  ")))


def test_quirk_22_a_model_that_refuses_prefill_is_not_asked():
    refusing = ModelTraits(refused=frozenset({"prefill"}))
    with pytest.raises(ProviderError, match="must not be the assistant's"):
        openai.build(ask("http://h", ("user", "x"), ("assistant", "Once"), traits=refusing))


def test_quirk_23_unset_parameters_are_not_sent_and_refused_ones_are_reported():
    wire = openai.build(
        ask(traits=ModelTraits(refused=frozenset({"stop"})), temperature=None, stop=["x"], top_k=4)
    )
    assert set(sent(wire)) == {"model", "messages", "stream", "stream_options"}
    assert b"null" not in wire.body
    assert dropped(wire) == {"stop", "top_k"}


@pytest.mark.parametrize(
    ("traits", "options", "name"),
    [
        (ModelTraits(), {}, "max_tokens"),
        (ModelTraits(output_cap_name="max_completion_tokens"), {}, "max_completion_tokens"),
        (ModelTraits(), {"max_tokens_name": "max_completion_tokens"}, "max_completion_tokens"),
    ],
)
def test_quirk_24_one_cap_under_the_name_the_model_knows(traits, options, name):
    body = sent(openai.build(ask(traits=traits, options=options, max_output=9)))
    assert {key: body[key] for key in body if key.startswith("max_")} == {name: 9}


def test_a_cap_above_the_models_own_is_lowered_and_reported():
    wire = openai.build(ask(traits=ModelTraits(max_output=100), max_output=500))
    assert sent(wire)["max_tokens"] == 100
    assert dropped(wire) == {"max_output"}


THINKS = ModelTraits(capabilities=frozenset({"thinking"}))


@pytest.mark.parametrize(
    ("traits", "options", "think", "fields", "reported"),
    [
        (ModelTraits(), {}, True, {}, {"think"}),
        (ModelTraits(), {}, False, {}, set()),
        (THINKS, {}, None, {}, set()),
        (THINKS, {}, "high", {"reasoning_effort": "high"}, set()),
        (THINKS, {}, True, {"reasoning_effort": "medium"}, set()),
        (THINKS, {}, False, {"reasoning_effort": "none"}, set()),
        (THINKS, {"think_style": "type"}, True, {"thinking": {"type": "enabled"}}, set()),
        (
            THINKS,
            {"think_style": "template"},
            False,
            {"chat_template_kwargs": {"enable_thinking": False}},
            set(),
        ),
    ],
)
def test_quirk_25_thinking_is_asked_for_as_the_server_understands_it(
    traits, options, think, fields, reported
):
    wire = openai.build(ask(traits=traits, options=options, think=think))
    plain = sent(openai.build(ask()))
    assert {key: value for key, value in sent(wire).items() if key not in plain} == fields
    assert dropped(wire) == reported


def test_a_schema_is_sent_only_to_a_model_that_follows_one():
    schema = {"type": "array"}
    capable = ModelTraits(capabilities=frozenset({"schema"}))
    wire = openai.build(ask(traits=capable, schema=schema))
    assert sent(wire)["response_format"]["json_schema"]["schema"] == schema
    plain = openai.build(ask(schema=schema))
    assert "response_format" not in sent(plain)
    assert dropped(plain) == {"output_schema"}


def test_the_system_role_has_the_models_name_for_it():
    wire = openai.build(ask("http://h", ("system", "a"), traits=ModelTraits(system_role="developer")))
    assert sent(wire)["messages"][0]["role"] == "developer"


def test_quirk_30_a_key_is_sent_and_shown_nowhere():
    request = ask(key=" sk-secret ", options={"extra_headers": {"X-Team": "t-secret"}})
    wire = openai.build(request)
    assert wire.headers["Authorization"] == "Bearer sk-secret"
    assert wire.headers["X-Team"] == "t-secret"
    assert "secret" not in f"{request!r}{wire!r}{masked_headers(wire)}{wire.body!r}"


def test_another_header_carries_the_key_bare():
    wire = openai.build(ask(key="k", options={"auth_header": "api-key"}))
    assert (wire.headers["api-key"], "Authorization" in wire.headers) == ("k", False)


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown():
    with pytest.raises(ProviderError) as caught:
        openai.build(ask(key="sk-\nsecret"))
    assert caught.value.kind == "auth"
    assert "secret" not in str(caught.value)


# --- replies -----------------------------------------------------------------------------------


def read(*bodies: bytes) -> list:
    return list(openai_reply.read(bodies))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"", "bad_response", "nothing"),
        (b'""', "bad_response", "not in the provider's protocol"),
        (b"<html><p>Welcome to <b>nginx</b></html>", "bad_response", "Welcome to nginx"),
        (b"upstream timed out", "bad_response", "upstream timed out"),
        (b'{"error": {"message": "no credit", "code": 402}}', "quota", "no credit"),
        (b'{"choices": null}', "bad_response", "protocol: .*choices"),
        (b"[]", "bad_response", "protocol"),
        (b'data: {"choices": null}\n\ndata: [DONE]\n\n', "bad_response", "no reply"),
        (b"data: [DONE]\n\n", "bad_response", "no reply"),
        (b'data: {"error": {"message": "busy", "code": 503}}\n\n', "overloaded", "busy"),
        (b'event: error\ndata: {"code": "server_error", "message": "boom"}\n\n', "server", "boom"),
        (b"data: <oops\n\n", "bad_response", "oops"),
        (b"data: {}\n\n", "truncated_stream", "broke off"),
    ],
)
def test_quirk_6_a_200_that_is_no_reply_is_an_error(body: bytes, kind: str, words: str):
    with pytest.raises(ProviderError, match=words) as caught:
        read(body)
    assert caught.value.kind == kind


def test_a_reply_in_one_piece_is_a_reply_too():
    body = {
        "choices": [{"message": {"role": "assistant", "content": "Cats."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    text, done = read(b"\n\n" + json.dumps(body).encode())
    assert (text, done.finish, done.usage.output) == (TextDelta("Cats."), "stop", 2)


def test_quirk_5_an_error_after_text_leaves_the_text():
    body = event(openai_chunk({"content": "Ca"})) + event({"error": {"message": "boom"}})
    events = openai_reply.read([body])
    assert next(events) == TextDelta("Ca")
    with pytest.raises(ProviderError, match="boom"):
        next(events)


def test_an_error_of_null_is_none():
    body = event({**openai_chunk({"content": "Ca"}, "stop"), "error": None})
    assert read(body)[0] == TextDelta("Ca")


@pytest.mark.parametrize(
    ("said", "finish"),
    [("stop", "stop"), ("eos", "stop"), ("model_length", "length"), (1, "stop"), ("SAFETY_2", "stop")],
)
def test_quirk_11_any_finish_is_kept_word_for_word(said, finish):
    *_, done = read(event(openai_chunk({"content": "x"}, said)) + b"data: [DONE]\n\n")
    assert (done.finish, done.finish_raw) == (finish, str(said))


def test_quirk_13_length_inside_a_thought_is_length():
    *deltas, done = read(event(openai_chunk({"content": "<think>Hmm"}, "length")) + b"data: [DONE]\n\n")
    assert deltas == [ReasoningDelta("Hmm")]
    assert isinstance(done, Done)
    assert done.finish == "length"


def test_quirk_3_pings_padding_and_unknown_things_are_passed_over():
    body = (
        b": hello\n\nevent: ping\ndata: {}\n\ndata:\n\ndata: 7\n\ndata: [1]\n\nretry: 5\n\n"
        b"event: odd\ndata:   " + json.dumps(openai_chunk({"content": "x"}, "stop")).encode() + b"   \n\n"
        b"data: [DONE]\n\n"
    )
    assert read(body)[0] == TextDelta("x")


# --- models ------------------------------------------------------------------------------------


def test_models_are_listed_with_what_the_server_says_of_them():
    rows = [
        {"id": "a", "context_length": 4096, "supported_parameters": ["reasoning", "structured_outputs"]},
        {"id": "b", "max_model_len": 8192},
        {"id": "c", "meta": {"n_ctx_train": 32768}},
        {"id": "d", "meta": None},
        {"no": "name"},
    ]

    def script(received: Received) -> Reply:
        assert (received.method, received.path) == ("GET", "/v1/models")
        assert received.headers["authorization"] == "Bearer k"
        return json_reply({"object": "list", "data": rows})

    with serve(script) as server:
        listed = openai.list_models(ask(server.url, key="k").endpoint)
    assert [(m.name, m.context_window) for m in listed] == [
        ("a", 4096),
        ("b", 8192),
        ("c", 32768),
        ("d", None),
    ]
    assert listed[0].capabilities == {"thinking", "schema"}


def test_a_list_that_is_none_is_said_to_be_none():
    with (
        serve(json_reply({"hello": "world"})) as server,
        pytest.raises(ProviderError, match="not with a list"),
    ):
        openai.list_models(ask(server.url).endpoint)
