"""The description of the JSON API: OpenAPI 3.0.3 read from the edges' docstrings, and the page that shows it.

Refuses to be a second place where a shape is written: a docstring only names a row or a schema, and what
that looks like comes from its class.
"""

import inspect
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from importlib.metadata import version
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any, Literal, cast

import flasgger
from flask import Blueprint, Flask, Response, current_app, url_for
from pydantic import BaseModel, TypeAdapter
from pydantic.errors import PydanticUserError
from werkzeug.routing import IntegerConverter

from blog.app import web
from blog.app.auth.permissions import public

Mode = Literal["validation", "serialization"]

API = "/api/v1/"
SCHEMAS = "#/components/schemas/"
SHAPES = ("models", "schemas")  # how the modules are named whose classes may be referred to
FLASGGER = Path(flasgger.__file__).parent

# flasgger's own page loads a web font and runs an inline script, and brings two routes nobody asked for;
# so it gathers the document here and lends its copy of swagger-ui, and the page is ours.
bp = Blueprint("openapi", __name__, static_folder=FLASGGER / "ui3/static", static_url_path="/api/docs/static")
SETTINGS: dict[str, Any] = {
    "openapi": "3.0.3",  # the bundled swagger-ui cannot show 3.1
    "specs": [{"endpoint": "document", "rule_filter": lambda rule: rule.rule.startswith(API)}],  # pyright: ignore[reportUnknownLambdaType, reportUnknownMemberType]
}

# The chapters of the page, in this order. A docstring names one, in whatever case.
TAGS = {
    "Finding": "Posts by any of their facts: list, board, calendar, saved views, jump to.",
    "Posts": "Where they stand and what they are called.",
    "Sections": "The ordered parts of a post.",
    "Fields": "What is written, and its history.",
    "Workflow": "The stages, fields and actions there are.",
    "Automation": "Runs for a field of a post.",
    "Suggestions": "What became of them, to be accepted or discarded.",
    "Review": "How far each sub-stage is, who has it, hand-over and due dates.",
    "Comments": "What people say about a post, a field or a passage.",
    "Notifications": "What a person is told.",
    "Runs": "One execution of an action, whatever for.",
    "Usage": "Tokens, cost, time and errors, counted by day.",
    "Actions": "What an action would send.",
    "Tests and cases": "Versions and models tried side by side; cases, what they found, and the gate.",
    "Registry": "Providers, models, prompt parts and actions.",
    "People": "Who may do what; tokens.",
    "Audit": "What was done, by whom and from where; whether it is all still there.",
    "Description": "This document.",
}

_building = Lock()


def register(app: Flask) -> None:
    app.register_blueprint(bp)


@bp.get("/api/docs")
@public
def show_api_docs() -> Response:
    """The page: swagger-ui over the document. It shows no data, so it is open to all."""
    return web.render("api_docs.html", document=url_for("openapi.get_document"))


@bp.get("/api/v1/openapi.json")
@public
def get_document() -> Response:
    """Get this description.
    ---
    tags: [Description]
    security: []
    responses:
      200:
        description: An OpenAPI 3.0.3 document.
        content: {application/json: {schema: {type: object}}}
    """
    return Response(document(current_app), mimetype="application/json")


def document(app: Flask) -> bytes:
    """The document as JSON, built when it is first asked for and kept."""
    with _building:
        if "openapi_document" not in app.extensions:
            app.extensions["openapi_document"] = json.dumps(_build(app)).encode()
    return cast(bytes, app.extensions["openapi_document"])


def _build(app: Flask) -> dict[str, Any]:
    gatherer: Any = flasgger.Swagger(
        config=SETTINGS,
        template={
            "openapi": "3.0.3",
            "info": {
                "title": "BlogForge",
                "version": version("blogforge"),
                "description": "Send a token as `Authorization: Bearer <token>`. Errors are problem+json.",
            },
            "servers": [{"url": "/"}],
            "tags": [{"name": name, "description": about} for name, about in TAGS.items()],
            "security": [{"bearer": []}],
            "components": {
                "schemas": components(_named_in_docs(app)) | {"Problem": PROBLEM},
                "parameters": PARAMETERS,
                "responses": RESPONSES,
                "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            },
        },
        sanitizer=str,  # its default puts <br/> into descriptions, which are Markdown
    )
    gatherer.app = app
    found = cast(dict[str, Any], gatherer.get_apispecs("document"))
    for rule in api_rules(app):
        path = re.sub(r"<(?:[^<>:]*:)?([^<>]*)>", r"{\1}", rule.rule)
        for verb in rule.methods - {"HEAD", "OPTIONS"}:
            if operation := found["paths"].get(path, {}).get(verb.lower()):
                _complete(operation, rule, app.view_functions[rule.endpoint])
    return found


def api_rules(app: Flask) -> Iterator[Any]:
    """The routes the document describes."""
    return (rule for rule in app.url_map.iter_rules() if rule.rule.startswith(API))


def _complete(operation: dict[str, Any], rule: Any, view: Any) -> None:
    """What follows from the edge itself: its name, what its path holds, who may call it, how it refuses."""
    operation["operationId"] = rule.endpoint.rpartition(".")[2]
    said = operation.get("parameters", [])
    named = {parameter.get("name") for parameter in said}
    in_path = [_path_parameter(rule, name) for name in sorted(rule.arguments) if name not in named]
    operation["parameters"] = [*in_path, *said]
    operation["tags"] = [tag.capitalize() for tag in operation.get("tags", [])]
    refusals = {
        "401": view.access != "public",
        "403": view.access not in {"public", "signed-in"},
        "404": bool(rule.arguments),
        "422": "requestBody" in operation,
    }
    for status in (status for status, can_be in refusals.items() if can_be):
        operation["responses"].setdefault(status, {"$ref": "#/components/responses/Problem"})
    if refusals["403"]:
        operation["x-permission"] = view.access
        needs = f"Needs the permission `{view.access}`."
        operation["description"] = f"{operation.get('description', '').strip()}\n\n{needs}".strip()


# --- components ----------------------------------------------------------------------------------


def _path_parameter(rule: Any, name: str) -> dict[str, Any]:
    is_number = isinstance(rule._converters[name], IntegerConverter)  # pyright: ignore  it has no other way
    kind = {"type": "integer"} if is_number else {"type": "string"}
    return {"name": name, "in": "path", "required": True, "schema": kind}


def _named_in_docs(app: Flask) -> set[str]:
    docs = (inspect.getdoc(app.view_functions[rule.endpoint]) or "" for rule in api_rules(app))
    return {name for doc in docs for name in re.findall(rf"{SCHEMAS}(\w+)", doc)} - {"Problem"}


def components(names: set[str]) -> dict[str, Any]:
    """The schemas of the classes of these names, and of all classes they are made of."""
    shapes = [_shape(name) for name in sorted(names)]
    inputs: list[tuple[str, Mode, TypeAdapter[Any]]] = [
        (shape.__name__, _mode(shape), _adapter(shape)) for shape in shapes
    ]
    each, shared = TypeAdapter.json_schemas(inputs, ref_template=SCHEMAS + "{model}")
    found = cast(dict[str, Any], shared.get("$defs", {}))
    for (name, _), schema in each.items():
        if schema != {"$ref": SCHEMAS + name}:
            found[name] = schema
    return {name: for_openapi_3_0(schema) for name, schema in sorted(found.items())}


def _shape(name: str) -> type:
    """The row or schema of this name. Two of one name could not be told apart in a docstring."""
    match [shape for module in _shape_modules() if (shape := _own_shape(module, name))]:
        case [shape]:
            return shape
        case []:
            raise LookupError(f"No models or schemas module has a {name}.")
        case several:
            places = ", ".join(shape.__module__ for shape in several)
            raise LookupError(f"There are several {name}: in {places}.")


def _own_shape(module: ModuleType, name: str) -> type | None:
    shape = getattr(module, name, None)
    if not isinstance(shape, type) or shape.__module__ != module.__name__:
        return None
    return shape if is_dataclass(shape) or issubclass(shape, BaseModel) else None


def _shape_modules() -> list[ModuleType]:
    """The edges have imported theirs by now, so there is no list of packages to keep up."""
    names = (name for name in sorted(sys.modules) if name.startswith("blog.app."))
    return [sys.modules[name] for name in names if name.endswith(SHAPES)]


def _mode(shape: type) -> Mode:
    """Schemas are what may be sent, rows are what comes back."""
    return "validation" if issubclass(shape, BaseModel) else "serialization"


def _adapter(shape: type) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(shape)
    except PydanticUserError as exc:
        raise LookupError(f"{shape.__name__} has a type that JSON cannot show: {exc}") from exc


# --- from JSON Schema to what OpenAPI 3.0 knows of it ----------------------------------------------

_DROPPED = {"title", "propertyNames", "$schema", "contentMediaType", "contentEncoding"}


def for_openapi_3_0(schema: Mapping[str, Any]) -> dict[str, Any]:
    """The same schema in the older words of OpenAPI 3.0: nullable, enum, boolean exclusive bounds."""
    found = {key: _value(key, value) for key, value in schema.items() if key not in _DROPPED}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if "examples" in found:
        found["example"] = found.pop("examples")[0]
    if "prefixItems" in found:
        found["items"] = {"anyOf": found.pop("prefixItems")}
    for bound in ("minimum", "maximum"):
        exclusive = "exclusive" + bound.capitalize()
        if exclusive in found:
            found |= {bound: found[exclusive], exclusive: True}
    return _nullable(found) if "anyOf" in found else found


def _value(key: str, value: Any) -> Any:
    match key, value:
        case "properties", dict():
            schemas = cast(dict[str, dict[str, Any]], value)
            return {name: for_openapi_3_0(schema) for name, schema in schemas.items()}
        case "anyOf" | "oneOf" | "allOf" | "prefixItems", list():
            return [for_openapi_3_0(schema) for schema in cast(list[dict[str, Any]], value)]
        case "items" | "additionalProperties", dict():
            return for_openapi_3_0(cast(dict[str, Any], value))
        case "description", str():
            return re.sub(r"\bNone(?=[:)])", "null", value)  # a docstring is about Python, this about JSON
        case _:
            return value


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """`anyOf [X, null]` as a nullable X."""
    choices = [choice for choice in schema["anyOf"] if choice.get("type") != "null"]
    if len(choices) == len(schema["anyOf"]):
        return schema
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    match choices:
        case [{"$ref": _} as reference]:
            return {"allOf": [reference], "nullable": True} | rest
        case [only]:
            return _or_null(only) | rest
        case _:
            return {"anyOf": [_or_null(choice) for choice in choices]} | rest


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    """An enum must name null too."""
    nullable: dict[str, Any] = {"nullable": True}
    return schema | nullable | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


# --- what every edge shares ----------------------------------------------------------------------

PROBLEM = {
    "type": "object",
    "description": "What went wrong, in words for a person, with the facts a program needs beside them.",
    "required": ["type", "title", "status", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "`/problems/` and the kind, such as `conflict`."},
        "title": {"type": "string", "description": "The sentence a page would show."},
        "status": {"type": "integer"},
        "request_id": {"type": "string", "description": "As in X-Request-Id; it leads to the log."},
        "problems": {
            "type": "array",
            "description": "With 422: every value that was refused.",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "message": {"type": "string"}},
            },
        },
        "current_revision_id": {
            "type": "integer",
            "nullable": True,
            "description": "With 409 on a field: what is there now.",
        },
        "retry_after": {"type": "number", "description": "With 429: seconds to wait."},
    },
    "additionalProperties": True,
}

RESPONSES = {
    "Problem": {
        "description": "Refused or failed; `title` says why.",
        "content": {"application/problem+json": {"schema": {"$ref": SCHEMAS + "Problem"}}},
    }
}

PARAMETERS = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Sending the same request again with the same key answers with the first run.",
        "schema": {"type": "string", "maxLength": 200},
    },
    "After": {
        "name": "after",
        "in": "query",
        "description": "The `next` of the page before.",
        "schema": {"type": "string"},
    },
    "Limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
    "Since": {
        "name": "since",
        "in": "query",
        "description": "The first day, in UTC.",
        "schema": {"type": "string", "format": "date"},
    },
    "Until": {
        "name": "until",
        "in": "query",
        "description": "The last day, in UTC.",
        "schema": {"type": "string", "format": "date"},
    },
    "RunSearch": {
        "name": "search",
        "in": "query",
        "description": "Words of the answer or the messages, as in a search of posts. A run is found "
        "a few seconds after it has ended.",
        "schema": {"type": "string", "maxLength": 500},
    },
    "RunStatus": {
        "name": "status",
        "in": "query",
        "schema": {
            "type": "string",
            "enum": ["queued", "running", "succeeded", "invalid", "failed", "cancelled"],
        },
    },
    "RunErrorKind": {
        "name": "error_kind",
        "in": "query",
        "description": "A kind of error, such as `rate_limit`.",
        "schema": {"type": "string"},
    },
    "RunPurpose": {
        "name": "purpose",
        "in": "query",
        "schema": {"type": "string", "enum": ["use", "test", "case"]},
    },
    "UsageBy": {
        "name": "by",
        "in": "query",
        "schema": {
            "type": "string",
            "enum": ["day", "model", "action", "stage", "person"],
            "default": "day",
        },
    },
    "RunPerson": {
        "name": "person",
        "in": "query",
        "description": "Who asked: a person's id, `me`, or `nobody` for BlogForge itself.",
        "schema": {"type": "string"},
    },
    "AuditName": {
        "name": "name",
        "in": "query",
        "description": "What was done, such as `post.revised`.",
        "schema": {"type": "string"},
    },
    "AuditSubjectKind": {
        "name": "subject_kind",
        "in": "query",
        "description": "To what, such as `post` or `llm_run`.",
        "schema": {"type": "string"},
    },
    "AuditSubject": {
        "name": "subject_id",
        "in": "query",
        "description": "To which of them.",
        "schema": {"type": "integer"},
    },
    "AuditAddress": {
        "name": "address",
        "in": "query",
        "description": "From where: an address, or a network such as `10.0.0.0/8`.",
        "schema": {"type": "string"},
    },
    "AuditRequest": {
        "name": "request_id",
        "in": "query",
        "description": "In which request, as its answer's X-Request-Id said.",
        "schema": {"type": "string"},
    },
}
