"""A value against an action's JSON Schema, in sentences; fetches no other schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry

from blog.app.llm.inputs import Value
from blog.app.llm.reply import shortened

MAX_EXAMPLES = 5


def schema_problems(value: Value, schema: Mapping[str, object] | None) -> Iterator[str]:
    if schema is None:
        return
    # An empty registry: a schema never makes us fetch another one.
    validator = Draft202012Validator(cast("Any", schema), registry=Registry[Any]())
    errors = cast("Iterator[ValidationError]", cast("Any", validator).iter_errors(value))
    # The library names each missing key by an error of its own; the sentence names them all.
    found = dict.fromkeys(f"{_where(error)}: {_schema_words(error)}." for error in errors)
    yield from list(found)[:MAX_EXAMPLES]
    if len(found) > MAX_EXAMPLES:
        yield f"{len(found) - MAX_EXAMPLES} more places do not fit the schema."


def _where(error: ValidationError) -> str:
    steps = [
        f"item {step + 1}" if isinstance(step, int) else f"“{step[:80]}”" for step in error.absolute_path
    ]
    return f"At {', '.join(steps)}" if steps else "At the top"


def _schema_words(error: ValidationError) -> str:  # noqa: PLR0911 - one for each rule
    """The library's own message would repeat the whole reply."""
    rule, told = cast("tuple[str | None, Any]", (error.validator, error.validator_value))
    match rule:
        case "type":
            kinds = cast("list[str]", told if isinstance(told, list) else [told])
            return f"this should be of type {' or '.join(kinds)}"
        case "required":
            missing = [name for name in told if name not in cast("Any", error.instance)]
            return f"there is no {', '.join(f'“{shortened(name)}”' for name in missing)}"
        case "additionalProperties" | "unevaluatedProperties":
            return "there is a key that was not asked for"
        case "enum":
            return f"this is none of {shortened(json.dumps(told, ensure_ascii=False))}"
        case "minItems" | "maxItems" | "minLength" | "maxLength":
            size = len(cast("Any", error.instance))
            most = "at most" if rule.startswith("max") else "at least"
            thing = "items" if rule.endswith("Items") else "characters"
            return f"this has {size} {thing}, {most} {told} were asked for"
        case None:
            return "nothing may stand here"
        case _:
            return f"this breaks the rule “{rule}”: {shortened(json.dumps(told, ensure_ascii=False))}"
