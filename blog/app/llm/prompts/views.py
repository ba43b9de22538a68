"""The pages of prompt parts and actions. Sends nothing to a model."""

from collections.abc import Mapping

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import actions, bench, forms, parts, services
from blog.app.llm.prompts.models import PromptPart
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.refused_form import problems, status, typed

bp = Blueprint("prompts", __name__)

ROLES = ("system", "user", "assistant")
KINDS = ("role", "style", "task", "data", "format", "example")
OUTPUT_KINDS = ("text", "markdown", "list", "json", "choice", "number")


def _may_configure() -> bool:
    return current_actor().may(LLM_CONFIGURE)


# --- prompt parts --------------------------------------------------------------------------------


@bp.get("/llm/parts")
@requires(LLM_READ)
def list_parts() -> Response:
    search = request.args.get("search", "").strip()
    return web.render(
        "llm/parts.html",
        "llm/_parts.html",
        parts=services.list_parts(web.conn(), search or None),
        search=search,
        may_configure=_may_configure(),
    )


@bp.get("/llm/parts/new")
@requires(LLM_CONFIGURE)
def show_new_part() -> Response:
    return _part_page(None, {"role": "user", "kind": "task"})


@bp.post("/llm/parts")
@requires(LLM_CONFIGURE)
def create_part() -> Response:
    conn = web.conn()
    try:
        new = web.parse_form(forms.PartForm).as_new()
        part = parts.create_part(conn, current_actor(), new, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(None, typed(), exc)
    return web.see_other(f"/llm/parts/{part.id}")


@bp.get("/llm/parts/<int:part_id>")
@requires(LLM_READ)
def show_part(part_id: int) -> Response:
    part = services.get_newest_part(web.conn(), part_id)
    return _part_page(part, _part_values(part))


@bp.post("/llm/parts/<int:part_id>")
@requires(LLM_CONFIGURE)
def update_part(part_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.PartForm).as_change()
        parts.update_part(conn, current_actor(), part_id, change, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _part_page(services.get_newest_part(conn, part_id), typed(), exc)
    return web.see_other(f"/llm/parts/{part_id}")


def _part_values(part: PromptPart) -> dict[str, object]:
    return {
        "base_version_id": part.version_id,
        "name": part.name,
        "description": part.description,
        "tags": ", ".join(part.tags),
        "role": part.role,
        "kind": part.kind,
        "template": part.template,
    }


def _part_page(
    part: PromptPart | None, form: Mapping[str, object], error: AppError | None = None
) -> Response:
    """With an error the form keeps what was typed; after a conflict its base is what is live now."""
    conn = web.conn()
    is_conflict = isinstance(error, Conflict) and part is not None and "current_version_id" in error.details
    vocabulary = web.site().vocabulary(conn)
    return web.render(
        "llm/part.html",
        part=part,
        form={**form, "base_version_id": part.version_id} if is_conflict and part else form,
        errors=problems(error),
        saved=part if is_conflict else None,
        live=services.get_part(conn, part.id) if part else None,
        segments=bench.segments(part.template) if part else [],
        versions=services.list_part_versions(conn, part.id) if part else [],
        uses=services.list_part_uses(conn, part.id) if part else [],
        names=bench.names(vocabulary),
        roles=ROLES,
        kinds=KINDS,
        may_configure=_may_configure(),
        status=status(error),
    )


@bp.post("/llm/parts/<int:part_id>/archival")
@requires(LLM_CONFIGURE)
def create_part_archival(part_id: int) -> Response:
    parts.archive_part(web.conn(), current_actor(), part_id)
    return web.see_other(f"/llm/parts/{part_id}")


@bp.post("/llm/parts/<int:part_id>/restoration")
@requires(LLM_CONFIGURE)
def create_part_restoration(part_id: int) -> Response:
    parts.bring_back_part(web.conn(), current_actor(), part_id)
    return web.see_other(f"/llm/parts/{part_id}")


# --- actions -------------------------------------------------------------------------------------


@bp.get("/llm/actions")
@requires(LLM_READ)
def list_actions() -> Response:
    conn = web.conn()
    actions, places = services.list_actions(conn), services.list_action_places(conn)
    return web.render(
        "llm/actions.html",
        actions=actions,
        groups=bench.by_sub_stage(actions, places),
        unbound=bench.unbound(actions, places),
        default=registry.find_default_model(conn),
        may_configure=_may_configure(),
    )


@bp.get("/llm/actions/new")
@requires(LLM_CONFIGURE)
def show_new_action() -> Response:
    return _new_action_page()


def _new_action_page(error: AppError | None = None) -> Response:
    return web.render(
        "llm/action_new.html",
        parts=services.list_parts(web.conn()),
        output_kinds=OUTPUT_KINDS,
        form=typed() if error else {},
        errors=problems(error),
        status=status(error),
    )


@bp.post("/llm/actions")
@requires(LLM_CONFIGURE)
def create_action() -> Response:
    conn = web.conn()
    try:
        new = web.parse_form(forms.ActionCreateForm).as_new()
        action = actions.create_action(conn, current_actor(), new, web.site().vocabulary(conn))
    except (Invalid, Conflict) as exc:
        return _new_action_page(exc)
    return web.see_other(f"/llm/actions/{action.id}")
