"""A post's way through its sub-stages over REST: status, hand-over, people, days, and what was done."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts.permissions import POST_EDIT, POST_READ
from blog.app.review import dates, services, standing
from blog.app.review.models import Colleague, SubStageState
from blog.app.review.schemas import (
    Assignment,
    DueDate,
    EventQuery,
    HandOver,
    PlanChange,
    SendBack,
    StatusChange,
)

bp = Blueprint("review_api", __name__, url_prefix="/api/v1")


@bp.get("/posts/<int:post_id>/sub-stages")
@requires(POST_READ)
def list_sub_stages(post_id: int) -> Response:
    """List how far a post is in each sub-stage of its workflow, and who has it.
    ---
    tags: [review]
    responses:
      200:
        description: The sub-stages, in order.
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/SubStageState'}}}
    """
    return web.answer(standing.list_states(web.conn(), current_actor(), post_id), list[SubStageState])


@bp.get("/posts/<int:post_id>/sub-stages/<name>")
@requires(POST_READ)
def show_sub_stage(post_id: int, name: str) -> Response:
    """Show one sub-stage of a post with what is still asked of it.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    responses:
      200:
        description: The state, and each requirement with what is wrong.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageReview'}}}
    """
    return web.answer(standing.get_review(web.conn(), current_actor(), post_id, name))


@bp.get("/posts/<int:post_id>/sub-stages/<name>/events")
@requires(POST_READ)
def list_sub_stage_events(post_id: int, name: str) -> Response:
    """List what was done in a sub-stage of a post, newest first.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of changes.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageEventPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(EventQuery)
    page = standing.list_events(
        web.conn(), current_actor(), post_id, name, after=query.after, limit=query.limit
    )
    return web.answer(page)


@bp.put("/posts/<int:post_id>/sub-stages/<name>/status")
@requires(POST_EDIT)
def put_sub_stage_status(post_id: int, name: str) -> Response:
    """Say how far a sub-stage is. Done moves a post that stands there on to the next one.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/StatusChange'}}}
    description: |
      422 with `unmet` when it is called ready or done and requirements are not met: each names its field.
      409 when it is not in the status that was `seen`, or cannot go from its status to that one.
    responses:
      200:
        description: The sub-stage as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(StatusChange)
    state = services.change_status(
        web.conn(), current_actor(), post_id, name, wanted.status, note=wanted.note, seen=wanted.seen
    )
    return web.answer(state)


@bp.post("/posts/<int:post_id>/sub-stages/<name>/hand-overs")
@requires(POST_EDIT)
def create_sub_stage_hand_over(post_id: int, name: str) -> Response:
    """Hand a sub-stage over to somebody, or the post on to a later one.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/HandOver'}}}
    responses:
      201:
        description: The sub-stage it was handed over from.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(HandOver)
    state = services.hand_over(
        web.conn(),
        current_actor(),
        post_id,
        name,
        person_id=wanted.person_id,
        to=wanted.to,
        note=wanted.note,
    )
    return web.answer(state, status=201)


@bp.post("/posts/<int:post_id>/sub-stages/<name>/returns")
@requires(POST_EDIT)
def create_sub_stage_return(post_id: int, name: str) -> Response:
    """Send a post back to an earlier sub-stage, with a reason.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SendBack'}}}
    responses:
      201:
        description: The sub-stage it was sent back from.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
    """
    wanted = web.parse_json(SendBack)
    state = services.send_back(web.conn(), current_actor(), post_id, name, to=wanted.to, reason=wanted.reason)
    return web.answer(state, status=201)


@bp.put("/posts/<int:post_id>/sub-stages/<name>/assignee")
@requires(POST_EDIT)
def put_sub_stage_assignee(post_id: int, name: str) -> Response:
    """Give a sub-stage to somebody, or to nobody in particular.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/Assignment'}}}
    responses:
      200:
        description: The sub-stage as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
    """
    wanted = web.parse_json(Assignment)
    return web.answer(services.assign(web.conn(), current_actor(), post_id, name, wanted.person_id))


@bp.put("/posts/<int:post_id>/sub-stages/<name>/due-date")
@requires(POST_EDIT)
def put_sub_stage_due_date(post_id: int, name: str) -> Response:
    """Set until when a sub-stage is to be done.
    ---
    tags: [review]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The sub-stage’s name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/DueDate'}}}
    responses:
      200:
        description: The sub-stage as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
    """
    wanted = web.parse_json(DueDate)
    return web.answer(services.set_due(web.conn(), current_actor(), post_id, name, wanted.due_on))


@bp.post("/sub-stage-events/<int:event_id>/withdrawal")
@requires(POST_EDIT)
def withdraw_sub_stage_event(event_id: int) -> Response:
    """Take a change of one's own back, with what came along with it.
    ---
    tags: [review]
    description: |
      409 when something followed it.
    responses:
      201:
        description: The sub-stage as it was before.
        content: {application/json: {schema: {$ref: '#/components/schemas/SubStageState'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.undo(web.conn(), current_actor(), event_id), status=201)


@bp.get("/posts/<int:post_id>/plan")
@requires(POST_READ)
def get_plan(post_id: int) -> Response:
    """Show when a post is to appear.
    ---
    tags: [review]
    responses:
      200:
        description: The day it is meant to appear and the day it is set to.
        content: {application/json: {schema: {$ref: '#/components/schemas/PostPlan'}}}
    """
    return web.answer(dates.get_plan(web.conn(), current_actor(), post_id))


@bp.put("/posts/<int:post_id>/plan")
@requires(POST_EDIT)
def put_post_plan(post_id: int) -> Response:
    """Say when a post is to appear.
    ---
    tags: [review]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PlanChange'}}}
    responses:
      200:
        description: The days as they are now.
        content: {application/json: {schema: {$ref: '#/components/schemas/PostPlan'}}}
    """
    wanted = web.parse_json(PlanChange)
    plan = dates.plan(web.conn(), current_actor(), post_id, wanted.planned_on, wanted.scheduled_for)
    return web.answer(plan)


@bp.get("/colleagues")
@requires(POST_READ)
def list_colleagues() -> Response:
    """List the people who can be given work and mentioned.
    ---
    tags: [people]
    responses:
      200:
        description: Everybody active who may read posts, by name.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Colleague'}}}}
    """
    return web.answer(standing.list_colleagues(web.conn(), current_actor()), list[Colleague])
