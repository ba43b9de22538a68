"""The HTML edge of the run history: the list, two runs side by side, the export."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import exporting, history
from blog.app.insight.addresses import address
from blog.app.insight.download import download
from blog.app.insight.schemas import ComparisonQuery, RunExport, RunQuery
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.runs import services as runs
from blog.app.llm.runs.shown import ERROR_WORDS
from blog.app.posts.permissions import POST_READ

bp = Blueprint("run_history", __name__, url_prefix="/llm/runs")

PLACE = {"after", "limit"}


@bp.get("")
@requires(LLM_READ)
def list_runs() -> Response:
    conn, actor = web.conn(), current_actor()
    query = history.settled(conn, web.parse_query(RunQuery))
    page = history.list_runs(conn, actor, query)
    return web.render(
        "insight/runs.html",
        "insight/_runs.html",
        page=page,
        query=query,
        narrowed_by=query.model_dump(exclude_defaults=True, exclude=PLACE),
        choices=history.list_choices(conn, query.llm_action_id),
        error_kinds=ERROR_WORDS,
        is_fragment=web.wants_fragment(),
        running=runs.count_active(conn),
        may_see_posts=actor.may(POST_READ),
        older=address("/llm/runs", query, after=page.next) if page.next else None,
        newest=address("/llm/runs", query, after=None) if query.after else None,
        exports={
            name: address("/llm/runs/export", query, format=name, after=None, limit=None)
            for name in ("jsonl", "csv")
        },
    )


@bp.get("/comparison")
@requires(LLM_READ)
def show_run_comparison() -> Response:
    query = web.validated(ComparisonQuery, {"run": request.args.getlist("run")})
    one, other = query.run
    return web.render(
        "insight/comparison.html", comparison=history.compare(web.conn(), current_actor(), one, other)
    )


@bp.get("/export")
@requires(LLM_READ)
def export_runs() -> Response:
    """A file of every run that the filter wants."""
    return exported(web.parse_query(RunExport))


def exported(asked: RunExport) -> Response:
    found = history.export(web.site().pool, current_actor(), asked)
    return download("runs", asked.format, exporting.COLUMNS, found)
