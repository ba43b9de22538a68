"""The HTML edge of a post's sub-stages: the strip on the desk, the page of a sub-stage, and its forms.

Each form answers 303 to the desk. A refusal keeps what was typed, and says what is missing and where.
"""

from collections.abc import Mapping

from flask import Blueprint, Response, request, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.errors import AppError, Conflict, Invalid
from blog.app.posts import services as posts
from blog.app.posts.permissions import POST_EDIT, POST_READ
from blog.app.posts.views import LEFT
from blog.app.review import comments, dates, rules, services, standing
from blog.app.review.comment_models import CommentCount
from blog.app.review.models import SubStageState
from blog.app.review.schemas import (
    Assignment,
    DueDate,
    HandOver,
    PlanChange,
    SendBack,
    StatePageQuery,
    StatusChange,
)

bp = Blueprint("review", __name__)


@bp.get("/posts/<int:post_id>/sub-stages/<sub_stage_name>")
@requires(POST_READ)
def show_sub_stage(post_id: int, sub_stage_name: str) -> Response:
    return _sub_stage_page(post_id, sub_stage_name, after=web.parse_query(StatePageQuery).after)


def _sub_stage_page(
    post_id: int,
    sub_stage_name: str,
    *,
    after: int | None = None,
    refusal: AppError | None = None,
    typed: Mapping[str, str] | None = None,
) -> Response:
    conn, actor = web.conn(), current_actor()
    counts = comments.list_counts(conn, actor, post_id)
    return web.render(
        "review/sub_stage.html",
        "review/_refusal.html" if refusal else "review/_strip.html",
        post=posts.get_post(conn, actor, post_id),
        review=standing.get_review(conn, actor, post_id, sub_stage_name),
        states=standing.list_states(conn, actor, post_id),
        places=standing.list_places(conn, actor, post_id),
        events=standing.list_events(conn, actor, post_id, sub_stage_name, after=after),
        plan=dates.get_plan(conn, actor, post_id),
        receivers=standing.list_receivers(conn, actor, post_id, sub_stage_name),
        counts={_key(count): count.count for count in counts},
        refusal=refusal,
        typed=typed or {},
        on_desk=web.wants_fragment(),
        words=rules.WORDS,
        status=refusal.status if refusal else 200,
    )


def _key(count: CommentCount) -> str:
    """What the ids of the field's elements on the desk end with."""
    return count.field_name if count.section_id is None else f"{count.section_id}-{count.field_name}"


def _back_to_desk(post_id: int, sub_stage_name: str) -> Response:
    """Or to the list, which says so, when the post has gone out of sight."""
    if not posts.is_in_sight(web.conn(), current_actor(), post_id):
        if web.wants_fragment():
            return Response(status=204, headers={"HX-Redirect": LEFT})
        return web.see_other(LEFT)
    return web.see_other(url_for("desk.show_desk", post_id=post_id, sub_stage_name=sub_stage_name))


def _refused(post_id: int, sub_stage_name: str, refusal: AppError) -> Response:
    return _sub_stage_page(
        post_id, sub_stage_name, refusal=refusal, typed={"form": request.endpoint or "", **request.form}
    )


# --- working -------------------------------------------------------------------------------------


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/status")
@requires(POST_EDIT)
def change_status(post_id: int, sub_stage_name: str) -> Response:
    """To where the post stands afterwards, when it was here: done leads on."""
    conn, actor = web.conn(), current_actor()
    try:
        form = web.parse_form(StatusChange)
        before = standing.get_review(conn, actor, post_id, sub_stage_name).state
        services.change_status(
            conn, actor, post_id, sub_stage_name, form.status, note=form.note, seen=form.seen
        )
    except (Conflict, Invalid) as refusal:
        return _refused(post_id, sub_stage_name, refusal)
    return _back_to_desk(post_id, _place_after(post_id, before))


def _place_after(post_id: int, before: SubStageState) -> str:
    """Where the post stands by now, if it stood here; the one that was worked on if that is out of sight."""
    conn, actor = web.conn(), current_actor()
    if not before.is_here or not posts.is_in_sight(conn, actor, post_id):
        return before.name
    return next(state.name for state in standing.list_states(conn, actor, post_id) if state.is_here)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/hand-overs")
@requires(POST_EDIT)
def create_hand_over(post_id: int, sub_stage_name: str) -> Response:
    try:
        form = web.parse_form(HandOver)
        services.hand_over(
            web.conn(),
            current_actor(),
            post_id,
            sub_stage_name,
            person_id=form.person_id,
            to=form.to,
            note=form.note,
        )
    except (Conflict, Invalid) as refusal:
        return _refused(post_id, sub_stage_name, refusal)
    return _back_to_desk(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/returns")
@requires(POST_EDIT)
def create_return(post_id: int, sub_stage_name: str) -> Response:
    try:
        form = web.parse_form(SendBack)
        services.send_back(
            web.conn(), current_actor(), post_id, sub_stage_name, to=form.to, reason=form.reason
        )
    except (Conflict, Invalid) as refusal:
        return _refused(post_id, sub_stage_name, refusal)
    return _back_to_desk(post_id, sub_stage_name)


@bp.post("/sub-stage-events/<int:event_id>/withdrawal")
@requires(POST_EDIT)
def create_withdrawal(event_id: int) -> Response:
    state = services.undo(web.conn(), current_actor(), event_id)
    return _back_to_desk(state.post_id, state.name)


# --- people and days -----------------------------------------------------------------------------


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/assignee")
@requires(POST_EDIT)
def put_assignee(post_id: int, sub_stage_name: str) -> Response:
    try:
        form = web.parse_form(Assignment)
        services.assign(web.conn(), current_actor(), post_id, sub_stage_name, form.person_id)
    except Invalid as refusal:
        return _refused(post_id, sub_stage_name, refusal)
    return _back_to_desk(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/sub-stages/<sub_stage_name>/due-date")
@requires(POST_EDIT)
def put_due_date(post_id: int, sub_stage_name: str) -> Response:
    try:
        form = web.parse_form(DueDate)
        services.set_due(web.conn(), current_actor(), post_id, sub_stage_name, form.due_on)
    except Invalid as refusal:
        return _refused(post_id, sub_stage_name, refusal)
    return _back_to_desk(post_id, sub_stage_name)


@bp.post("/posts/<int:post_id>/plan")
@requires(POST_EDIT)
def put_plan(post_id: int) -> Response:
    form = web.parse_form(PlanChange)
    dates.plan(web.conn(), current_actor(), post_id, form.planned_on, form.scheduled_for)
    return web.see_other(url_for("desk.show_post", post_id=post_id))
