"""The HTML edge of a post: its desk, its fields, sections, stage and histories.

Each form answers 303 to the page that shows what it did; with htmx the browser takes its parts out of that
page. Only the autosave of a field gets a fragment, because the words being typed must stay where they are.
"""

import json
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, request, url_for
from markupsafe import Markup

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.desk import field_history, pages
from blog.app.desk import services as desk
from blog.app.desk.models import AT_ONCE, Card, Desk, Page, target_key
from blog.app.desk.schemas import (
    DeskQuery,
    FieldSave,
    HistoryQuery,
    Idea,
    NewSection,
    Restoration,
    SectionMove,
    SectionName,
    SectionUndo,
    SplitQuery,
    StageChoice,
)
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.posts import services as posts
from blog.app.posts.diff import Segment
from blog.app.posts.permissions import POST_CREATE, POST_EDIT, POST_READ
from blog.app.posts.rules import MAX_VALUE_CHARS
from blog.app.posts.schemas import SectionOrder
from blog.app.posts.views import LEFT
from blog.app.translation import gettext as _
from blog.app.workflow import compare, outline, workspaces
from blog.app.workflow import services as workflow
from blog.app.workflow.models import Comparison, FieldState, SectionChange
from blog.app.workflow.schemas import SectionMerge, SectionSplit

bp = Blueprint("desk", __name__)


# --- posts ---------------------------------------------------------------------------------------


@bp.get("/posts/new")
@requires(POST_CREATE)
def new_post() -> Response:
    return _idea_page()


@bp.post("/posts")
@requires(POST_CREATE)
def create_post() -> Response:
    form = web.parse_form(Idea)
    try:
        post = workflow.create_post_with_idea(web.conn(), current_actor(), form.idea)
    except Invalid as refusal:
        return _idea_page(idea=form.idea, error=refusal.message, status=422)
    return web.see_other(url_for("desk.show_post", post_id=post.id))


def _idea_page(*, idea: str = "", error: str = "", status: int = 200) -> Response:
    field = desk.idea_field(web.conn(), current_actor())
    return web.render("desk/new.html", field=field, idea=idea, error=error, status=status)


@bp.get("/posts/<int:post_id>")
@requires(POST_READ)
def show_post(post_id: int) -> Response:
    place = workspaces.get_workspace(web.conn(), current_actor(), post_id).sub_stage
    return web.see_other(url_for("desk.show_desk", post_id=post_id, sub_stage_name=place.name))


@bp.get("/posts/<int:post_id>/<sub_stage_name>")
@requires(POST_READ)
def show_desk(post_id: int, sub_stage_name: str) -> Response:
    query = web.parse_query(DeskQuery)
    page = pages.get_page(web.conn(), current_actor(), web.site().secrets, post_id, sub_stage_name)
    return render_page(page, query)


@bp.get("/posts/<int:post_id>/<sub_stage_name>/sections/<int:section_id>")
@requires(POST_READ)
def show_section(post_id: int, sub_stage_name: str, section_id: int) -> Response:
    """The fields of one section among very many, for the page that is scrolled to it."""
    posts.get_post(web.conn(), current_actor(), post_id)
    if not web.wants_fragment():
        desk_address = url_for(
            "desk.show_desk",
            post_id=post_id,
            sub_stage_name=sub_stage_name,
            near=section_id,
            _anchor=f"section-{section_id}",
        )
        return web.see_other(desk_address)
    found = desk.get_desk(web.conn(), current_actor(), post_id, sub_stage_name)
    return web.render(
        "desk/_section.html",
        desk=found,
        workspace=found.workspace,
        section=(section := desk.find_section(found, section_id)),
        number=list(found.sections).index(section) + 1,
        is_open_section=True,
        panel=None,
        query=DeskQuery(),
    )


def render_page(page: Page, query: DeskQuery, *, status: int = 200) -> Response:
    return web.render(
        "desk/desk.html",
        desk=page.desk,
        workspace=page.desk.workspace,
        panel=page.panel,
        query=query,
        status=status,
    )


@bp.post("/posts/<int:post_id>/stage")
@requires(POST_EDIT)
def move_post(post_id: int) -> Response:
    form = web.parse_form(StageChoice)
    workflow.move_post(web.conn(), current_actor(), post_id, form.sub_stage)
    if not posts.is_in_sight(web.conn(), current_actor(), post_id):
        return web.see_other(LEFT)
    return web.see_other(url_for("desk.show_desk", post_id=post_id, sub_stage_name=form.sub_stage))


# --- fields --------------------------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/fields/<field_name>")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>")
@requires(POST_READ)
def show_field(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    """Leads to the field's card, wherever in the workflow it is."""
    found = desk.get_field_desk(web.conn(), current_actor(), post_id, field_name)
    return web.see_other(field_address(found, field_name, section_id))


def field_address(found: Desk, field_name: str, section_id: int | None) -> str:
    return url_for(
        "desk.show_desk",
        post_id=found.workspace.post.id,
        sub_stage_name=found.workspace.sub_stage.name,
        near=section_id if len(found.sections) > AT_ONCE else None,
        _anchor=f"field-{target_key(field_name, section_id)}",
    )


@bp.post("/posts/<int:post_id>/fields/<field_name>")
@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>")
@requires(POST_EDIT)
def save_field(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    form = web.parse_form(FieldSave)
    try:
        workflow.save_field(
            web.conn(),
            current_actor(),
            post_id=post_id,
            field_name=field_name,
            section_id=section_id,
            text=form.value,
            base_revision_id=form.base_revision_id,
        )
    except (Conflict, Invalid) as refusal:
        return _refused(post_id, field_name, section_id, form, refusal)
    found = desk.get_field_desk(web.conn(), current_actor(), post_id, field_name)
    if web.wants_fragment():
        card = desk.find_card(found, field_name, section_id)
        return web.render("desk/_saved.html", desk=found, workspace=found.workspace, card=card)
    return web.see_other(field_address(found, field_name, section_id))


def _refused(
    post_id: int, field_name: str, section_id: int | None, form: FieldSave, refusal: Conflict | Invalid
) -> Response:
    """Nothing was saved; what was typed is shown next to what is there."""
    state = workspaces.get_field_state(web.conn(), current_actor(), post_id, field_name, section_id)
    return web.render(
        "desk/refusal.html",
        "desk/_refusal.html",
        post=posts.get_post(web.conn(), current_actor(), post_id),
        state=state,
        key=target_key(field_name, section_id),
        typed=form.value,
        base_revision_id=form.base_revision_id,
        refusal=refusal,
        comparison=_theirs(state, form.value) if refusal.status == 409 else None,
        status=refusal.status,
    )


def _theirs(state: FieldState, typed: str) -> Comparison:
    current = state.revision.value if state.revision else ""
    return compare.compared(state.field, current, typed)


@bp.get("/posts/<int:post_id>/fields/<field_name>/revisions")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/revisions")
@requires(POST_READ)
def list_revisions(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    query = web.parse_query(HistoryQuery)
    found = desk.get_field_desk(web.conn(), current_actor(), post_id, field_name)
    card = desk.find_card(found, field_name, section_id)
    history = field_history.get_history(web.conn(), current_actor(), card, after=query.after)
    return web.render(
        "desk/revisions.html",
        desk=found,
        workspace=found.workspace,
        card=card,
        history=history,
        query=query,
        back=field_address(found, field_name, section_id),
    )


@bp.post("/posts/<int:post_id>/fields/<field_name>/revisions/<int:revision_id>/restoration")
@bp.post(
    "/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>"
    "/revisions/<int:revision_id>/restoration"
)
@requires(POST_EDIT)
def restore_revision(
    post_id: int, field_name: str, revision_id: int, section_id: int | None = None
) -> Response:
    form = web.parse_form(Restoration)
    old = posts.get_revision(web.conn(), current_actor(), revision_id)
    place = workspaces.get_field_state(web.conn(), current_actor(), post_id, field_name, section_id)
    if (old.post_id, old.section_id, old.field_id) != (post_id, section_id, place.field.id):
        raise NotFound(_("There is no such revision of this field."))
    workflow.restore_revision(
        web.conn(), current_actor(), revision_id, base_revision_id=form.base_revision_id
    )
    if "desk" in request.args:
        return show_field(post_id, field_name, section_id)
    return web.see_other(
        url_for(
            "desk.list_revisions",
            post_id=post_id,
            section_id=section_id,
            field_name=field_name,
            restored=old.number,
        )
    )


# --- sections ------------------------------------------------------------------------------------


@bp.post("/posts/<int:post_id>/sections")
@requires(POST_EDIT)
def create_section(post_id: int) -> Response:
    form = web.parse_form(NewSection)
    outline.add_section(web.conn(), current_actor(), post_id, form.heading)
    return _back_to_desk(post_id)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/name")
@requires(POST_EDIT)
def rename_section(post_id: int, section_id: int) -> Response:
    form = web.parse_form(SectionName)
    outline.rename_section(web.conn(), current_actor(), post_id, section_id, form.heading, seen=form.seen)
    return _back_to_desk(post_id)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/move")
@requires(POST_EDIT)
def move_section(post_id: int, section_id: int) -> Response:
    form = web.parse_form(SectionMove)
    outline.move_section(web.conn(), current_actor(), post_id, section_id, form.direction)
    return _back_to_desk(post_id)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/removal")
@requires(POST_EDIT)
def remove_section(post_id: int, section_id: int) -> Response:
    posts.remove_section(web.conn(), current_actor(), post_id, section_id)
    return _back_to_desk(post_id, removed=section_id)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/restoration")
@requires(POST_EDIT)
def bring_back_section(post_id: int, section_id: int) -> Response:
    posts.bring_back_section(web.conn(), current_actor(), post_id, section_id)
    return _back_to_desk(post_id)


@bp.post("/posts/<int:post_id>/sections/order")
@requires(POST_EDIT)
def order_sections(post_id: int) -> Response:
    form = web.parse_form(SectionOrder)
    was = [section.id for section in posts.list_sections(web.conn(), post_id)]
    posts.reorder_sections(web.conn(), current_actor(), post_id, form.section_ids)
    return _back_to_desk(post_id, was=_listed(was) if was != form.section_ids else None)


@bp.get("/posts/<int:post_id>/sections/<int:section_id>/split")
@requires(POST_EDIT)
def choose_split(post_id: int, section_id: int) -> Response:
    query = web.parse_query(SplitQuery)
    workspace = workspaces.get_workspace(web.conn(), current_actor(), post_id)
    fields = outline.list_split_places(
        web.conn(), current_actor(), post_id, section_id, field_name=query.field, cursor=query.offset
    )
    return web.render(
        "desk/split.html",
        workspace=workspace,
        section=next((state for state in workspace.sections if state.section.id == section_id), None),
        fields=fields,
        at=query.at or workspace.sub_stage.name,
    )


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/split")
@requires(POST_EDIT)
def split_section(post_id: int, section_id: int) -> Response:
    form = web.parse_form(SectionSplit)
    change = outline.split_section(
        web.conn(),
        current_actor(),
        post_id,
        section_id,
        field_name=form.field,
        offset=form.offset,
        base_revision_id=form.base_revision_id,
    )
    return _after_change(post_id, change)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/merge")
@requires(POST_EDIT)
def merge_section(post_id: int, section_id: int) -> Response:
    form = web.parse_form(SectionMerge)
    change = outline.merge_section(
        web.conn(), current_actor(), post_id, section_id, next_section_id=form.next_section_id
    )
    return _after_change(post_id, change)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/reversal")
@requires(POST_EDIT)
def undo_section_change(post_id: int, section_id: int) -> Response:
    form = web.parse_form(SectionUndo)
    outline.undo_change(
        web.conn(),
        current_actor(),
        post_id,
        section_id,
        other_section_id=form.other_section_id,
        revision_ids=form.revision_ids,
    )
    return _back_to_desk(post_id)


def _after_change(post_id: int, change: SectionChange) -> Response:
    return _back_to_desk(
        post_id, section=change.section.id, other=change.other.id, revisions=_listed(change.revision_ids)
    )


def _listed(ids: Sequence[int]) -> str:
    return ",".join(map(str, ids))


def _back_to_desk(post_id: int, **done: Any) -> Response:
    """To the sub-stage the form was on: the query names it, so that nothing is hidden in a form.

    `done` is what the page offers to undo.
    """
    shown = request.args.get("at")
    if shown is None:
        shown = workspaces.get_workspace(web.conn(), current_actor(), post_id).sub_stage.name
    return web.see_other(
        url_for(
            "desk.show_desk",
            post_id=post_id,
            sub_stage_name=shown,
            _anchor=None if any(done.values()) else "outline",
            **done,
        )
    )


# --- words for templates -------------------------------------------------------------------------


SHOWN_AS = {
    "same": Markup("{}"),
    "added": Markup("<ins>{}</ins>"),
    "removed": Markup("<del>{}</del>"),
}


@bp.app_template_filter("diffed")
def diffed(segments: Sequence[Segment]) -> Markup:
    """Segments as escaped text with <ins> and <del>."""
    return Markup().join(SHOWN_AS[segment.kind].format(segment.text) for segment in segments)


@bp.app_template_global("most_chars")
def most_chars() -> int:
    """What no field may be longer than, whatever its own limit."""
    return MAX_VALUE_CHARS


@bp.app_template_global("editing")
def editing(card: Card) -> dict[str, str]:
    """What the editors of a card's control are told, as attributes."""
    told = {"data-actions": json.dumps([{"id": a.action_id, "label": a.label} for a in card.actions])}
    if card.field.kind == "markdown":
        told["data-formatted"] = field_url("formatted.show_formatted", card)
    if card.form:
        told |= {
            "data-editor": "json",
            "data-schema": json.dumps(card.form.schema),
            "data-schema-of": card.form.label,
        }
    return told


@bp.app_template_global("field_url")
def field_url(endpoint: str, card: Card, **values: Any) -> str:
    """The address of something of a card's field."""
    return url_for(endpoint, post_id=card.post_id, section_id=card.section_id, field_name=card.name, **values)
