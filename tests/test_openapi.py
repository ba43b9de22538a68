"""How shapes become OpenAPI 3.0, and that the page stays within its own walls."""

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from blog.app import openapi
from blog.app.insight import models

REFERENCE = {"$ref": "#/components/schemas/Run"}


@pytest.mark.parametrize(
    ("schema", "rewritten"),
    [
        ({"type": "integer", "title": "Id"}, {"type": "integer"}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, {"type": "integer", "nullable": True}),
        ({"anyOf": [REFERENCE, {"type": "null"}]}, {"allOf": [REFERENCE], "nullable": True}),
        (
            {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}], "default": None},
            {"type": "string", "enum": ["a", None], "nullable": True, "default": None},
        ),
        (
            {"anyOf": [{"type": "integer"}, {"type": "string"}, {"type": "null"}]},
            {
                "anyOf": [
                    {"type": "integer", "nullable": True},
                    {"type": "string", "nullable": True},
                ]
            },
        ),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]},) * 2,
        ({"const": "current", "type": "string"}, {"enum": ["current"], "type": "string"}),
        ({"exclusiveMinimum": 0}, {"minimum": 0, "exclusiveMinimum": True}),
        ({"examples": ["a", "b"]}, {"example": "a"}),
        (
            {"prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2},
            {"items": {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "minItems": 2},
        ),
        ({"description": "None: the first."}, {"description": "null: the first."}),
    ],
)
def test_a_schema_is_said_in_the_words_of_3_0(schema: dict[str, Any], rewritten: dict[str, Any]) -> None:
    assert openapi.for_openapi_3_0(schema) == rewritten


def test_a_property_may_have_the_name_of_a_keyword() -> None:
    schema = {"properties": {"title": {"type": "string", "title": "Title"}, "const": {"const": 1}}}
    assert openapi.for_openapi_3_0(schema) == {
        "properties": {"title": {"type": "string"}, "const": {"enum": [1]}}
    }


def test_a_name_without_a_class_is_refused() -> None:
    with pytest.raises(LookupError, match="Nothing"):
        openapi.components({"Nothing"})


def test_a_row_is_described_with_what_it_is_made_of() -> None:
    found = openapi.components({models.RunPage.__name__})
    assert found["RunPage"]["required"] == ["items", "next"]
    assert found["RunPage"]["properties"]["next"] == {"type": "string", "nullable": True}
    assert "RunListItem" in found


def test_the_document_is_built_once(app: Flask) -> None:
    with app.test_request_context():
        assert openapi.document(app) is openapi.document(app)


def test_a_stranger_may_read_the_description(client: FlaskClient) -> None:
    response = client.get("/api/v1/openapi.json")
    assert response.mimetype == "application/json"
    assert response.json
    assert response.json["info"]["title"] == "BlogForge"


def test_the_page_loads_everything_from_here(client: FlaskClient) -> None:
    response = client.get("/api/docs")
    assert response.status_code == 200
    loads = r'<(?:link|script|main)[^>]* (?:src|href|data-document)="([^"]+)"'
    addresses = re.findall(loads, response.text)
    assert len(addresses) == 6
    for address in addresses:
        assert address.startswith("/")
        with client.get(address) as answer:
            assert answer.status_code == 200, address
    assert "unsafe" not in response.headers["Content-Security-Policy"]
