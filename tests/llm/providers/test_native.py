"""Anthropic's, Gemini's and the Responses' own: addresses, whole requests, lists of models, profiles."""

import json
from typing import Any

import pytest

from blog.app.llm.providers import anthropic, gemini, openai, openai_responses
from blog.app.llm.providers.base import ModelTraits, ProviderError
from tests.llm.providers.asking import ask
from tests.llm.providers.protocols import ask_any
from tests.llm.providers.scripted import Received, Reply, json_reply, serve


@pytest.mark.parametrize(
    ("adapter", "base", "url"),
    [
        (anthropic, "http://h", "http://h/v1/messages"),
        (anthropic, "http://h/v1/", "http://h/v1/messages"),
        (anthropic, "http://h/anthropic/v1", "http://h/anthropic/v1/messages"),
        (openai_responses, "http://h", "http://h/v1/responses"),
        (openai_responses, "http://h/openai/v1?a=b", "http://h/openai/v1/responses?a=b"),
        (gemini, "http://h", "http://h/v1beta/models/m:streamGenerateContent?alt=sse"),
        (gemini, "http://h/v1beta/", "http://h/v1beta/models/m:streamGenerateContent?alt=sse"),
        (gemini, "http://h/v1beta/openai/", "http://h/v1beta/models/m:streamGenerateContent?alt=sse"),
    ],
)
def test_the_address_may_be_written_as_people_write_it(adapter, base: str, url: str):
    assert adapter.build(ask_any(base)).url == url


def test_a_tuned_model_has_a_path_of_its_own():
    assert "/v1beta/tunedModels/a:stream" in gemini.build(ask("http://h", model="tunedModels/a")).url
    assert "/v1beta/models/a%20b:stream" in gemini.build(ask("http://h", model="a b")).url


def test_what_anthropic_is_sent_is_what_was_asked_and_nothing_else():
    wire = anthropic.build(
        ask_any("http://h", ("system", "Be plain."), ("user", "Çats?"), temperature=0.2, top_k=4, stop="END")
    )
    assert json.loads(wire.body) == {
        "model": "m",
        "max_tokens": 4096,
        "system": "Be plain.",
        "messages": [{"role": "user", "content": "Çats?"}],
        "stream": True,
        "temperature": 0.2,
        "top_k": 4,
        "stop_sequences": ["END"],
    }


def test_what_gemini_is_sent_is_what_was_asked_and_nothing_else():
    wire = gemini.build(ask("http://h", ("user", "Çats?"), seed=7, stop=list("abcdefg"), top_p=0.5))
    assert json.loads(wire.body) == {
        "contents": [{"role": "user", "parts": [{"text": "Çats?"}]}],
        "generationConfig": {"seed": 7, "stopSequences": list("abcde"), "topP": 0.5},
    }
    assert [each.reason for each in wire.dropped] == ["the protocol takes 5 of them: the first were sent"]


def test_what_responses_is_sent_is_what_was_asked_and_nothing_else():
    traits = ModelTraits(system_role="developer")
    wire = openai_responses.build(
        ask("http://h", ("system", "a"), ("user", "b"), traits=traits, max_output=9, seed=1, stop="x")
    )
    assert json.loads(wire.body) == {
        "model": "m",
        "input": [{"role": "developer", "content": "a"}, {"role": "user", "content": "b"}],
        "stream": True,
        "store": False,
        "max_output_tokens": 9,
    }
    assert {each.name for each in wire.dropped} == {"seed", "stop"}


def test_how_hard_to_think_and_what_to_answer_share_a_field():
    able = ModelTraits(
        max_output=99, capabilities=frozenset({"thinking", "schema"}), options={"think_style": "adaptive"}
    )
    body = json.loads(anthropic.build(ask(traits=able, schema={"type": "object"}, think="low")).body)
    assert body["output_config"] == {
        "effort": "low",
        "format": {"type": "json_schema", "schema": {"type": "object"}},
    }


# --- profiles: what rows say ---------------------------------------------------------------------


def test_azure_s_deployments_stand_in_the_path():
    options = {
        "auth_header": "api-key",
        "chat_path": "openai/deployments/{model}/chat/completions",
        "query": {"api-version": "2024-10-21"},
    }
    wire = openai.build(ask("https://h/x", key="k", options=options, model="our gpt"))
    assert wire.url == "https://h/x/openai/deployments/our%20gpt/chat/completions?api-version=2024-10-21"
    assert wire.headers["api-key"] == "k"


def test_fields_that_only_one_server_has_are_rows():
    options: dict[str, Any] = {"extra_body": {"service_tier": "flex", "user": "server"}}
    traits = ModelTraits(max_output=9, options={"extra_body": {"user": "model"}})
    for adapter in (openai, openai_responses, anthropic, gemini):
        body = json.loads(adapter.build(ask(options=options, traits=traits)).body)
        assert (body["service_tier"], body["user"]) == ("flex", "model")


def test_a_beta_is_a_header_of_the_provider_s_row():
    options = {"extra_headers": {"anthropic-beta": "context-1m", "anthropic-version": "2024-01-01"}}
    sent = anthropic.build(ask_any(options=options)).headers
    assert (sent["anthropic-beta"], sent["anthropic-version"]) == ("context-1m", "2024-01-01")


# --- models --------------------------------------------------------------------------------------

ABLE = {
    "structured_outputs": {"supported": True},
    "image_input": {"supported": False},
    "thinking": {
        "supported": True,
        "types": {"adaptive": {"supported": True}, "enabled": {"supported": False}},
    },
    "effort": {
        "supported": True,
        **{level: {"supported": level != "xhigh"} for level in ("low", "high", "xhigh")},
    },
}


def test_anthropic_s_models_are_listed_page_by_page_with_what_they_can():
    def script(received: Received) -> Reply:
        assert received.headers["x-api-key"] == "k"
        assert received.headers["anthropic-version"]
        if "after_id=a" in received.path:
            return json_reply({"data": [{"id": "b", "max_tokens": 0}], "has_more": False})
        row = {"id": "a", "max_input_tokens": 200_000, "max_tokens": 64_000, "capabilities": ABLE}
        return json_reply({"data": [row], "has_more": True, "last_id": "a"})

    with serve(script) as server:
        first, second = anthropic.list_models(ask(server.url, key="k").endpoint)
    assert (first.name, first.context_window, first.max_output) == ("a", 200_000, 64_000)
    assert first.capabilities == {"thinking", "schema"}
    assert first.options == {"think_style": "adaptive", "think_levels": ["none", "low", "high"]}
    assert (second.name, second.max_output, second.capabilities) == ("b", None, frozenset())


def test_gemini_s_models_are_listed_page_by_page_without_those_that_do_not_write():
    def script(received: Received) -> Reply:
        assert received.headers["x-goog-api-key"] == "k"
        assert "key=" not in received.path
        if "pageToken=t" in received.path:
            return json_reply(
                {"models": [{"name": "models/e", "supportedGenerationMethods": ["embedContent"]}]}
            )
        row = {
            "name": "models/g",
            "inputTokenLimit": 1_048_576,
            "outputTokenLimit": 65_536,
            "thinking": True,
            "supportedGenerationMethods": ["generateContent"],
        }
        return json_reply({"models": [row], "nextPageToken": "t"})

    with serve(script) as server:
        [listed] = gemini.list_models(ask(server.url, key="k").endpoint)
    assert (listed.name, listed.context_window, listed.max_output) == ("g", 1_048_576, 65_536)
    assert listed.capabilities == {"schema", "thinking"}


@pytest.mark.parametrize("adapter", [anthropic, gemini, openai_responses])
def test_a_list_that_is_none_is_said_to_be_none(adapter):
    with (
        serve(json_reply({"hello": "world"})) as server,
        pytest.raises(ProviderError, match="not with a list"),
    ):
        adapter.list_models(ask(server.url).endpoint)


def test_a_list_without_an_end_is_not_followed_for_ever():
    endless = {"data": [{"id": "a"}], "has_more": True, "last_id": "a"}
    with serve(json_reply(endless)) as server:
        assert len(anthropic.list_models(ask(server.url).endpoint)) == anthropic.MOST_PAGES
