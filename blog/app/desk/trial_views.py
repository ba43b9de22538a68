"""The form of a test on an action's bench: which values, which versions, which models."""

from flask import Blueprint, Response, request, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import trying
from blog.app.desk import trial_form, typed_inputs
from blog.app.desk.schemas import TrialChoice, TrialSent
from blog.app.desk.trial_form import Choice
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.llm.permissions import LLM_READ, LLM_RUN
from blog.app.llm.trials.schemas import TrialStart

bp = Blueprint("trying", __name__)


@bp.get("/llm/actions/<int:action_id>/test")
@requires(LLM_READ)
def show_trial_form(action_id: int) -> Response:
    sent = web.parse_query(TrialChoice)
    choice = Choice(
        post_id=sent.post_id,
        section_id=sent.section_id,
        trial_id=sent.trial_id,
        by_hand=sent.by_hand,
        version_ids=_chosen(request.args.getlist("version_ids")),
        model_ids=_chosen(request.args.getlist("llm_model_ids")),
        part_version_ids=_chosen(request.args.getlist("part_version_ids")) if sent.has_drafts else None,
        beside_live_wordings=sent.beside_live_wordings,
    )
    return _page(action_id, choice)


@bp.post("/llm/actions/<int:action_id>/test")
@requires(LLM_RUN)
def start_trial(action_id: int) -> Response:
    sent = web.parse_form(TrialSent)
    choice = Choice(
        post_id=sent.post_id,
        section_id=sent.section_id,
        by_hand=sent.by_hand,
        version_ids=_chosen(sent.version_ids),
        model_ids=_chosen(sent.llm_model_ids),
        part_version_ids=_chosen(sent.part_version_ids),
        beside_live_wordings=sent.beside_live_wordings,
    )
    conn = web.conn()
    try:
        trial = trying.start(conn, current_actor(), action_id, _asked(choice))
    except (Invalid, Conflict) as refusal:
        return _page(action_id, choice, refusal)
    return web.see_other(url_for("trials.show_trial", trial_id=trial.id))


def _asked(choice: Choice) -> TrialStart:
    """A form sends a post also when its values were changed by hand: then only what was typed counts."""
    sent: dict[str, object] = {
        "version_ids": choice.version_ids,
        "llm_model_ids": choice.model_ids,
        "part_version_ids": list(choice.part_version_ids or ()),
        "beside_live_wordings": choice.beside_live_wordings,
    }
    if choice.by_hand:
        sent["values"] = typed_inputs.read(web.conn(), request.form)
    else:
        sent |= {"post_id": choice.post_id, "section_id": choice.section_id}
    return web.validated(TrialStart, sent)


def _chosen(texts: list[str]) -> list[int]:
    return [int(text) for text in dict.fromkeys(texts) if text.isdecimal()]


def _page(action_id: int, choice: Choice, refusal: AppError | None = None) -> Response:
    actor = current_actor()
    typed = request.form if refusal is not None else None
    return web.render(
        "desk/trial_form.html",
        "desk/_trial_form.html",
        form=trial_form.get_form(web.conn(), actor, action_id, choice, typed),
        refusal=refusal,
        may_run=actor.may(LLM_RUN),
        status=refusal.status if refusal else 200,
    )
