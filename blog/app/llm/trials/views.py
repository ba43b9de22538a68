"""The pages of tests: answers side by side. The form that starts one is desk/trial_views.py."""

from typing import Annotated

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ, LLM_RUN
from blog.app.llm.registry.forms import Maybe
from blog.app.llm.trials import services
from blog.app.llm.trials.schemas import TrialKeep


class KeepForm(TrialKeep):
    """A form's empty choice is none."""

    run_id: Annotated[int | None, Maybe] = None


bp = Blueprint("trials", __name__, url_prefix="/llm/trials")


@bp.get("/<int:trial_id>")
@requires(LLM_READ)
def show_trial(trial_id: int) -> Response:
    actor = current_actor()
    return web.render(
        "llm/trial.html",
        "llm/_trial.html",
        trial=services.get_trial(web.conn(), current_actor(), trial_id),
        may_run=actor.may(LLM_RUN),
        may_configure=actor.may(LLM_CONFIGURE),
    )


@bp.post("/<int:trial_id>/cancellation")
@requires(LLM_RUN)
def stop_trial(trial_id: int) -> Response:
    services.stop(web.conn(), current_actor(), trial_id)
    return web.see_other(url_for("trials.show_trial", trial_id=trial_id))


@bp.post("/<int:trial_id>/cases")
@requires(LLM_CONFIGURE)
def keep_trial(trial_id: int) -> Response:
    case = services.keep(web.conn(), current_actor(), trial_id, web.parse_form(KeepForm))
    return web.see_other(url_for("cases.show_case", case_id=case.id))
