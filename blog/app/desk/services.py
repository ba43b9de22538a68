"""The desk of a post: the fields of a sub-stage as cards, with a model's part in them. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.automation.models import AutomationListItem, Suggestion
from blog.app.desk import hunks, presence
from blog.app.desk import store as desk_store
from blog.app.desk.models import (
    Authorship,
    Card,
    Desk,
    Elsewhere,
    Form,
    Offer,
    RemovedSection,
    SectionCards,
)
from blog.app.errors import NotFound
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry import services as registry
from blog.app.llm.runs import services as runs
from blog.app.posts import services as posts
from blog.app.translation import gettext as _
from blog.app.workflow import compare, rules, trees, workspaces
from blog.app.workflow.models import Field, FieldState, Material, SectionState, Workspace
from blog.app.workflow.permissions import AUTOMATE

Target = tuple[int | None, int]  # section id, field id
# The kinds of which half a change is still a value; half of a date or of JSON is none.
PICKED = frozenset({"text", "markdown", "list"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What models do and did on a post. `asked_at`: the base of each stale suggestion, by its revision."""

    waiting: Sequence[Suggestion]
    asked_at: Mapping[int, str]
    active: Sequence[AutomationListItem]
    authorships: dict[int, Authorship]
    schemas: dict[int, Mapping[str, object]]
    may_automate: bool


def get_desk(conn: db.Connection, actor: Actor, post_id: int, sub_stage_name: str | None = None) -> Desk:
    return _desk(conn, actor, workspaces.gather_material(conn, actor, post_id), sub_stage_name)


def get_field_desk(conn: db.Connection, actor: Actor, post_id: int, field_name: str) -> Desk:
    """The desk of the sub-stage the field is in."""
    material = workspaces.gather_material(conn, actor, post_id)
    field = rules.get_field(material.workflow, field_name)
    return _desk(conn, actor, material, rules.place(material.workflow, field.sub_stage_id).sub_stage.name)


def _desk(conn: db.Connection, actor: Actor, material: Material, sub_stage_name: str | None) -> Desk:
    workspace = workspaces.workspace_of(actor, material, sub_stage_name)
    machine = _machine(conn, actor, workspace)
    shown = [_card(workspace, machine, state) for state in workspace.fields]
    names = [field.name for field in workspace.sub_stage.fields]
    of_sections = [field.name for field in workspace.sub_stage.fields if field.scope == "section"]
    behind = names.index(of_sections[0]) if of_sections else len(names)
    return Desk(
        material=material,
        workspace=workspace,
        head=[card for card in shown if names.index(card.name) < behind],
        sections=[_section(workspace, machine, state) for state in workspace.sections],
        tail=[card for card in shown if names.index(card.name) > behind],
        removed=_removed(conn, material),
        elsewhere=_elsewhere(workspace, machine),
        running=runs.count_active(conn),
        may_automate=machine.may_automate,
        may_decide=actor.may(AUTOMATE) and workspace.may_accept,
        selection_actions=prompts.list_selection_actions(conn) if machine.may_automate else [],
        models=registry.list_usable_models(conn),
        present=presence.present_at(conn, actor, material.post),
    )


def find_card(desk: Desk, field_name: str, section_id: int | None) -> Card:
    for card in desk.cards:
        if card.name == field_name and card.section_id == section_id:
            return card
    raise NotFound(_("There is no such field in this post."))


def find_section(desk: Desk, section_id: int) -> SectionCards:
    for section in desk.sections:
        if section.section.id == section_id:
            return section
    raise NotFound(_("There is no such section in this post."))


def _machine(conn: db.Connection, actor: Actor, workspace: Workspace) -> Machine:
    states = [*workspace.fields, *(state for section in workspace.sections for state in section.fields)]
    run_ids = [state.revision.llm_run_id for state in states if state.revision and state.revision.llm_run_id]
    # In this order: what is not active any more has left its suggestion.
    active = automation.automations_of(conn, actor, workspace.post, only_active=True)
    waiting = suggestions.suggestions_for(conn, actor, workspace.post)
    return Machine(
        waiting=waiting,
        asked_at=_asked_at(conn, actor, waiting),
        active=active,
        authorships={made.run_id: made for made in desk_store.list_authorships(conn, run_ids)},
        schemas=_schemas(conn, [state.field for state in states]),
        may_automate=actor.may(AUTOMATE) and workspace.may_run,
    )


def _schemas(conn: db.Connection, fields: Sequence[Field]) -> dict[int, Mapping[str, object]]:
    """By action: what those that json fields offer promise to write."""
    ids = {action.action_id for field in fields if field.kind == "json" for action in field.actions}
    return prompts.list_schemas(conn, sorted(ids)) if ids else {}


def _section(workspace: Workspace, machine: Machine, state: SectionState) -> SectionCards:
    here = state.section.id
    return SectionCards(
        section=state.section,
        heading=state.heading,
        cards=[_card(workspace, machine, field) for field in state.fields],
        has_offers=any(suggestion.section_id == here for suggestion in machine.waiting),
        is_busy=any(run.section_id == here for run in machine.active),
    )


def _card(workspace: Workspace, machine: Machine, state: FieldState) -> Card:
    target = (state.section_id, state.field.id)
    run_id = state.revision.llm_run_id if state.revision else None
    return Card(
        post_id=workspace.post.id,
        state=state,
        authorship=machine.authorships.get(run_id) if run_id else None,
        offers=[
            _offer(machine, state, suggestion)
            for suggestion in machine.waiting
            if _target(suggestion) == target
        ],
        actions=list(state.field.actions) if machine.may_automate else [],
        active=[run for run in machine.active if _target(run) == target],
        may_edit=workspace.may_edit,
        form=_form(machine, state.field),
    )


def _form(machine: Machine, field: Field) -> Form | None:
    """From the first action of the field that has a schema, whoever may run it."""
    for action in field.actions:
        if field.kind == "json" and action.action_id in machine.schemas:
            return Form(label=action.label, schema=machine.schemas[action.action_id])
    return None


def _target(item: Suggestion | AutomationListItem) -> Target:
    return item.section_id, item.field_id


def _offer(machine: Machine, state: FieldState, suggestion: Suggestion) -> Offer:
    current = state.revision.value if state.revision else ""
    span = suggestion.span
    comparison = compare.compared(
        state.field, current, suggestion.value, within=None if suggestion.is_stale else span
    )
    asked_at = machine.asked_at.get(suggestion.base_revision_id or 0, "") if suggestion.is_stale else None
    since = None if asked_at is None else compare.compared(state.field, asked_at, current)
    meant = (
        None if asked_at is None else compare.compared(state.field, asked_at, suggestion.value, within=span)
    )
    return Offer(
        suggestion=suggestion,
        comparison=comparison,
        problem=compare.problem(state.field, suggestion.value),
        since=since,
        meant=meant,
        pieces=hunks.pieces(comparison.segments, since.segments if since else ()),
        can_pick=state.field.kind in PICKED and bool(comparison.old) and comparison.changes > 0,
    )


def _asked_at(conn: db.Connection, actor: Actor, waiting: Sequence[Suggestion]) -> Mapping[int, str]:
    """What the fields of stale suggestions held when their runs were started, by revision."""
    bases = [each.base_revision_id for each in waiting if each.is_stale and each.base_revision_id]
    return posts.list_revision_values(conn, actor, bases) if bases else {}


def _removed(conn: db.Connection, material: Material) -> list[RemovedSection]:
    return [
        RemovedSection(
            id=section.id, heading=workspaces.heading_of(material.workflow, section.id, material.current)
        )
        for section in posts.list_removed_sections(conn, material.post.id)
    ]


def _elsewhere(workspace: Workspace, machine: Machine) -> list[Elsewhere]:
    """Suggestions that wait in other sub-stages."""
    here = {field.id for field in workspace.sub_stage.fields}
    labels = {field.id: field.label for field in rules.fields(workspace.workflow)}
    headings = {state.section.id: state.heading for state in workspace.sections}
    return [
        Elsewhere(
            suggestion=suggestion,
            field_label=labels.get(suggestion.field_id, suggestion.action_label),  # archived: by its action
            heading=headings.get(suggestion.section_id or 0, ""),
        )
        for suggestion in machine.waiting
        if suggestion.field_id not in here
    ]


def idea_field(conn: db.Connection, actor: Actor) -> Field:
    """Where a new post's idea is written."""
    return rules.first_field(trees.default_workflow(conn, actor))
