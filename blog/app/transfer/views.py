"""The page of the registry file: download, upload, what importing would do, and doing it as shown."""

import json

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.transfer import file_format, services, shown
from blog.app.transfer.models import MissingModels
from blog.app.transfer.schemas import ExportQuery, ImportForm, UploadForm
from blog.app.translation import gettext as _

bp = Blueprint("transfer", __name__)

PAGE = "/llm/registry"


@bp.get(PAGE)
@requires(LLM_READ)
def show_registry() -> Response:
    return _page()


def _page(error: AppError | None = None) -> Response:
    return web.render(
        "transfer/registry.html",
        error=error,
        past=services.list_past_imports(web.conn()),
        form=request.form if error else {},
        may_configure=current_actor().may(LLM_CONFIGURE),
        status=error.status if error else 200,
    )


@bp.get(f"{PAGE}/file")
@requires(LLM_READ)
def export_registry() -> Response:
    how = web.parse_query(ExportQuery).format or "yaml"
    text = services.export(web.conn(), current_actor(), how)
    return Response(
        text,
        mimetype=f"application/{how}",
        headers={"Content-Disposition": f"attachment; filename=blogforge-registry.{how}"},
    )


@bp.post(f"{PAGE}/plans")
@requires(LLM_CONFIGURE)
def create_plan() -> Response:
    """Shows at once what importing an uploaded file would do; nothing is kept of it here."""
    try:
        form = web.parse_form(UploadForm)
        return _plan_page(form.source.encode() or _uploaded(), form.missing_models)
    except Invalid as exc:
        return _page(exc)


def _uploaded() -> bytes:
    upload = request.files.get("file")
    if upload is None or not upload.filename:
        raise Invalid(_("Choose a file first."))
    return upload.stream.read(file_format.MAX_BYTES + 1)


def _plan_page(source: bytes, missing_models: MissingModels, error: Conflict | None = None) -> Response:
    plan = services.plan_import(web.conn(), current_actor(), source, missing_models, web.site().gate)
    return web.render(
        "transfer/plan.html",
        plan=plan,
        groups=shown.groups(plan),
        left_alone=shown.left_alone(plan),
        # As JSON on one line: a browser would change line ends within a form.
        source=json.dumps(file_format.read(source), ensure_ascii=False),
        missing_models=missing_models,
        error=error,
        status=error.status if error else 200,
    )


@bp.post(f"{PAGE}/imports")
@requires(LLM_CONFIGURE)
def create_import() -> Response:
    form = web.parse_form(ImportForm)
    source = form.source.encode()
    try:
        services.import_file(
            web.conn(), current_actor(), source, form.missing_models, web.site().gate, digest=form.digest
        )
    except Conflict as exc:
        return _plan_page(source, form.missing_models, exc)
    return web.see_other(f"{PAGE}#imports")
