"""The schema a reply is held to, as far as a server takes it; checking it in full comes afterwards. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from blog.app.llm.providers.base import ChatRequest, Dropped
from blog.app.llm.providers.framing import mapping
from blog.app.llm.providers.profile import said, word, words

# Below these stand schemas by names of somebody's own, which are no keywords.
NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties", "dependentSchemas"})
VALUES = frozenset({"enum", "const", "default", "examples"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """`schema` None: the reply is not held to any."""

    schema: Mapping[str, object] | None
    dropped: tuple[Dropped, ...] = ()


def held(request: ChatRequest) -> Held:
    schema = request.output_schema
    if schema is None:
        return Held(schema=None)
    if "schema" not in request.traits.capabilities:
        return _unheld("the model is not known to follow a schema; the reply is checked afterwards")
    root = word(request, "schema_root")
    if root and schema.get("type") != root:
        return _unheld(f"the server takes only schemas of an {root}; the reply is checked afterwards")
    without = frozenset(words(request, "schema_without"))
    left_out = sorted(_keywords(schema) & without)
    sent = mapping(_narrowed(schema, without, closed=bool(said(request, "schema_closed"))))
    if not left_out:
        return Held(schema=sent)
    reason = f"the server takes no {', '.join(left_out)} in it; the reply is checked for them afterwards"
    return Held(schema=sent, dropped=(Dropped(name="output_schema", reason=reason),))


def _unheld(reason: str) -> Held:
    return Held(schema=None, dropped=(Dropped(name="output_schema", reason=reason),))


def _narrowed(schema: object, without: frozenset[str], *, closed: bool) -> object:
    match schema:
        case Mapping():
            fields = cast("Mapping[str, object]", schema)
            kept = {
                name: _below(name, value, without, closed=closed)
                for name, value in fields.items()
                if name not in without
            }
            return kept | {"additionalProperties": False} if closed and "properties" in kept else kept
        case list():
            return [_narrowed(each, without, closed=closed) for each in cast("list[object]", schema)]
        case _:
            return schema


def _below(name: str, value: object, without: frozenset[str], *, closed: bool) -> object:
    if name in VALUES:
        return value
    if name in NAMED:
        return {own: _narrowed(each, without, closed=closed) for own, each in mapping(value).items()}
    return _narrowed(value, without, closed=closed)


def _keywords(schema: object) -> set[str]:
    match schema:
        case Mapping():
            fields = cast("Mapping[str, object]", schema)
            found = set(fields)
            for name, value in fields.items():
                if name in NAMED:
                    found = found.union(*map(_keywords, mapping(value).values()))
                elif name not in VALUES:
                    found |= _keywords(value)
            return found
        case list():
            return set[str]().union(*map(_keywords, cast("list[object]", schema)))
        case _:
            return set()
