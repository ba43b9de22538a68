"""The HTML edge of batches: what a sub-stage's page offers and tells of them, and their forms."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import batches
from blog.app.automation.batch_models import Batch
from blog.app.automation.batch_schemas import SectionBatchStart, StageBatchStart
from blog.app.errors import NotFound
from blog.app.posts import services as posts
from blog.app.posts.permissions import POST_READ
from blog.app.translation import gettext as _
from blog.app.workflow.permissions import AUTOMATE

bp = Blueprint("batches", __name__)


@bp.get("/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches")
@requires(POST_READ)
def list_batches(post_id: int, sub_stage_name: str) -> Response:
    return web.render(
        "desk/batches.html",
        "desk/_batches.html",
        post=posts.get_post(web.conn(), current_actor(), post_id),
        place=batches.get_place(web.conn(), current_actor(), post_id, sub_stage_name),
    )


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/fields/<field_name>/batches")
@requires(AUTOMATE)
def start_section_batch(post_id: int, sub_stage_name: str, field_name: str) -> Response:
    form = web.parse_form(SectionBatchStart)
    batches.start_for_sections(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=field_name,
        action_id=form.llm_action_id,
        model_id=form.llm_model_id,
    )
    return _to_place(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches")
@requires(AUTOMATE)
def start_stage_batch(post_id: int, sub_stage_name: str) -> Response:
    form = web.parse_form(StageBatchStart)
    batches.start_stage(
        web.conn(),
        current_actor(),
        post_id=post_id,
        sub_stage_name=sub_stage_name,
        acceptance=form.acceptance,
        model_id=form.llm_model_id,
    )
    return _to_place(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches/<int:batch_id>/cancellation")
@requires(AUTOMATE)
def stop_batch(post_id: int, sub_stage_name: str, batch_id: int) -> Response:
    batches.stop(web.conn(), current_actor(), _of(post_id, batch_id).id)
    return _to_place(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches/<int:batch_id>/continuation")
@requires(AUTOMATE)
def go_on_with_batch(post_id: int, sub_stage_name: str, batch_id: int) -> Response:
    batches.go_on(web.conn(), current_actor(), _of(post_id, batch_id).id)
    return _to_place(post_id, sub_stage_name)


@bp.post(
    "/posts/<int:post_id>/sub-stages/<sub_stage_name>/batches/<int:batch_id>/steps/<int:step_id>/omission"
)
@requires(AUTOMATE)
def leave_out_step(post_id: int, sub_stage_name: str, batch_id: int, step_id: int) -> Response:
    batches.leave_out(web.conn(), current_actor(), _of(post_id, batch_id).id, step_id)
    return _to_place(post_id, sub_stage_name)


def _of(post_id: int, batch_id: int) -> Batch:
    batch = batches.get_batch(web.conn(), current_actor(), batch_id)
    if batch.post_id != post_id:
        raise NotFound(_("There is no such batch of this post."))
    return batch


def _to_place(post_id: int, sub_stage_name: str) -> Response:
    return web.see_other(url_for("batches.list_batches", post_id=post_id, sub_stage_name=sub_stage_name))
