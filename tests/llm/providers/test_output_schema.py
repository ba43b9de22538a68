"""A schema goes as far as a server takes it; what it does not take is said."""

import json
from typing import Any

import pytest

from blog.app.llm.providers.base import ModelTraits
from blog.app.llm.providers.output_schema import held
from tests.llm.providers.asking import ask
from tests.llm.providers.protocols import EVERY, PROTOCOLS, ask_any

PLAN = {
    "type": "object",
    "properties": {
        "minItems": {"type": "array", "minItems": 3, "items": {"type": "string", "enum": [{"minItems": 1}]}},
        "inner": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}},
    },
    "required": ["minItems"],
}
CAPABLE = ModelTraits(max_output=99, capabilities=frozenset({"schema"}))
PLACES: dict[str, tuple[str, ...]] = {
    "anthropic": ("output_config", "format", "schema"),
    "gemini": ("generationConfig", "responseJsonSchema"),
    "ollama": ("format",),
    "openai": ("response_format", "json_schema", "schema"),
    "responses": ("text", "format", "schema"),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_schema_stands_where_the_protocol_has_it(name: str):
    wire = PROTOCOLS[name].adapter.build(ask_any(schema=PLAN, traits=CAPABLE))
    value: Any = json.loads(wire.body)
    for key in PLACES[name]:
        value = value[key]
    assert value == PLAN
    assert wire.dropped == ()


@pytest.mark.parametrize("name", [name for name in EVERY if name != "ollama"])
def test_a_model_that_is_not_known_to_follow_one_gets_none(name: str):
    wire = PROTOCOLS[name].adapter.build(ask_any(schema=PLAN))
    assert b"minItems" not in wire.body
    assert [each.name for each in wire.dropped] == ["output_schema"]


def test_gemini_s_older_field_and_type_are_a_row_s_choice():
    wire = PROTOCOLS["gemini"].adapter.build(
        ask_any(schema=PLAN, traits=CAPABLE, options={"schema_field": "responseSchema"})
    )
    assert json.loads(wire.body)["generationConfig"] == {
        "responseMimeType": "application/json",
        "responseSchema": PLAN,
    }


def test_keywords_a_server_refuses_are_left_out_at_any_depth_and_named():
    options = {"schema_without": ["minItems", "minimum", "pattern"], "schema_closed": True}
    sent = held(ask(schema=PLAN, traits=CAPABLE, options=options))
    assert sent.schema == {
        "type": "object",
        "properties": {
            "minItems": {"type": "array", "items": {"type": "string", "enum": [{"minItems": 1}]}},
            "inner": {
                "type": "object",
                "properties": {"n": {"type": "integer"}},
                "additionalProperties": False,
            },
        },
        "required": ["minItems"],
        "additionalProperties": False,
    }
    [reported] = sent.dropped
    assert "no minItems, minimum in it" in reported.reason


def test_a_list_is_not_put_to_a_server_that_takes_objects_only():
    sent = held(ask(schema={"type": "array"}, traits=CAPABLE, options={"schema_root": "object"}))
    assert sent.schema is None
    assert "schemas of an object" in sent.dropped[0].reason
