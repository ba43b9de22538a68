"""Tests over REST: look at, stop, keep as a case. Starting one is automation/trial_api.py."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ, LLM_RUN
from blog.app.llm.trials import services
from blog.app.llm.trials.models import TrialListItem
from blog.app.llm.trials.schemas import TrialKeep

bp = Blueprint("trials_api", __name__, url_prefix="/api/v1/llm")


@bp.get("/actions/<int:action_id>/trials")
@requires(LLM_READ)
def list_trials(action_id: int) -> Response:
    """List the latest tests of an action, newest first.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: At most 20 tests.
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/TrialListItem'}}
    """
    return web.answer(services.list_trials(web.conn(), current_actor(), action_id), list[TrialListItem])


@bp.get("/trials/<int:trial_id>")
@requires(LLM_READ)
def get_trial(trial_id: int) -> Response:
    """Get a test: its values and its runs from left to right. Of a run that was sent back, the last repair.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: The test.
        content: {application/json: {schema: {$ref: '#/components/schemas/Trial'}}}
    """
    return web.answer(services.get_trial(web.conn(), current_actor(), trial_id))


@bp.post("/trials/<int:trial_id>/cancellation")
@requires(LLM_RUN)
def stop_trial(trial_id: int) -> Response:
    """Stop the runs of a test that have not ended.
    ---
    tags: [Tests and cases]
    responses:
      202:
        description: They are being stopped.
        content: {application/json: {schema: {$ref: '#/components/schemas/Trial'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.stop(web.conn(), current_actor(), trial_id), status=202)


@bp.post("/trials/<int:trial_id>/cases")
@requires(LLM_CONFIGURE)
def keep_trial(trial_id: int) -> Response:
    """Keep a test's input as a case of its action, with an answer of it as the reference if one is named.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/TrialKeep'}}}
    responses:
      201:
        description: The case.
        content: {application/json: {schema: {$ref: '#/components/schemas/Case'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    case = services.keep(web.conn(), current_actor(), trial_id, web.parse_json(TrialKeep))
    return web.answer(case, status=201, Location=url_for("cases_api.get_case", case_id=case.id))
