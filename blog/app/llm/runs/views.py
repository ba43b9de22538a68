"""The HTML edge of runs: one run, its events, Stop, replay. Their list is in insight."""

from flask import Blueprint, Response, request, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_READ, LLM_RUN
from blog.app.llm.registry import services as registry
from blog.app.llm.runs import events, services, shown, sight

bp = Blueprint("runs", __name__, url_prefix="/llm/runs")
bp.add_app_template_filter(shown.pieces, "pieces")
bp.add_app_template_filter(shown.facts, "run_facts")
bp.add_app_template_filter(shown.error_words, "error_words")
bp.add_app_template_filter(shown.readable_json, "readable_json")
bp.add_app_template_filter(shown.total_tokens, "total_tokens")
bp.add_app_template_filter(shown.status_words, "status_words")
bp.add_app_template_filter(shown.cost, "cost")


@bp.get("/<int:run_id>")
@requires(LLM_READ)
def show_run(run_id: int) -> Response:
    conn = web.conn()
    exchange = services.get_seen_exchange(conn, current_actor(), run_id)
    return web.render(
        "llm/run.html",
        run=services.get_run(conn, run_id),
        exchange=exchange,
        tries=services.list_tries(conn, run_id),
        thread=services.list_thread(conn, run_id),
        reply=shown.excerpt(exchange.raw_reply),
        models=registry.list_usable_models(conn),
        running=services.count_active(conn),
    )


@bp.get("/<int:run_id>/events")
@requires(LLM_READ)
def run_events(run_id: int) -> Response:
    site = web.site()
    sight.check(web.conn(), current_actor(), run_id)
    return web.sse(events.follow(site.pool, site.wakeups, run_id, web.last_event_id()))


@bp.post("/<int:run_id>/cancellation")
@requires(LLM_READ)
def cancel_run(run_id: int) -> Response:
    run = services.cancel_run(web.conn(), current_actor(), run_id)
    if web.wants_fragment():
        return web.render("llm/_run_state.html", run=run)
    return web.see_other(_back(request.form.get("next"), run_id))


def _back(wanted: str | None, run_id: int) -> str:
    """The page the Stop was pressed on, if it is one of ours."""
    is_ours = wanted is not None and wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if wanted and is_ours else url_for("runs.show_run", run_id=run_id)


@bp.post("/<int:run_id>/replays")
@requires(LLM_RUN)
def create_replay(run_id: int) -> Response:
    again = services.create_replay(web.conn(), current_actor(), run_id)
    return web.see_other(url_for("runs.show_run", run_id=again.id))
