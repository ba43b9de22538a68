"""Parts and actions as pages show them: what they read, what never changes, where they are."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blog.app.errors import Invalid
from blog.app.llm import assemble
from blog.app.llm.assemble import LeadingConstant, PartText
from blog.app.llm.inputs import SECTIONS, SELECTION, Reference, Vocabulary, post_fields, section_fields
from blog.app.llm.prompts import rules
from blog.app.llm.prompts.models import ActionListItem, ActionPlace

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
class ReadInput:
    """Something the parts read, as editors call it and as a template writes it."""

    label: str
    name: str
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """`problem` says why the parts cannot be read, such as a field that was renamed; empty: they can."""

    reads: list[ReadInput]
    leading: LeadingConstant | None
    problem: str


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


def segments(template: str) -> list[Segment]:
    pieces = (piece for piece in _TAGS.split(template) if piece)
    return [
        Segment(text=piece, is_value=piece.startswith("{{"), is_tag=piece.startswith("{%"))
        for piece in pieces
    ]


def read(parts: Sequence[PartText], vocabulary: Vocabulary, labels: Mapping[tuple[str, str], str]) -> Reading:
    try:
        required = assemble.required_inputs(parts, vocabulary)
        return Reading(
            reads=[
                ReadInput(label=_label(each, labels), name=str(each), is_required=each in required)
                for each in sorted(assemble.read_inputs(parts, vocabulary))
            ],
            leading=assemble.leading_constant(parts, vocabulary),
            problem="",
        )
    except Invalid as exc:
        return Reading(reads=[], leading=None, problem=exc.message)


def names(vocabulary: Vocabulary) -> dict[str, list[str]]:
    """What a part may read, by scope."""
    return {
        "post": sorted(post_fields(vocabulary) - {SECTIONS}),
        "section": sorted(section_fields(vocabulary)),
        "repair": sorted(rules.REPAIR_VOCABULARY.input),
        "judge": sorted(rules.JUDGE_VOCABULARY.input),
        "selection": sorted(SELECTION),
    }


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
