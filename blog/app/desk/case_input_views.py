"""The input of a case, typed field by field: what its action reads now. The rest of a case: llm/cases."""

from flask import Blueprint, Response, request, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.desk import typed_inputs
from blog.app.desk.schemas import CaseInputSent
from blog.app.desk.typed_inputs import TypedInput
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.cases import services as cases
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseChange, CaseInputs
from blog.app.llm.permissions import LLM_CONFIGURE
from blog.app.llm.prompts import services as prompts
from blog.app.llm.runs import snapshot

bp = Blueprint("case_input", __name__)


@bp.get("/llm/cases/<int:case_id>/input")
@requires(LLM_CONFIGURE)
def show_case_input(case_id: int) -> Response:
    return _page(cases.get_case(web.conn(), current_actor(), case_id))


@bp.post("/llm/cases/<int:case_id>/input")
@requires(LLM_CONFIGURE)
def update_case_input(case_id: int) -> Response:
    conn, sent = web.conn(), web.parse_form(CaseInputSent)
    case = cases.get_case(conn, current_actor(), case_id)
    try:
        names = {each.name for each in _inputs(case)}
        typed = typed_inputs.read(conn, {name: request.form[name] for name in names if name in request.form})
        inputs = typed_inputs.put_into(CaseInputs.model_validate(case.inputs), typed, names)
        cases.update_case(conn, current_actor(), case_id, _change(case, inputs, sent.base_version_id))
    except (Invalid, Conflict) as refusal:
        return _page(cases.get_case(conn, current_actor(), case_id), sent.base_version_id, refusal)
    return web.see_other(url_for("cases.show_case", case_id=case_id))


def _change(case: Case, inputs: CaseInputs, base_version_id: int) -> CaseChange:
    """The case as it is, but for its input."""
    kept = {name: getattr(case, name) for name in CaseChange.model_fields if hasattr(case, name)}
    return web.validated(
        CaseChange, {**kept, "inputs": inputs.model_dump(), "base_version_id": base_version_id}
    )


def _inputs(case: Case) -> list[TypedInput]:
    action = prompts.get_newest_action(web.conn(), case.action_id)
    return typed_inputs.list_inputs(web.conn(), [action.version.id], snapshot.restore(case.inputs))


def _page(case: Case, base_version_id: int | None = None, refusal: AppError | None = None) -> Response:
    """A refused form keeps what was typed; after a conflict it goes on from what is there now."""
    conn = web.conn()
    action = prompts.get_newest_action(conn, case.action_id)
    is_conflict = isinstance(refusal, Conflict)
    sent = request.form if refusal is not None else None
    return web.render(
        "desk/case_input.html",
        case=case,
        action=action,
        typed=typed_inputs.list_inputs(conn, [action.version.id], snapshot.restore(case.inputs), sent),
        base_version_id=case.version_id if is_conflict or base_version_id is None else base_version_id,
        now=_inputs(case) if is_conflict else [],
        refusal=refusal,
        status=refusal.status if refusal else 200,
    )
