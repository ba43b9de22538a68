"""Decisions about a post in its workflow without I/O: where it may go, how far it is, what it is called."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from blog.app.errors import NotFound
from blog.app.text import cut, folded
from blog.app.translation import gettext as _
from blog.app.workflow.models import Field, Progress, Scope, Stage, SubStage, Workflow
from blog.app.workflow.values import is_filled

TITLE_CHARS = 80
LONGEST_TITLE_FIELD = 300


# --- the tree ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A sub-stage with what is around it. `previous` and `next` None: the workflow begins or ends here."""

    stage: Stage
    sub_stage: SubStage
    previous: SubStage | None
    next: SubStage | None


def narrowed(workflow: Workflow, seen: Collection[int] | None) -> Workflow:
    """Without the fields of sub-stages that are not among `seen`; None: all are. The stages stay, by name."""
    if seen is None:
        return workflow
    return replace(
        workflow,
        stages=[
            replace(stage, sub_stages=[_narrowed(sub_stage, seen) for sub_stage in stage.sub_stages])
            for stage in workflow.stages
        ],
    )


def _narrowed(sub_stage: SubStage, seen: Collection[int]) -> SubStage:
    return sub_stage if sub_stage.id in seen else replace(sub_stage, fields=[])


def sub_stages(workflow: Workflow) -> list[SubStage]:
    return [sub_stage for stage in workflow.stages for sub_stage in stage.sub_stages]


def fields(workflow: Workflow, scope: Scope | None = None) -> list[Field]:
    """In the order of the workflow; `scope` None: of both scopes."""
    found = [field for sub_stage in sub_stages(workflow) for field in sub_stage.fields]
    return [field for field in found if scope is None or field.scope == scope]


def get_field(workflow: Workflow, name: str) -> Field:
    found = next((field for field in fields(workflow) if field.name == name), None)
    if found is None:
        raise NotFound(_("There is no field “%(name)s” in this workflow.", name=name))
    return found


def place(workflow: Workflow, sub_stage: int | str) -> Place:
    """The sub-stage with this id or name."""
    flat = [(stage, found) for stage in workflow.stages for found in stage.sub_stages]
    for number, (stage, found) in enumerate(flat):
        if sub_stage in {found.id, found.name}:
            return Place(
                stage=stage,
                sub_stage=found,
                previous=flat[number - 1][1] if number > 0 else None,
                next=flat[number + 1][1] if number + 1 < len(flat) else None,
            )
    raise NotFound(_("There is no such stage in this workflow."))


def hidden_names(whole: Workflow, narrowed: Workflow) -> dict[Scope, set[str]]:
    """The names of the fields that the narrowed workflow is without, by scope."""
    shown = {field.id for field in fields(narrowed)}
    hidden: dict[Scope, set[str]] = {"post": set(), "section": set()}
    for field in fields(whole):
        if field.id not in shown:
            hidden[field.scope].add(field.name)
    return hidden


def first_field(workflow: Workflow) -> Field:
    """Where the idea of a new post is written."""
    for field in fields(workflow, "post"):
        return field
    raise NotFound(_("The workflow “%(workflow)s” has no field to begin with.", workflow=workflow.label))


# --- progress ------------------------------------------------------------------------------------


def progress(
    workflow: Workflow, section_ids: Sequence[int], filled: Collection[tuple[int | None, int]]
) -> dict[int, Progress]:
    """By sub-stage id. `filled` are the (section id, field id) that hold words."""
    return {sub_stage.id: _progress(sub_stage, section_ids, filled) for sub_stage in sub_stages(workflow)}


def _progress(
    sub_stage: SubStage, section_ids: Sequence[int], filled: Collection[tuple[int | None, int]]
) -> Progress:
    places = [
        (section_id, field.id)
        for field in sub_stage.fields
        for section_id in (section_ids if field.scope == "section" else [None])
    ]
    return Progress(
        sub_stage_id=sub_stage.id, filled=sum(place in filled for place in places), total=len(places)
    )


# --- names ---------------------------------------------------------------------------------------


def naming_fields(workflow: Workflow, scope: Scope) -> list[Field]:
    """The fields that name a post or a section, the one that counts first first."""
    ranked = [field for field in fields(workflow, scope) if field.title_rank is not None]
    return sorted(ranked, key=lambda field: field.title_rank or 0)


def is_date(field: Field) -> bool:
    """It says when the post is to appear."""
    return field.part == "date" and field.kind == "date" and field.scope == "post"


def date_fields(workflow: Workflow) -> list[Field]:
    found = [field for field in fields(workflow, "post") if is_date(field)]
    return sorted(found, key=lambda field: field.part_rank or 0)


def title(naming: Sequence[Field], values: Mapping[int, str]) -> str:
    """The first filled of the naming fields, on one line. `values` is by field id."""
    for field in naming:
        if is_filled(text := values.get(field.id, "")):
            return _one_line(text, field.max_chars)
    return ""


def _one_line(text: str, max_chars: int | None) -> str:
    # A field made for titles says how long one may be, and is taken whole; of any other only the beginning.
    line = next(line for line in text.splitlines() if line.strip())
    is_made_for_titles = max_chars is not None and max_chars <= LONGEST_TITLE_FIELD
    return cut(folded(line), LONGEST_TITLE_FIELD if is_made_for_titles else TITLE_CHARS)
