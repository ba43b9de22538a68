"""What an action promises to write; refuses a promise nobody could keep, and checks no reply."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast, get_args

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from blog.app.errors import Invalid
from blog.app.llm.pattern import check_pattern
from blog.app.llm.validators import OutputKind, Validator, parse_validators
from blog.app.translation import gettext as _


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputType:
    kind: OutputKind
    schema: Mapping[str, object] | None = None
    validators: tuple[Validator, ...] = ()


def parse_output_type(
    kind: str,
    schema: Mapping[str, object] | None = None,
    validators: Sequence[Mapping[str, object]] = (),
) -> OutputType:
    known = get_args(OutputKind)
    if kind not in known:
        raise Invalid(
            _("There is no output type “%(kind)s”; there are %(known)s.", kind=kind, known=", ".join(known)),
            kind=kind,
        )
    output_kind = cast("OutputKind", kind)
    if schema is not None:
        _check_schema(output_kind, schema)
    return OutputType(kind=output_kind, schema=schema, validators=parse_validators(output_kind, validators))


def _check_schema(kind: OutputKind, schema: Mapping[str, object]) -> None:
    if kind not in {"list", "json"}:
        raise Invalid(_("A schema describes JSON or a list, not a %(kind)s.", kind=kind))
    try:
        Draft202012Validator.check_schema(cast("Any", schema))
        _check_schema_words(schema)
    except SchemaError as exc:
        where = "/".join(str(step) for step in exc.absolute_path) or "the top"
        raise Invalid(
            _("The schema is wrong at %(where)s: %(message)s.", where=where, message=exc.message)
        ) from exc
    except RecursionError as exc:
        raise Invalid(_("The schema is nested too deeply.")) from exc


def _check_schema_words(schema: object) -> None:
    match schema:
        case Mapping():
            for word, value in cast("Mapping[str, object]", schema).items():
                _check_schema_word(word, value)
                _check_schema_words(value)
        case list():
            for value in cast("list[object]", schema):
                _check_schema_words(value)
        case _:
            pass


def _check_schema_word(word: str, value: object) -> None:
    match word, value:
        case (("$ref" | "$dynamicRef"), str()):
            # A reference may lead to another machine or round in a circle.
            raise Invalid(_("The schema refers to “%(value)s”: write it out in full instead.", value=value))
        case "$schema", str() if "2020-12" not in value:
            raise Invalid(_("The schema is for “%(value)s”; only draft 2020-12 is understood.", value=value))
        case "pattern", str():
            check_pattern(value)
        case "patternProperties", Mapping():
            for pattern in cast("Mapping[str, object]", value):
                check_pattern(pattern)
        case _:
            pass
