"""The page of the audit trail: filter, export, check, and how long it is kept."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Invalid
from blog.app.insight import history
from blog.app.insight.addresses import address
from blog.app.insight.download import download
from blog.app.llm.registry.refused_form import problems, status
from blog.app.trail import sealing, services
from blog.app.trail.forms import RetentionForm
from blog.app.trail.models import Verification
from blog.app.trail.permissions import AUDIT_READ, AUDIT_RETAIN
from blog.app.trail.schemas import AuditExport, AuditQuery
from blog.app.translation import gettext as _

bp = Blueprint("trail", __name__, url_prefix="/audit")

PLACE = {"after", "limit"}
COLUMNS = (
    "id", "at", "user_id", "user_name", "api_token_id", "token_name", "name", "subject_kind", "subject_id",
    "details", "address", "request_id",
)  # fmt: skip


@bp.get("")
@requires(AUDIT_READ)
def show_trail() -> Response:
    return _page()


def _page(error: AppError | None = None, verification: Verification | None = None) -> Response:
    conn, actor = web.conn(), current_actor()
    asked = {name: value for name, value in request.args.items() if value and name != "saved"}
    query = web.validated(AuditQuery, asked)
    page = services.list_events(conn, actor, query)
    return web.render(
        "trail/trail.html",
        "trail/_events.html",
        page=page,
        query=query,
        narrowed_by=query.model_dump(exclude_defaults=True, exclude=PLACE),
        names=services.list_names(conn, actor),
        people=history.list_people(conn),
        retention=services.get_retention(conn, actor),
        verification=verification,
        may_retain=actor.may(AUDIT_RETAIN),
        errors=problems(error),
        is_saved="saved" in request.args,
        older=address("/audit", query, after=page.next) if page.next else None,
        newest=address("/audit", query, after=None) if query.after else None,
        exports={
            kind: address("/audit/export", query, format=kind, after=None, limit=None)
            for kind in ("jsonl", "csv")
        },
        status=status(error),
    )


@bp.post("/verification")
@requires(AUDIT_READ)
def verify_trail() -> Response:
    """Reads the whole chain, so it is a press and not a visit that begins it; it changes nothing."""
    return _page(verification=sealing.verify(web.conn()))


@bp.post("/retention")
@requires(AUDIT_RETAIN)
def change_retention() -> Response:
    try:
        form = web.parse_form(RetentionForm)
        if form.days is not None and not form.understood:
            raise Invalid(_("Tick that you know it: what is removed cannot be brought back."), field="days")
        services.change_retention(web.conn(), current_actor(), form.as_change())
    except Invalid as refusal:
        return _page(refusal)
    return web.see_other("/audit?saved=1")


@bp.get("/export")
@requires(AUDIT_READ)
def export_trail() -> Response:
    """A file of every event that the filter wants."""
    return exported(web.parse_query(AuditExport))


def exported(asked: AuditExport) -> Response:
    found = services.export(web.site().pool, current_actor(), asked)
    return download("audit", asked.format, COLUMNS, found)
