"""What the page of an action shows: its parts, what they read, what stays the same. Saves nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blog.app import db
from blog.app.errors import Invalid
from blog.app.llm import assemble
from blog.app.llm.assemble import LeadingConstant, PartText
from blog.app.llm.inputs import Reference, Vocabulary
from blog.app.llm.prompts import services
from blog.app.llm.prompts.models import Action, ActionListItem, ActionPlace, ActionVersion, PromptPart
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model

SELECTED = {
    "text": "The selected passage",
    "before": "What stands before it",
    "after": "What stands after it",
}
_TAGS = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A stretch of a template: plain text, a value put in, or a tag that decides or repeats."""

    text: str
    is_value: bool = False
    is_tag: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchPart:
    """A part in its place, with an estimate of its own tokens before values are put in."""

    position: int
    part: PartText
    segments: list[Segment]
    tokens: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadInput:
    """Something the parts read, as editors call it and as a template writes it."""

    label: str
    name: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """`problem` says why the parts cannot be read, such as a field that was renamed; None: they can."""

    action: Action
    parts: list[BenchPart]
    places: list[ActionPlace]
    reads: list[ReadInput]
    leading: LeadingConstant | None
    problem: str | None
    model: Model | None
    models: list[Model]
    fallback: Model | None
    repair_part: PartText | None
    repair_parts: list[PromptPart]
    shelf: list[PromptPart]
    versions: list[ActionVersion]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reading:
    reads: list[ReadInput]
    leading: LeadingConstant | None
    problem: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """An action where a field offers it; `place` None: nowhere yet."""

    place: ActionPlace | None
    action: ActionListItem


@dataclass(frozen=True, slots=True, kw_only=True)
class SubStage:
    label: str
    offered: list[Offered]


def by_sub_stage(actions: Sequence[ActionListItem], places: Sequence[ActionPlace]) -> list[SubStage]:
    """The actions in the order of the workflow; one that two fields offer is there twice."""
    known = {action.id: action for action in actions}
    groups: dict[str, list[Offered]] = {}
    for place in places:
        if action := known.get(place.action_id):
            label = f"{place.stage_label} · {place.sub_stage_label}"
            groups.setdefault(label, []).append(Offered(place=place, action=action))
    return [SubStage(label=label, offered=offered) for label, offered in groups.items()]


def unbound(actions: Sequence[ActionListItem], places: Sequence[ActionPlace]) -> list[Offered]:
    bound = {place.action_id for place in places}
    return [Offered(place=None, action=action) for action in actions if action.id not in bound]


def get_bench(conn: db.Connection, action_id: int, vocabulary: Vocabulary, search: str | None) -> Bench:
    action = services.get_newest_action(conn, action_id)
    parts = services.load_parts(conn, action.version.id)
    reading = _read(parts, vocabulary, services.list_field_labels(conn))
    models = registry.list_usable_models(conn)
    return Bench(
        action=action,
        parts=[_bench_part(number, part) for number, part in enumerate(parts, start=1)],
        places=services.list_action_places(conn, action_id),
        reads=reading.reads,
        leading=reading.leading,
        problem=reading.problem,
        model=_model(conn, action.version, models),
        models=models,
        fallback=_fallback(conn, action.version),
        repair_part=_repair_part(conn, action.version),
        repair_parts=services.list_repair_parts(conn),
        shelf=services.list_parts(conn, search),
        versions=services.list_action_versions(conn, action_id),
    )


def segments(template: str) -> list[Segment]:
    pieces = (piece for piece in _TAGS.split(template) if piece)
    return [
        Segment(text=piece, is_value=piece.startswith("{{"), is_tag=piece.startswith("{%"))
        for piece in pieces
    ]


def _bench_part(position: int, part: PartText) -> BenchPart:
    return BenchPart(
        position=position,
        part=part,
        segments=segments(part.template),
        tokens=assemble.estimate_tokens(part.template),
    )


def _read(
    parts: Sequence[PartText], vocabulary: Vocabulary, labels: Mapping[tuple[str, str], str]
) -> _Reading:
    try:
        required = assemble.required_inputs(parts, vocabulary)
        return _Reading(
            reads=[
                ReadInput(label=_label(each, labels), name=str(each), is_required=each in required)
                for each in sorted(assemble.read_inputs(parts, vocabulary))
            ],
            leading=assemble.leading_constant(parts, vocabulary),
            problem=None,
        )
    except Invalid as exc:
        return _Reading(reads=[], leading=None, problem=exc.message)


def _label(reference: Reference, labels: Mapping[tuple[str, str], str]) -> str:
    scope = "post" if reference.scope == "post" else "section"
    label = labels.get((scope, reference.field), reference.field.replace("_", " ").capitalize())
    match reference.scope:
        case "section":
            return f"{label} of this section"
        case "sections":
            return f"{label} of each section"
        case "selection":
            return SELECTED[reference.field]
        case "post" | "input":
            return label


def _model(conn: db.Connection, version: ActionVersion, models: Sequence[Model]) -> Model | None:
    """The model a run would ask now; also one that is switched off, so that the page can say so."""
    if version.model_id is not None:
        return registry.get_model(conn, version.model_id)
    return next((model for model in models if model.is_default), None)


def _fallback(conn: db.Connection, version: ActionVersion) -> Model | None:
    return None if version.fallback_model_id is None else registry.get_model(conn, version.fallback_model_id)


def _repair_part(conn: db.Connection, version: ActionVersion) -> PartText | None:
    return None if version.repair_part_id is None else services.load_part(conn, version.repair_part_id)
