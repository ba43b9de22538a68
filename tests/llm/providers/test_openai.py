"""OpenAI's chat completions: what is sent, and the replies that recordings do not show."""

import json

import pytest

from blog.app.llm.providers import openai, openai_reply
from blog.app.llm.providers.base import (
    ModelTraits,
    ProviderError,
    TextDelta,
    WireRequest,
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


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown():
    with pytest.raises(ProviderError) as caught:
        openai.build(ask(key="sk-\nsecret"))
    assert caught.value.kind == "auth"
    assert "secret" not in str(caught.value)


# --- replies -----------------------------------------------------------------------------------


def read(*bodies: bytes) -> list:
    return list(openai_reply.read(bodies))


def test_an_error_of_null_is_none():
    body = event({**openai_chunk({"content": "Ca"}, "stop"), "error": None})
    assert read(body)[0] == TextDelta("Ca")


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
