"""Gathers what the page of a post shows: the workspace and a model's part in it. Reads only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import preview as previews
from blog.app.automation import services as automation
from blog.app.automation import store as automations
from blog.app.automation import suggestions
from blog.app.automation.models import AutomationListItem, Passage, Preview, PreviewOf, Suggestion
from blog.app.desk import hunks, presence
from blog.app.desk import store as desk_store
from blog.app.desk.models import (
    Authorship,
    Card,
    Desk,
    Form,
    History,
    HistoryEntry,
    MissingInput,
    Offer,
    Page,
    Panel,
    RemovedSection,
    RunLink,
    SectionCards,
    Tried,
)
from blog.app.errors import AppError, Forbidden, NotFound
from blog.app.installation_secret import Secrets
from blog.app.llm.cases import batches as case_batches
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import services as runs
from blog.app.llm.runs import sight
from blog.app.llm.runs.models import ACTIVE, Run
from blog.app.llm.trials import services as trials
from blog.app.posts import services as posts
from blog.app.translation import gettext as _
from blog.app.workflow import compare, rules
from blog.app.workflow import services as workflow
from blog.app.workflow.models import Field, FieldState, SectionState, Workspace
from blog.app.workflow.permissions import AUTOMATE

Asked = dict[str, Any]
Target = tuple[int | None, int]  # section id, field id
# The kinds of which half a change is still a value; half of a date or of JSON is none.
PICKED = frozenset({"text", "markdown", "list"})
EARLIER_SHOWN = 8
HISTORY_SHOWN = 10


# --- the page ---------------------------------------------------------------------------------------


def get_page(conn: db.Connection, actor: Actor, keys: Secrets, post_id: int, sub_stage_name: str) -> Page:
    """A sub-stage, with the panel for the field it is most likely wanted for."""
    desk = get_desk(conn, actor, post_id, sub_stage_name)
    panel = default_panel(conn, actor, keys, desk)
    if panel and panel.is_behind:  # a run ends only once, so looking again is enough
        return get_page(conn, actor, keys, post_id, sub_stage_name)
    return Page(desk=desk, panel=panel)


def get_field_page(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    *,
    post_id: int,
    field_name: str,
    section_id: int | None,
    action_id: int | None = None,
    model_id: int | None = None,
    own_model_id: int | None = None,
    run_id: int | None = None,
    wish: str = "",
) -> Page:
    """A field's sub-stage, with the panel for it. `own_model_id` was another action's: nobody chose it."""
    chosen_id = None if model_id == own_model_id else model_id
    asked: Asked = {"action_id": action_id, "model_id": chosen_id, "run_id": run_id, "wish": wish}
    desk = get_field_desk(conn, actor, post_id, field_name)
    panel = get_panel(conn, actor, keys, desk, find_card(desk, field_name, section_id), **asked)
    if panel.is_behind:
        return get_field_page(
            conn, actor, keys, post_id=post_id, field_name=field_name, section_id=section_id, **asked
        )
    return Page(desk=desk, panel=panel)


# --- the desk ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What models do and did on a post."""

    waiting: Sequence[Suggestion]
    active: Sequence[AutomationListItem]
    authorships: dict[int, Authorship]
    schemas: dict[int, Mapping[str, object]]
    may_automate: bool


def get_desk(conn: db.Connection, actor: Actor, post_id: int, sub_stage_name: str | None = None) -> Desk:
    workspace = workflow.get_workspace(conn, actor, post_id, sub_stage_name)
    machine = _machine(conn, actor, workspace)
    shown = [_card(conn, actor, workspace, machine, state) for state in workspace.fields]
    names = [field.name for field in workspace.sub_stage.fields]
    of_sections = [field.name for field in workspace.sub_stage.fields if field.scope == "section"]
    behind = names.index(of_sections[0]) if of_sections else len(names)
    return Desk(
        workspace=workspace,
        head=[card for card in shown if names.index(card.name) < behind],
        sections=[_section(conn, actor, workspace, machine, state) for state in workspace.sections],
        tail=[card for card in shown if names.index(card.name) > behind],
        removed=_removed(conn, workspace),
        elsewhere=_elsewhere(workspace, machine),
        running=runs.count_active(conn),
        may_automate=machine.may_automate,
        may_decide=actor.may(AUTOMATE) and workspace.may_accept,
        selection_actions=prompts.list_selection_actions(conn) if machine.may_automate else [],
        models=registry.list_usable_models(conn) if machine.waiting else [],
        present=presence.list_present(conn, actor, post_id),
    )


def get_field_desk(conn: db.Connection, actor: Actor, post_id: int, field_name: str) -> Desk:
    """The desk of the sub-stage the field is in."""
    post = posts.get_post(conn, actor, post_id)
    tree = workflow.get_seen_workflow(conn, actor, post.workflow_id)
    for sub_stage in rules.sub_stages(tree):
        if any(field.name == field_name for field in sub_stage.fields):
            return get_desk(conn, actor, post_id, sub_stage.name)
    raise NotFound(_("There is no field “%(field_name)s” in this workflow.", field_name=field_name))


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
    post_id = workspace.post.id
    states = [*workspace.fields, *(state for section in workspace.sections for state in section.fields)]
    run_ids = [state.revision.llm_run_id for state in states if state.revision and state.revision.llm_run_id]
    # In this order: what is not active any more has left its suggestion.
    active = automation.list_automations(conn, actor, post_id, only_active=True)
    return Machine(
        waiting=suggestions.list_suggestions(conn, actor, post_id),
        active=active,
        authorships={made.run_id: made for made in desk_store.list_authorships(conn, run_ids)},
        schemas=_schemas(conn, [state.field for state in states]),
        may_automate=actor.may(AUTOMATE) and workspace.may_run,
    )


def _schemas(conn: db.Connection, fields: Sequence[Field]) -> dict[int, Mapping[str, object]]:
    """By action: what those that json fields offer promise to write."""
    ids = {action.action_id for field in fields if field.kind == "json" for action in field.actions}
    return prompts.list_schemas(conn, sorted(ids)) if ids else {}


def _section(
    conn: db.Connection, actor: Actor, workspace: Workspace, machine: Machine, state: SectionState
) -> SectionCards:
    here = state.section.id
    return SectionCards(
        section=state.section,
        heading=state.heading,
        cards=[_card(conn, actor, workspace, machine, field) for field in state.fields],
        has_offers=any(suggestion.section_id == here for suggestion in machine.waiting),
        is_busy=any(run.section_id == here for run in machine.active),
    )


def _card(
    conn: db.Connection, actor: Actor, workspace: Workspace, machine: Machine, state: FieldState
) -> Card:
    target = (state.section_id, state.field.id)
    run_id = state.revision.llm_run_id if state.revision else None
    return Card(
        post_id=workspace.post.id,
        state=state,
        authorship=machine.authorships.get(run_id) if run_id else None,
        offers=[
            _offer(conn, actor, state, suggestion)
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


def _offer(conn: db.Connection, actor: Actor, state: FieldState, suggestion: Suggestion) -> Offer:
    current = state.revision.value if state.revision else ""
    span = suggestion.span
    comparison = compare.compared(
        state.field, current, suggestion.value, within=None if suggestion.is_stale else span
    )
    asked_at = _asked_at(conn, actor, suggestion) if suggestion.is_stale else None
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


def _asked_at(conn: db.Connection, actor: Actor, suggestion: Suggestion) -> str:
    """What the field held when the run was started."""
    if suggestion.base_revision_id is None:
        return ""
    return posts.get_revision(conn, actor, suggestion.base_revision_id).value


def _removed(conn: db.Connection, workspace: Workspace) -> list[RemovedSection]:
    sections = posts.list_removed_sections(conn, workspace.post.id)
    if not sections:
        return []
    current = posts.current_values(conn, workspace.post.id)
    values = {(value.section_id, value.field_id): value.value for value in current}
    naming = rules.naming_fields(workspace.workflow, "section")

    def heading(section_id: int) -> str:
        return rules.title(naming, {field.id: values.get((section_id, field.id), "") for field in naming})

    return [RemovedSection(id=section.id, heading=heading(section.id)) for section in sections]


def _elsewhere(workspace: Workspace, machine: Machine) -> list[Suggestion]:
    """Suggestions that wait in other sub-stages."""
    here = {field.id for field in workspace.sub_stage.fields}
    return [suggestion for suggestion in machine.waiting if suggestion.field_id not in here]


def idea_field(conn: db.Connection, actor: Actor) -> Field:
    """Where a new post's idea is written."""
    return rules.first_field(workflow.default_workflow(conn, actor))


# --- the panel -----------------------------------------------------------------------------------


def get_panel(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    desk: Desk,
    card: Card,
    *,
    action_id: int | None = None,
    model_id: int | None = None,
    run_id: int | None = None,
    wish: str = "",
) -> Panel:
    """The run that was asked for, else one that is at work here, else what a run would send."""
    runs_here = _runs_here(conn, actor, card)
    run = _run(conn, actor, card, run_id) or _active_run(conn, runs_here if action_id is None else [])
    action_id = action_id or (run.action_id if run else None) or _first_action(card)
    asked = (
        None
        if run or action_id is None
        else _ask(conn, actor, keys, card, action_id=action_id, model_id=model_id, wish=wish)
    )
    made = asked if isinstance(asked, Preview) else None
    models = registry.list_usable_models(conn)
    return Panel(
        card=card,
        action_id=action_id,
        models=models,
        model_id=model_id or (made.model.id if made else None) or (run.model_id if run else None),
        own_model_id=_own_model(made, models) if made else None,
        preview=made,
        missing=[_missing(desk, card, reference) for reference in made.missing] if made else [],
        problem=asked if isinstance(asked, str) else "",
        wish=wish,
        run=run,
        passage=_passage(conn, run),
        earlier=[item for item in runs_here if run is None or item.run_id != run.id][:EARLIER_SHOWN],
    )


def default_panel(conn: db.Connection, actor: Actor, keys: Secrets, desk: Desk) -> Panel | None:
    """Of the field at work, else of the first empty one whose action could run, else of the first."""
    able = [card for card in desk.cards if card.actions]
    busy = [card for card in desk.cards if card.active]
    empty = [card for card in able if not card.is_filled and not card.offers]
    first: Panel | None = None
    for card in _one_of_each(busy or empty or able):
        panel = get_panel(conn, actor, keys, desk, card)
        if panel.can_run or panel.run:
            return panel
        first = first or panel
    return first


def _one_of_each(cards: Sequence[Card]) -> list[Card]:
    """What a field lacks in the first section it mostly lacks in all, of which there may be hundreds."""
    firsts: dict[str, Card] = {}
    for card in cards:
        firsts.setdefault(card.name, card)
    return list(firsts.values())


def _own_model(made: Preview, models: Sequence[Model]) -> int | None:
    return made.version.model_id or next((model.id for model in models if model.is_default), None)


def _passage(conn: db.Connection, run: Run | None) -> Passage | None:
    """The words a run is about; None: the whole field."""
    target = automations.find_automation(conn, run.id) if run else None
    return target.passage if target else None


def _first_action(card: Card) -> int | None:
    return card.actions[0].action_id if card.actions else None


def _runs_here(conn: db.Connection, actor: Actor, card: Card) -> list[AutomationListItem]:
    found = automation.list_automations(conn, actor, card.post_id, field_id=card.field.id, limit=200)
    return [item for item in found if item.section_id == card.section_id]


def _run(conn: db.Connection, actor: Actor, card: Card, run_id: int | None) -> Run | None:
    if run_id is None:
        return None
    sight.check(conn, actor, run_id)
    target = automations.find_automation(conn, run_id)
    if target is None or (target.post_id, target.section_id, target.field_name) != (
        card.post_id,
        card.section_id,
        card.name,
    ):
        raise NotFound(_("There is no such run for this field."))
    return runs.get_last_repair(conn, run_id)


def _active_run(conn: db.Connection, items: Sequence[AutomationListItem]) -> Run | None:
    active = next((item for item in items if item.status in ACTIVE), None)
    return runs.get_run(conn, active.run_id) if active else None


def _ask(
    conn: db.Connection,
    actor: Actor,
    keys: Secrets,
    card: Card,
    *,
    action_id: int,
    model_id: int | None,
    wish: str,
) -> Preview | str:
    """What would be sent, or in words why nothing can be."""
    try:
        of = PreviewOf(
            action_id=action_id,
            post_id=card.post_id,
            section_id=card.section_id,
            model_id=model_id,
            wish=_wish(conn, action_id, wish),
        )
        return previews.preview(conn, actor, keys, of)
    except AppError as problem:
        return problem.message


def _wish(conn: db.Connection, action_id: int, wish: str) -> str:
    """What was chosen for another action is no answer to this one."""
    version = prompts.get_live_action(conn, action_id).version
    fits = wish in version.wish_choices or not version.wish_choices
    return wish if version.wish_label is not None and fits else ""


def _missing(desk: Desk, card: Card, reference: str) -> MissingInput:
    name = reference.rsplit(".", 1)[-1]
    for sub_stage in rules.sub_stages(desk.workspace.workflow):
        for field in sub_stage.fields:
            if field.name == name:
                return MissingInput(
                    reference=reference,
                    label=field.label,
                    field=name,
                    sub_stage=sub_stage.name,
                    section_id=_section_of(desk, card, reference),
                )
    return MissingInput(reference=reference, label=name, field=None, sub_stage=None, section_id=None)


def _section_of(desk: Desk, card: Card, reference: str) -> int | None:
    if reference.startswith("section."):
        return card.section_id
    if reference.startswith("post.sections[]") and desk.sections:
        return desk.sections[0].section.id
    return None


def find_link(conn: db.Connection, actor: Actor, run_id: int) -> RunLink | None:
    """Where a run's words were meant to go, for its own page; None: for no post, or one that is gone."""
    target = automations.find_automation(conn, run_id)
    if target is None:
        return None
    try:
        post = posts.get_post(conn, actor, target.post_id)
    except (Forbidden, NotFound):
        return None
    items = automation.list_automations(conn, actor, post.id, field_id=target.field_id, limit=500)
    item = next((item for item in items if item.run_id == run_id), None)
    return RunLink(target=target, post=post, status=item.suggestion_status if item else None)


def find_tried(conn: db.Connection, run_id: int) -> Tried | None:
    """The test or the batch of cases that a run belongs to; None: neither."""
    if (trial_id := trials.find_trial_id(conn, run_id)) is not None:
        return Tried(kind="trial", id=trial_id, address=f"/llm/trials/{trial_id}")
    if (batch_id := case_batches.find_batch_id(conn, run_id)) is not None:
        return Tried(
            kind="cases",
            id=batch_id,
            address=f"/llm/case-batches/{batch_id}",
        )
    return None


# --- the history ---------------------------------------------------------------------------------


def get_history(conn: db.Connection, actor: Actor, card: Card, *, after: int | None = None) -> History:
    """A field's revisions, each with what it changed in the one before."""
    page = posts.list_revisions(
        conn, actor, card.post_id, card.section_id, card.field.id, after=after, limit=HISTORY_SHOWN + 1
    )
    run_ids = [item.llm_run_id for item in page.items if item.llm_run_id]
    authorships = {made.run_id: made for made in desk_store.list_authorships(conn, run_ids)}
    texts = {item.id: posts.get_revision(conn, actor, item.id).value for item in page.items}
    older = [texts[item.id] for item in page.items[1:]] + [""]
    entries = [
        HistoryEntry(
            revision=item,
            authorship=authorships.get(item.llm_run_id) if item.llm_run_id else None,
            segments=compare.shortened(compare.compared(card.field, before, texts[item.id]).segments),
        )
        for item, before in zip(page.items, older, strict=True)
    ]
    shown = entries[:HISTORY_SHOWN]
    return History(
        card=card,
        entries=shown,
        next=str(shown[-1].revision.number) if len(entries) > HISTORY_SHOWN else None,
    )
