"""The JSON edge of batches: a field in every section, or the fields of a sub-stage."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import batches
from blog.app.automation.batch_models import Batch
from blog.app.automation.batch_schemas import SectionBatchStart, StageBatchStart
from blog.app.posts.permissions import POST_READ
from blog.app.workflow.permissions import AUTOMATE

bp = Blueprint("batches_api", __name__, url_prefix="/api/v1")


@bp.post("/posts/<int:post_id>/fields/<field_name>/batches")
@requires(AUTOMATE)
def start_section_batch(post_id: int, field_name: str) -> Response:
    """Run an action for a field in every section; a section that lacks an input is left out with the reason.
    ---
    tags: [Automation]
    responses:
      201:
        description: The batch, its runs queued.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(SectionBatchStart)
    batch = batches.start_for_sections(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=field_name,
        action_id=wanted.llm_action_id,
        model_id=wanted.llm_model_id,
    )
    return web.answer(batch, status=201)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches")
@requires(AUTOMATE)
def start_stage_batch(post_id: int, sub_stage_name: str) -> Response:
    """Automate the empty fields of a sub-stage, one after the other.
    ---
    tags: [Automation]
    responses:
      201:
        description: The batch, its first run queued.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
      409: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(StageBatchStart)
    batch = batches.start_stage(
        web.conn(),
        current_actor(),
        post_id=post_id,
        sub_stage_name=sub_stage_name,
        acceptance=wanted.acceptance,
        model_id=wanted.llm_model_id,
    )
    return web.answer(batch, status=201)


@bp.get("/posts/<int:post_id>/batches")
@requires(POST_READ)
def list_batches(post_id: int) -> Response:
    """List the latest batches of a post, newest first, each with how far it is.
    ---
    tags: [Automation]
    responses:
      200:
        description: At most 20 batches.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Batch'}}}}
    """
    return web.answer(batches.list_batches(web.conn(), current_actor(), post_id), list[Batch])


@bp.get("/batches/<int:batch_id>")
@requires(POST_READ)
def get_batch(batch_id: int) -> Response:
    """Get a batch: its steps, their runs and suggestions, and what it waits for.
    ---
    tags: [Automation]
    responses:
      200:
        description: The batch.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
    """
    return web.answer(batches.get_batch(web.conn(), current_actor(), batch_id))


@bp.post("/batches/<int:batch_id>/cancellation")
@requires(AUTOMATE)
def stop_batch(batch_id: int) -> Response:
    """Stop a batch with all of its runs that have not ended.
    ---
    tags: [Automation]
    responses:
      200:
        description: The batch. What was written already stays.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(batches.stop(web.conn(), current_actor(), batch_id))


@bp.post("/batches/<int:batch_id>/continuation")
@requires(AUTOMATE)
def go_on_with_batch(batch_id: int) -> Response:
    """Take a batch of a sub-stage further, if it stands still though nothing is in its way.
    ---
    tags: [Automation]
    responses:
      200:
        description: The batch.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
    """
    return web.answer(batches.go_on(web.conn(), current_actor(), batch_id))


@bp.post("/batches/<int:batch_id>/steps/<int:step_id>/omission")
@requires(AUTOMATE)
def leave_out_step(batch_id: int, step_id: int) -> Response:
    """Go on without a step whose run failed. To try it again, retry its run.
    ---
    tags: [Automation]
    responses:
      200:
        description: The batch.
        content: {application/json: {schema: {$ref: '#/components/schemas/Batch'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(batches.leave_out(web.conn(), current_actor(), batch_id, step_id))
