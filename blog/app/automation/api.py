"""The JSON edge of automations, suggestions and previews."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import services as automation
from blog.app.automation import suggestions
from blog.app.automation.models import AutomationListItem, Suggestion
from blog.app.automation.schemas import (
    AutomationStart,
    Refinement,
    SuggestionAccept,
    SuggestionDiscard,
)
from blog.app.llm.permissions import LLM_RUN
from blog.app.llm.runs.api import accepted
from blog.app.llm.runs.services import idempotency
from blog.app.posts.permissions import POST_READ
from blog.app.workflow.permissions import AUTOMATE

bp = Blueprint("automation_api", __name__, url_prefix="/api/v1")


@bp.post("/posts/<int:post_id>/fields/<field_name>/runs")
@requires(AUTOMATE)
def create_field_run(post_id: int, field_name: str) -> Response:
    """Run an action for a field of a post.
    ---
    tags: [Automation]
    parameters:
      - {$ref: '#/components/parameters/IdempotencyKey'}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/AutomationStart'}}}
    responses:
      202:
        description: Queued; follow Location, or its events. The output becomes a suggestion.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return _start(post_id, field_name, None)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/runs")
@requires(AUTOMATE)
def create_section_field_run(post_id: int, section_id: int, field_name: str) -> Response:
    """Run an action for a field of a section.
    ---
    tags: [Automation]
    parameters:
      - {$ref: '#/components/parameters/IdempotencyKey'}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/AutomationStart'}}}
    responses:
      202:
        description: Queued; follow Location, or its events. The output becomes a suggestion.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return _start(post_id, field_name, section_id)


def _start(post_id: int, field_name: str, section_id: int | None) -> Response:
    body = web.parse_json(AutomationStart)
    key = request.headers.get("Idempotency-Key")
    run = automation.start(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=field_name,
        section_id=section_id,
        action_id=body.llm_action_id,
        model_id=body.llm_model_id,
        base_revision_id=body.base_revision_id,
        fence=body.fence,
        passage=body.passage,
        wish=body.wish,
        idempotency=idempotency(key, "field", post_id, section_id, field_name, body.model_dump()),
    )
    return accepted(run)


@bp.get("/posts/<int:post_id>/runs")
@requires(POST_READ)
def list_post_runs(post_id: int) -> Response:
    """List the latest runs for the fields of a post, newest first.
    ---
    tags: [Automation]
    responses:
      200:
        description: At most 50 runs with what became of their suggestions.
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/AutomationListItem'}}
    """
    items = automation.list_automations(web.conn(), current_actor(), post_id)
    return web.answer(items, list[AutomationListItem])


@bp.post("/llm/runs/<int:run_id>/retries")
@requires(LLM_RUN)
def create_retry(run_id: int) -> Response:
    """Run again: for the same field as it is now, or with the same values for a run without a post.
    ---
    tags: [Runs]
    responses:
      202:
        description: A new run that names the old one.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    return accepted(automation.retry(web.conn(), current_actor(), run_id))


@bp.post("/llm/runs/<int:run_id>/refinements")
@requires(LLM_RUN)
def create_refinement(run_id: int) -> Response:
    """Go on from a run's answer with an instruction: a new run, for the same field on the same base.
    ---
    tags: [Runs]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/Refinement'}}}
    responses:
      202:
        description: A new run whose `refines_id` is this one.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(Refinement)
    return accepted(
        automation.refine(web.conn(), current_actor(), run_id, body.instruction, body.llm_model_id)
    )


@bp.get("/posts/<int:post_id>/suggestions")
@requires(POST_READ)
def list_suggestions(post_id: int) -> Response:
    """List the suggestions that wait for a decision, newest first.
    ---
    tags: [Suggestions]
    responses:
      200:
        description: The waiting suggestions.
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/Suggestion'}}
    """
    items = suggestions.list_suggestions(web.conn(), current_actor(), post_id)
    return web.answer(items, list[Suggestion])


@bp.get("/suggestions/<int:suggestion_id>")
@requires(POST_READ)
def get_suggestion(suggestion_id: int) -> Response:
    """Get one suggestion.
    ---
    tags: [Suggestions]
    responses:
      200:
        description: The suggestion.
        content: {application/json: {schema: {$ref: '#/components/schemas/Suggestion'}}}
    """
    return web.answer(suggestions.get_suggestion(web.conn(), current_actor(), suggestion_id))


@bp.post("/suggestions/<int:suggestion_id>/acceptance")
@requires(AUTOMATE)
def accept_suggestion(suggestion_id: int) -> Response:
    """Accept a suggestion, as it is, edited or change by change: it becomes the field's next revision.
    ---
    tags: [Suggestions]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SuggestionAccept'}}}
    responses:
      201:
        description: The new revision, which names the run.
        content: {application/json: {schema: {$ref: '#/components/schemas/Revision'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(SuggestionAccept)
    revision = suggestions.accept(
        web.conn(),
        current_actor(),
        suggestion_id,
        base_revision_id=body.base_revision_id,
        value=body.value,
        hunks=body.hunks,
    )
    return web.answer(revision, status=201)


@bp.post("/suggestions/<int:suggestion_id>/discard")
@requires(AUTOMATE)
def discard_suggestion(suggestion_id: int) -> Response:
    """Discard a suggestion; the run and its output stay.
    ---
    tags: [Suggestions]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SuggestionDiscard'}}}
    responses:
      200:
        description: The suggestion.
        content: {application/json: {schema: {$ref: '#/components/schemas/Suggestion'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(SuggestionDiscard)
    return web.answer(suggestions.discard(web.conn(), current_actor(), suggestion_id, body.reason))


@bp.delete("/suggestions/<int:suggestion_id>/discard")
@requires(AUTOMATE)
def bring_back_suggestion(suggestion_id: int) -> Response:
    """Undo a discard.
    ---
    tags: [Suggestions]
    responses:
      200:
        description: The suggestion, waiting again.
        content: {application/json: {schema: {$ref: '#/components/schemas/Suggestion'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(suggestions.bring_back(web.conn(), current_actor(), suggestion_id))
