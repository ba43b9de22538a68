"""Starting a test over REST: with a post's values or with given ones."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import trying
from blog.app.llm.permissions import LLM_RUN
from blog.app.llm.trials.schemas import TrialStart

bp = Blueprint("trying_api", __name__, url_prefix="/api/v1")


@bp.post("/llm/actions/<int:action_id>/trials")
@requires(LLM_RUN)
def start_trial(action_id: int) -> Response:
    """Test versions of an action on models side by side, with values of a post or given ones.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/TrialStart'}}}
    responses:
      202:
        description: Queued; follow each run by its events.
        headers: {Location: {schema: {type: string}, description: Where the test is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Trial'}}}
    """
    body = web.parse_json(TrialStart)
    trial = trying.start(web.conn(), current_actor(), action_id, body)
    return web.answer(trial, status=202, Location=url_for("trials_api.get_trial", trial_id=trial.id))
