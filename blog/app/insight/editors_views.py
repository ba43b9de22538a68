"""The pages of what editors made of answers, and of splits."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import splits
from blog.app.automation.schemas import SplitCreate
from blog.app.errors import Conflict, Invalid
from blog.app.insight import editors, evidence
from blog.app.insight.schemas import EditorsQuery
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ

bp = Blueprint("editors", __name__, url_prefix="/llm/editors")


@bp.get("")
@requires(LLM_READ)
def show_editors() -> Response:
    report = editors.get_report(web.conn(), current_actor(), web.parse_query(EditorsQuery))
    return web.render("insight/editors.html", report=report)


@bp.get("/<int:action_id>")
@requires(LLM_READ)
def show_action_editors(action_id: int) -> Response:
    return _action_page(action_id, web.parse_query(EditorsQuery))


def _action_page(action_id: int, query: EditorsQuery, refusal: Conflict | Invalid | None = None) -> Response:
    actor = current_actor()
    return web.render(
        "insight/action_editors.html",
        action=editors.get_action_report(web.conn(), actor, action_id, query),
        least_posts=evidence.LEAST_POSTS,
        may_configure=actor.may(LLM_CONFIGURE),
        refusal=refusal,
        status=200 if refusal is None else refusal.status,
    )


@bp.post("/<int:action_id>/splits")
@requires(LLM_CONFIGURE)
def create_split(action_id: int) -> Response:
    conn, site = web.conn(), web.site()
    try:
        new = web.parse_form(SplitCreate)
        splits.start_split(conn, current_actor(), action_id, new, site.vocabulary(conn), gate=site.gate)
    except (Conflict, Invalid) as refusal:
        return _action_page(action_id, EditorsQuery(), refusal)
    return web.see_other(f"/llm/editors/{action_id}")


@bp.post("/splits/<int:split_id>/end")
@requires(LLM_CONFIGURE)
def end_split(split_id: int) -> Response:
    split = splits.end_split(web.conn(), current_actor(), split_id)
    return web.see_other(f"/llm/editors/{split.action_id}")
