"""The HTML edge of usage: figures, plots, the same as a table."""

from datetime import timedelta

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import exporting, figures, shown, usage
from blog.app.insight.addresses import address
from blog.app.insight.schemas import UsageQuery
from blog.app.llm.permissions import LLM_READ
from blog.app.translation import N_, gettext

bp = Blueprint("usage", __name__, url_prefix="/llm/usage")
bp.add_app_template_filter(shown.seconds, "seconds")
bp.add_app_template_filter(shown.share, "share")
bp.add_app_template_filter(shown.money, "money")

PERIODS = ((7, N_("7 days")), (30, N_("30 days")), (90, N_("90 days")), (365, N_("A year")))


@bp.get("")
@requires(LLM_READ)
def show_usage() -> Response:
    query = web.parse_query(UsageQuery)
    today = usage.today()
    report = usage.get_report(web.conn(), current_actor(), query)
    return web.render(
        "insight/usage.html",
        report=report,
        query=query,
        periods=[
            (
                gettext(label),
                address("/llm/usage", query, since=today - timedelta(days=days - 1), until=today),
                days,
            )
            for days, label in PERIODS
        ],
        shown_days=(report.until - report.since).days + 1 if report.until == today else 0,
        csv=address("/llm/usage/export", query),
        everything=address(
            "/llm/usage", query, llm_model_id=None, llm_action_id=None, sub_stage_id=None, person_id=None
        ),
    )


@bp.get("/export")
@requires(LLM_READ)
def export_usage() -> Response:
    """The same as a CSV, a line for each currency."""
    query = web.parse_query(UsageQuery)
    rows = list(usage.export(web.conn(), current_actor(), query))
    headers = {"Content-Disposition": f'attachment; filename="usage-by-{query.by}.csv"'}
    return Response(exporting.table(figures.COLUMNS, rows), mimetype="text/csv", headers=headers)
