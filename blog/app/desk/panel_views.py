"""The HTML edge of a model's work on a post: the panel, runs for fields, deciding on suggestions."""

from typing import Any

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.automation.models import Suggestion
from blog.app.automation.schemas import Refinement, SuggestionDiscard
from blog.app.desk import pages, run_links
from blog.app.desk import services as desk
from blog.app.desk.schemas import Acceptance, DeskQuery, Going, Retry, RunStart
from blog.app.desk.views import field_address, render_page
from blog.app.errors import Conflict, NotFound
from blog.app.llm.permissions import LLM_READ, LLM_RUN
from blog.app.llm.runs import sight
from blog.app.posts.permissions import POST_READ
from blog.app.translation import gettext as _
from blog.app.workflow.permissions import AUTOMATE

bp = Blueprint("panel", __name__)


# --- the panel and its runs ----------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/fields/<field_name>/automation")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/automation")
@requires(POST_READ)
def show_automation(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    """The field's desk with the panel for it."""
    query = web.parse_query(DeskQuery)
    page = pages.get_field_page(
        web.conn(),
        current_actor(),
        web.site().secrets,
        post_id=post_id,
        field_name=field_name,
        section_id=section_id,
        action_id=query.action,
        model_id=query.model,
        own_model_id=query.own,
        run_id=query.run,
        wish=query.wish,
    )
    return render_page(page, query)


@bp.post("/posts/<int:post_id>/fields/<field_name>/runs")
@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/runs")
@requires(AUTOMATE)
def create_run(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    form = web.parse_form(RunStart)
    try:
        run_id = automation.start(
            web.conn(),
            current_actor(),
            post_id=post_id,
            field_name=field_name,
            section_id=section_id,
            action_id=form.llm_action_id,
            model_id=form.llm_model_id,
            base_revision_id=form.base_revision_id,
            passage=form.passage,
            wish=form.wish,
            fence=form.fence,
        ).id
    except Conflict as conflict:
        run_id = _at_work_already(conflict)
    return _to_panel(post_id, field_name, section_id, run=run_id)


def _at_work_already(conflict: Conflict) -> int:
    """A second press leads to the run of the first."""
    match conflict.details.get("run_id"):
        case int(run_id):
            return run_id
        case _:
            raise conflict


@bp.post("/llm/runs/<int:run_id>/retries")
@requires(LLM_RUN)
def create_retry(run_id: int) -> Response:
    """For the same field as it is now; a run without one is repeated with the same values."""
    form = web.parse_form(Retry)
    again = automation.retry_with(
        web.conn(), current_actor(), run_id, model_ids=form.llm_model_id, note=form.note
    )
    return _to_run(again[0].id)


@bp.post("/llm/runs/<int:run_id>/refinements")
@requires(LLM_RUN)
def create_refinement(run_id: int) -> Response:
    form = web.parse_form(Refinement)
    child = automation.refine(web.conn(), current_actor(), run_id, form.instruction, form.llm_model_id)
    return _to_run(child.id)


def _to_run(run_id: int) -> Response:
    """To its field's panel, or for a run without a post to its own page."""
    link = run_links.find_link(web.conn(), current_actor(), run_id)
    if link is None:
        return web.see_other(url_for("runs.show_run", run_id=run_id))
    return _to_panel(link.post.id, link.target.field_name, link.target.section_id, run=run_id)


@bp.get("/posts/<int:post_id>/fields/<field_name>/offers")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/offers")
@requires(POST_READ)
def show_offers(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    """The suggestions of a field, once other runs are at work on it than a page knows of."""
    query = web.parse_query(Going)
    found = desk.get_field_desk(web.conn(), current_actor(), post_id, field_name)
    card = desk.find_card(found, field_name, section_id)
    if not web.wants_fragment():
        return web.see_other(field_address(found, field_name, section_id))
    if query.runs == card.at_work:
        return Response(status=204)
    return web.render("desk/_offers.html", card=card, desk=found, query=DeskQuery())


@bp.get("/llm/runs/<int:run_id>/target")
@requires(LLM_READ)
def show_target(run_id: int) -> Response:
    """Where a run's words were meant to go: a sentence on the run's page, else that place itself."""
    sight.check(web.conn(), current_actor(), run_id)
    link = run_links.find_link(web.conn(), current_actor(), run_id)
    tried = None if link else run_links.find_tried(web.conn(), run_id)
    if web.wants_fragment():
        return web.render("desk/_run_target.html", link=link, tried=tried)
    if tried is not None:
        return web.see_other(tried.address)
    if link is None:
        raise NotFound(_("This run was not for a field of a post you may read."))
    return _to_panel(link.post.id, link.target.field_name, link.target.section_id, run=run_id)


def _to_panel(post_id: int, field_name: str, section_id: int | None, **query: Any) -> Response:
    return web.see_other(
        url_for(
            "panel.show_automation",
            post_id=post_id,
            section_id=section_id,
            field_name=field_name,
            **query,
        )
    )


# --- suggestions ---------------------------------------------------------------------------------


@bp.post("/suggestions/<int:suggestion_id>/acceptance")
@requires(AUTOMATE)
def accept_suggestion(suggestion_id: int) -> Response:
    form = web.parse_form(Acceptance)
    suggestion = suggestions.get_suggestion(web.conn(), current_actor(), suggestion_id)
    try:
        revision = suggestions.accept(
            web.conn(),
            current_actor(),
            suggestion_id,
            base_revision_id=form.base_revision_id,
            value=form.value,
            hunks=form.hunks if form.picks else None,
        )
    except Conflict as conflict:
        return _compare_again(suggestion, conflict)
    return _to_suggestion(suggestion, accepted=revision.id)


def _compare_again(suggestion: Suggestion, conflict: Conflict) -> Response:
    """The field moved on: the page as it is now, where the suggestion is compared with the new words."""
    if "current_revision_id" not in conflict.details:
        raise conflict
    page = pages.get_field_page(
        web.conn(),
        current_actor(),
        web.site().secrets,
        post_id=suggestion.post_id,
        field_name=suggestion.field_name,
        section_id=suggestion.section_id,
        run_id=suggestion.run_id,
    )
    return render_page(page, DeskQuery(refused=suggestion.id), status=409)


@bp.post("/suggestions/<int:suggestion_id>/discard")
@requires(AUTOMATE)
def discard_suggestion(suggestion_id: int) -> Response:
    form = web.parse_form(SuggestionDiscard)
    suggestion = suggestions.discard(web.conn(), current_actor(), suggestion_id, form.reason)
    return _to_suggestion(suggestion, discarded=suggestion_id)


@bp.post("/suggestions/<int:suggestion_id>/restoration")
@requires(AUTOMATE)
def bring_back_suggestion(suggestion_id: int) -> Response:
    return _to_suggestion(suggestions.bring_back(web.conn(), current_actor(), suggestion_id))


def _to_suggestion(suggestion: Suggestion, **query: Any) -> Response:
    return _to_panel(
        suggestion.post_id,
        suggestion.field_name,
        suggestion.section_id,
        run=suggestion.run_id,
        **query,
    )
