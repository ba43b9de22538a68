"""The HTML edge of runs: the list, one run, its events, Stop."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.runs import events, services
from blog.app.llm.runs.schemas import RunQuery

bp = Blueprint("runs", __name__, url_prefix="/llm/runs")


@bp.get("")
@requires(LLM_READ)
def list_runs() -> Response:
    query = web.parse_query(RunQuery)
    page = services.list_runs(web.conn(), query)
    return web.render("llm/runs.html", "llm/_runs.html", page=page, query=query)


@bp.get("/<int:run_id>")
@requires(LLM_READ)
def show_run(run_id: int) -> Response:
    conn = web.conn()
    return web.render(
        "llm/run.html",
        "llm/_run.html",
        run=services.get_run(conn, run_id),
        exchange=services.get_exchange(conn, run_id),
    )


@bp.get("/<int:run_id>/events")
@requires(LLM_READ)
def run_events(run_id: int) -> Response:
    site = web.site()
    return web.sse(events.follow(site.pool, site.wakeups, run_id, web.last_event_id()))


@bp.post("/<int:run_id>/cancellation")
@requires(LLM_READ)
def cancel_run(run_id: int) -> Response:
    run = services.cancel_run(web.conn(), current_actor(), run_id)
    if web.wants_fragment():
        return web.render("llm/run.html", "llm/_run_state.html", run=run)
    return web.see_other(url_for("runs.show_run", run_id=run_id))
