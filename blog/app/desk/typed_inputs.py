"""Values typed by hand, a field for each input that an action reads, and what was sent as values."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blog.app import db
from blog.app.errors import Invalid
from blog.app.llm import assemble
from blog.app.llm.cases.schemas import CaseInputs
from blog.app.llm.inputs import SECTIONS, Inputs, Reference, values_of
from blog.app.llm.prompts import services as prompts
from blog.app.translation import gettext as _
from blog.app.workflow import rules, trees, values
from blog.app.workflow.models import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedInput:
    """An input that is typed: `name` as a prompt reads it, `text` as a textarea shows it."""

    name: str
    label: str
    kind: str
    text: str
    is_required: bool


def list_inputs(
    conn: db.Connection, version_ids: Sequence[int], inputs: Inputs, sent: Mapping[str, str] | None = None
) -> list[TypedInput]:
    """What these versions read, with the values they have or those that were `sent`.

    The sections of a post are typed as one JSON array.
    """
    vocabulary = trees.vocabulary(conn)
    parts = [part for version_id in version_ids for part in prompts.load_parts(conn, version_id)]
    required = assemble.required_inputs(parts, vocabulary)
    fields = _fields(conn)
    return [
        TypedInput(
            name=str(reference),
            label=_label(reference, fields),
            kind=_kind(reference, fields),
            text=sent.get(str(reference), "") if sent is not None else _text(reference, inputs, fields),
            is_required=reference in required,
        )
        for reference in _typeable(assemble.read_inputs(parts, vocabulary))
    ]


def _typeable(reads: frozenset[Reference]) -> list[Reference]:
    """Once all sections are read, they are typed as one list, whatever of each is read."""
    single = {reference for reference in reads if reference.scope != "sections"}
    loops = {Reference(scope="post", field=SECTIONS)} if len(single) < len(reads) else set[Reference]()
    return sorted(single | loops)


Fields = Mapping[tuple[str, str], Field]


def _fields(conn: db.Connection) -> Fields:
    found = trees.oldest_workflow(conn)
    return {(field.scope, field.name): field for each in rules.sub_stages(found) for field in each.fields}


def _label(reference: Reference, fields: Fields) -> str:
    field = fields.get((reference.scope, reference.field))
    label = field.label if field else reference.field.replace("_", " ").capitalize()
    return f"{label} of the {reference.scope}" if reference.scope in {"section", "selection"} else label


def _kind(reference: Reference, fields: Fields) -> str:
    if reference.scope == "post" and reference.field == SECTIONS:
        return "json"
    field = fields.get((reference.scope, reference.field))
    return field.kind if field else "text"


def _text(reference: Reference, inputs: Inputs, fields: Fields) -> str:
    [value] = values_of(reference, inputs)
    match value:
        case None:
            return ""
        case str():
            return value
        case list() if _kind(reference, fields) == "list":
            return "\n".join(str(item) for item in value)
        case _:
            return json.dumps(value, ensure_ascii=False, indent=2)


def read(conn: db.Connection, sent: Mapping[str, str]) -> CaseInputs:
    """The values of a form, by the names prompts read them. A field's value is held to the field's kind."""
    fields = _fields(conn)
    given: dict[str, dict[str, Any]] = {"post": {}, "section": {}, "selection": {}, "input": {}}
    sections: list[dict[str, Any]] = []
    for name, text in sent.items():
        scope, _, field = name.partition(".")
        if scope not in given or not field or not text.strip():
            continue
        if (scope, field) == ("post", SECTIONS):
            sections = _sections_of(text)
        else:
            given[scope][field] = _value(fields.get((scope, field)), text)
    return CaseInputs(
        post=given["post"],
        section=given["section"] or None,
        sections=sections,
        selection=given["selection"] or None,
        input=given["input"],
    )


def _value(field: Field | None, text: str) -> Any:
    if field is None:
        return text.strip()
    return values.parsed(field.kind, values.canonical(field, text))


def _sections_of(text: str) -> list[dict[str, Any]]:
    try:
        found: Any = json.loads(text)
    except ValueError as exc:
        raise Invalid(
            _("The sections are not JSON: %(problem)s.", problem=exc), field=f"post.{SECTIONS}"
        ) from exc
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):  # pyright: ignore[reportUnknownVariableType]
        raise Invalid(_("The sections must be a JSON array of objects."), field=f"post.{SECTIONS}")
    return found  # pyright: ignore[reportUnknownVariableType]


def put_into(before: CaseInputs, typed: CaseInputs, names: Collection[str]) -> CaseInputs:
    """What was typed for these names in place of what there was; values nothing reads now stay."""

    def unread(scope: str, old: Mapping[str, Any] | None) -> dict[str, Any]:
        return {field: value for field, value in (old or {}).items() if f"{scope}.{field}" not in names}

    return CaseInputs(
        post=unread("post", before.post) | typed.post,
        section=(unread("section", before.section) | (typed.section or {})) or None,
        sections=typed.sections if f"post.{SECTIONS}" in names else before.sections,
        selection=(unread("selection", before.selection) | (typed.selection or {})) or None,
        input=unread("input", before.input) | typed.input,
    )
