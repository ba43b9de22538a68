"""Ollama's own protocol: what is sent, and the replies that recordings do not show."""

import json

import pytest

from blog.app.llm.providers import ollama
from blog.app.llm.providers.base import ModelTraits, ProviderError
from tests.llm.providers.asking import ask
from tests.llm.providers.scripted import Received, Reply, json_reply, serve


def sent(request) -> dict:
    return json.loads(ollama.build(request).body)


def test_options_are_nested_and_the_context_is_always_said():
    body = sent(ask(traits=ModelTraits(context_window=8192), temperature=0.1, max_output=50, stop="x"))
    assert body["options"] == {"num_ctx": 8192, "temperature": 0.1, "num_predict": 50, "stop": ["x"]}
    assert body["truncate"] is False
    assert not {"temperature", "num_predict", "stop", "think", "format"} & set(body)


@pytest.mark.parametrize("base", ["http://h:1", "http://h:1/", "http://h:1/api", "http://h:1/api/"])
def test_the_address_may_be_written_with_or_without_api(base: str):
    assert ollama.build(ask(base)).url == "http://h:1/api/chat"


def test_a_schema_goes_into_format():
    assert sent(ask(schema={"type": "array"}))["format"] == {"type": "array"}


def read(*bodies: bytes) -> list:
    return list(ollama.read(bodies))


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"Ollama is running", "bad_response", "Ollama is running"),
        (b'data: {"choices": []}\n\n', "bad_response", "choices"),
        (b'{"error": "model runner has stopped"}\n', "server", "model runner has stopped"),
        (b'{"message": {"content": "a"}, "done": false}\n{"err', "truncated_stream", "broke off"),
        (b'{"message": {"content": "a"}}\nnonsense\n{"done": true}\n', "bad_response", "nonsense"),
        (b'{"message": null}\n', "truncated_stream", "broke off"),
    ],
)
def test_lines_that_are_no_reply_are_an_error(body: bytes, kind: str, words: str):
    with pytest.raises(ProviderError, match=words) as caught:
        read(body)
    assert caught.value.kind == kind


def test_models_are_listed_with_what_each_says_of_itself():
    def script(received: Received) -> Reply:
        if received.path == "/api/tags":
            return json_reply({"models": [{"name": "a:latest", "size": 5}, {"name": "b"}]})
        assert received.path == "/api/show"
        if received.json["model"] == "b":
            return json_reply({})
        return json_reply(
            {
                "capabilities": ["completion", "thinking"],
                "model_info": {"general.architecture": "llama", "llama.context_length": 131072},
            }
        )

    with serve(script) as server:
        first, second = ollama.list_models(ask(server.url).endpoint)
    assert (first.name, first.context_window) == ("a:latest", 131072)
    assert first.capabilities == {"completion", "thinking"}
    assert (second.name, second.context_window, second.capabilities) == ("b", None, frozenset())


def test_another_server_is_told_apart():
    with (
        serve(json_reply({"object": "list"})) as server,
        pytest.raises(ProviderError, match="as Ollama does"),
    ):
        ollama.list_models(ask(server.url).endpoint)
