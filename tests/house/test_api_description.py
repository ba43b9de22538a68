"""The OpenAPI document is valid and complete: every edge, every refusal, every shape."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from openapi_spec_validator import validate

from blog.app import openapi

PROBLEM = {"$ref": "#/components/responses/Problem"}


@pytest.fixture(scope="session")
def described(wired: Flask) -> dict[str, Any]:
    with wired.test_request_context():
        return json.loads(openapi.document(wired))


@pytest.fixture(scope="session")
def operations(described: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, verb, operation)
        for path, verbs in described["paths"].items()
        for verb, operation in verbs.items()
    ]


def test_the_document_is_valid_openapi_3_0(described: dict[str, Any]) -> None:
    assert described["openapi"] == "3.0.3"
    validate(described)


def test_every_edge_of_the_api_is_described(
    wired: Flask, operations: list[tuple[str, str, dict[str, Any]]]
) -> None:
    there = sum(len(rule.methods - {"HEAD", "OPTIONS"}) for rule in openapi.api_rules(wired))
    assert len(operations) == there


def test_every_edge_has_a_summary_a_tag_and_a_name_of_its_own(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    without = [(path, verb) for path, verb, op in operations if not (op.get("summary") and op.get("tags"))]
    assert without == []
    assert {tag for _, _, op in operations for tag in op["tags"]} == openapi.TAGS.keys()
    names = [op["operationId"] for _, _, op in operations]
    assert sorted(names) == sorted(set(names))


def test_every_refusal_is_a_problem(operations: list[tuple[str, str, dict[str, Any]]]) -> None:
    wrong = [
        (path, verb, status)
        for path, verb, op in operations
        for status, response in op["responses"].items()
        if status >= "400" and response != PROBLEM
    ]
    assert wrong == []


def test_every_edge_names_the_refusals_it_cannot_be_without(
    operations: list[tuple[str, str, dict[str, Any]]],
) -> None:
    for path, _, operation in operations:
        refusals = operation["responses"].keys()
        assert "401" in refusals or operation["security"] == []
        assert "404" in refusals or "{" not in path
        assert "422" in refusals or "requestBody" not in operation


def test_who_may_is_said_from_what_the_edge_declares(wired: Flask, described: dict[str, Any]) -> None:
    assert described["paths"]["/api/v1/posts"]["get"]["x-permission"] == "post.read"
    assert described["paths"]["/api/v1/posts"]["get"]["responses"]["403"] == PROBLEM
    assert described["paths"]["/api/v1/me"]["get"]["responses"]["401"] == PROBLEM
    assert "401" not in described["paths"]["/api/v1/openapi.json"]["get"]["responses"]


def test_no_shape_shows_a_secret(described: dict[str, Any]) -> None:
    """NewApiToken and NewUser are the one moment a token or a password can be read."""
    told = {
        (name, prop)
        for name, schema in described["components"]["schemas"].items()
        if not schema.get("writeOnly")
        for prop in schema.get("properties", {})
        if prop in {"password_hash", "token_hash", "sealed_key", "key_hash"}
    }
    assert told == set()


def _nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from _nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from _nodes(each)


def test_every_reference_leads_somewhere(described: dict[str, Any]) -> None:
    for node in _nodes(described):
        if isinstance(reference := node.get("$ref"), str):
            found: Any = described
            for step in reference.removeprefix("#/").split("/"):
                found = found[step]
