"""The pages of cases: over versions, one case, one batch, and the gate."""

import json
from collections.abc import Mapping

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.cases import batches, forms, overview, services
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseInputs
from blog.app.llm.language import NAMES
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ, LLM_RUN
from blog.app.llm.prompts import services as prompts
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.refused_form import problems, status, typed

bp = Blueprint("cases", __name__, url_prefix="/llm")

LATEST = 5


@bp.get("/actions/<int:action_id>/cases")
@requires(LLM_READ)
def list_cases(action_id: int) -> Response:
    return _cases_page(action_id)


def _cases_page(action_id: int, error: AppError | None = None) -> Response:
    conn, actor = web.conn(), current_actor()
    action = prompts.get_newest_action(conn, action_id)
    everything = services.list_cases(conn, actor, action_id, with_archived=True)
    return web.render(
        "llm/cases.html",
        action=action,
        seen=overview.get_overview(conn, actor, action_id),
        away=[case for case in everything if case.archived_at is not None],
        versions=prompts.list_action_versions(conn, action_id),
        drafts=[(part.draft_version_id, part.name) for part in prompts.list_draft_parts(conn, action)],
        models=registry.list_usable_models(conn),
        batches=batches.list_batches(conn, actor, action_id)[:LATEST],
        errors=problems(error),
        refusal=error,
        may_run=actor.may(LLM_RUN),
        may_configure=actor.may(LLM_CONFIGURE),
        status=status(error),
    )


@bp.post("/actions/<int:action_id>/gate")
@requires(LLM_CONFIGURE)
def update_gate(action_id: int) -> Response:
    try:
        services.update_gate(web.conn(), current_actor(), action_id, web.parse_form(forms.GateForm))
    except Invalid as refusal:
        return _cases_page(action_id, refusal)
    return web.see_other(url_for("cases.list_cases", action_id=action_id))


# --- one case ------------------------------------------------------------------------------------


@bp.get("/actions/<int:action_id>/cases/new")
@requires(LLM_CONFIGURE)
def show_new_case(action_id: int) -> Response:
    return _case_page(action_id, None, {"inputs": json.dumps(CaseInputs().model_dump(), indent=2)})


@bp.post("/actions/<int:action_id>/cases")
@requires(LLM_CONFIGURE)
def create_case(action_id: int) -> Response:
    try:
        new = web.parse_form(forms.CaseForm).as_new()
        services.create_case(web.conn(), current_actor(), action_id, new)
    except (Invalid, Conflict) as refusal:
        return _case_page(action_id, None, typed(), refusal)
    return web.see_other(url_for("cases.list_cases", action_id=action_id))


@bp.get("/cases/<int:case_id>")
@requires(LLM_READ)
def show_case(case_id: int) -> Response:
    case = services.get_case(web.conn(), current_actor(), case_id)
    return _case_page(case.action_id, case, forms.values_of(case))


@bp.post("/cases/<int:case_id>")
@requires(LLM_CONFIGURE)
def update_case(case_id: int) -> Response:
    conn = web.conn()
    try:
        change = web.parse_form(forms.CaseForm).as_change()
        case = services.update_case(conn, current_actor(), case_id, change)
    except (Invalid, Conflict) as refusal:
        case = services.get_case(conn, current_actor(), case_id)
        return _case_page(case.action_id, case, typed(), refusal)
    return web.see_other(url_for("cases.list_cases", action_id=case.action_id))


def _case_page(
    action_id: int, case: Case | None, form: Mapping[str, object], error: AppError | None = None
) -> Response:
    """With an error the form keeps what was typed; after a conflict its base is what is there now."""
    conn = web.conn()
    is_conflict = isinstance(error, Conflict) and "current_version_id" in error.details
    return web.render(
        "llm/case.html",
        action=prompts.get_newest_action(conn, action_id),
        case=case,
        form={**form, "base_version_id": case.version_id} if is_conflict and case else form,
        now=forms.values_of(case) if is_conflict and case else None,
        errors=problems(error),
        counts=forms.COUNTS,
        languages=NAMES,
        judges=[action for action in prompts.list_actions(conn) if action.output_kind == "json"],
        models=registry.list_usable_models(conn),
        may_configure=current_actor().may(LLM_CONFIGURE),
        status=status(error),
    )


@bp.post("/cases/<int:case_id>/archival")
@requires(LLM_CONFIGURE)
def create_case_archival(case_id: int) -> Response:
    services.archive_case(web.conn(), current_actor(), case_id)
    return _to_cases(case_id)


@bp.post("/cases/<int:case_id>/restoration")
@requires(LLM_CONFIGURE)
def create_case_restoration(case_id: int) -> Response:
    services.bring_back_case(web.conn(), current_actor(), case_id)
    return _to_cases(case_id)


def _to_cases(case_id: int) -> Response:
    case = services.get_case(web.conn(), current_actor(), case_id)
    return web.see_other(url_for("cases.list_cases", action_id=case.action_id))


# --- batches -------------------------------------------------------------------------------------


@bp.post("/actions/<int:action_id>/case-batches")
@requires(LLM_RUN)
def start_case_batch(action_id: int) -> Response:
    """A second press leads to what the first began."""
    conn = web.conn()
    try:
        wanted = web.parse_form(forms.BatchForm).as_start()
        batch = batches.start(conn, current_actor(), action_id, wanted, web.site().vocabulary(conn))
    except Conflict as refusal:
        match refusal.details.get("batch_id"):
            case int(open_id):
                return _to_batch(open_id)
            case _:
                return _cases_page(action_id, refusal)
    except Invalid as refusal:
        return _cases_page(action_id, refusal)
    return _to_batch(batch.id)


@bp.get("/case-batches/<int:batch_id>")
@requires(LLM_READ)
def show_case_batch(batch_id: int) -> Response:
    batch = batches.get_batch(web.conn(), current_actor(), batch_id)
    return web.render(
        "llm/case_batch.html",
        "llm/_case_batch.html",
        batch=batch,
        can_go_on=any(batches.can_go_on(result) for result in batch.results),
        may_run=current_actor().may(LLM_RUN),
    )


@bp.post("/case-batches/<int:batch_id>/cancellation")
@requires(LLM_RUN)
def stop_case_batch(batch_id: int) -> Response:
    batches.stop(web.conn(), current_actor(), batch_id)
    return _to_batch(batch_id)


@bp.post("/case-batches/<int:batch_id>/continuation")
@requires(LLM_RUN)
def go_on_with_case_batch(batch_id: int) -> Response:
    conn = web.conn()
    batches.go_on(conn, current_actor(), batch_id, web.site().vocabulary(conn))
    return _to_batch(batch_id)


def _to_batch(batch_id: int) -> Response:
    return web.see_other(url_for("cases.show_case_batch", batch_id=batch_id))
