"""The HTML edge of finding: list, board, calendar, saved views, jump to. Another form undoes what one did."""

from datetime import UTC, datetime
from functools import partial
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires, signed_in
from blog.app.errors import AppError, Conflict
from blog.app.finding import permits, planning, rules, services
from blog.app.finding.schemas import (
    BoardPageQuery,
    CalendarQuery,
    CardMove,
    CardMoveQuery,
    ColumnQuery,
    DayMove,
    DayMoveQuery,
    FindQuery,
    PostFilter,
    PostListQuery,
    PostQuery,
    ViewChange,
    ViewCreate,
)
from blog.app.posts import services as posts
from blog.app.posts.permissions import POST_CREATE, POST_EDIT, POST_READ
from blog.app.workflow import services as workflow
from blog.app.workflow import workspaces

bp = Blueprint("finding", __name__)


# --- the list ------------------------------------------------------------------------------------


@bp.get("/posts")
@requires(POST_READ)
def list_posts() -> Response:
    query = web.parse_query(PostListQuery)
    actor = current_actor()
    page = services.list_posts(web.conn(), actor, query)
    return web.render(
        "finding/list.html",
        "finding/_list.html",
        page=page,
        query=query,
        older=rules.address("/posts", query, gone=None, left=None, after=page.next) if page.next else None,
        newest=rules.address("/posts", query, gone=None, left=None, after=None) if query.after else None,
        kept=rules.kept_text(query),
        stages=services.list_stage_choices(web.conn(), current_actor()),
        people=services.list_people(web.conn()),
        views=services.list_views(web.conn(), actor),
        may_create=actor.may(POST_CREATE),
        removable={post.id for post in page.items if permits.may_remove(actor, post)},
    )


# --- the board -----------------------------------------------------------------------------------


@bp.get("/board")
@requires(POST_READ)
def show_board() -> Response:
    query = web.parse_query(BoardPageQuery)
    actor = current_actor()
    return web.render(
        "finding/board.html",
        "finding/_board.html",
        board=services.get_board(web.conn(), actor, query),
        query=query,
        kept=rules.kept_text(query),
        stages=services.list_stage_choices(web.conn(), current_actor()),
        people=services.list_people(web.conn()),
        views=services.list_views(web.conn(), actor),
        may_create=actor.may(POST_CREATE),
        may_edit=actor.may(POST_EDIT),
        may_move=partial(permits.may_move, actor),
        may_undo=query.moved is not None and _may_move_back(query.moved),
    )


def _may_move_back(post_id: int) -> bool:
    """Whoever moved it may be unable to from where it is now."""
    conn, actor = web.conn(), current_actor()
    is_there = posts.is_in_sight(conn, actor, post_id)
    return is_there and permits.may_move(actor, posts.get_post(conn, actor, post_id))


@bp.get("/board/columns/<int:sub_stage_id>")
@requires(POST_READ)
def show_column(sub_stage_id: int) -> Response:
    """The cards below those shown, for a column that grows."""
    query = web.parse_query(ColumnQuery)
    asked = PostQuery.model_validate(
        {**query.model_dump(), "sub_stage_id": sub_stage_id, "limit": services.PER_COLUMN}
    )
    page = services.list_posts(web.conn(), current_actor(), asked)
    return web.render(
        "finding/_cards.html",
        posts=page.items,
        next=page.next,
        sub_stage_id=sub_stage_id,
        query=query,
        kept=rules.kept_text(query),
        stages=services.list_stage_choices(web.conn(), current_actor()),
        may_move=partial(permits.may_move, current_actor()),
    )


@bp.get("/board/moves/new")
@requires(POST_EDIT)
def new_card_move() -> Response:
    """Where a card can go: a page of its own, or a dialog over the board."""
    query = web.parse_query(CardMoveQuery)
    workspace = workspaces.get_workspace(web.conn(), current_actor(), query.post_id)
    return web.render("finding/move.html", "finding/_move.html", workspace=workspace, shown=query.shown)


@bp.post("/board/moves")
@requires(POST_EDIT)
def create_card_move() -> Response:
    form = web.parse_form(CardMove)
    before = workspaces.get_workspace(web.conn(), current_actor(), form.post_id).sub_stage.name
    workflow.move_post(web.conn(), current_actor(), form.post_id, form.sub_stage)
    shown = rules.kept_query(form.shown)
    if not posts.is_in_sight(web.conn(), current_actor(), form.post_id):
        return web.see_other(f"/board?{urlencode({**shown, 'left': 1})}")
    return web.see_other(f"/board?{urlencode({**shown, 'moved': form.post_id, 'back': before})}")


# --- the calendar --------------------------------------------------------------------------------


@bp.get("/calendar")
@requires(POST_READ)
def show_calendar() -> Response:
    query = web.parse_query(CalendarQuery)
    today = datetime.now(UTC).date()
    return web.render(
        "finding/calendar.html",
        month=services.get_calendar(web.conn(), current_actor(), query.month, today),
        today=today,
        query=query,
        may_edit=current_actor().may(POST_EDIT),
        may_move=partial(permits.may_move_day, current_actor()),
    )


@bp.get("/calendar/moves/new")
@requires(POST_EDIT)
def new_day_move() -> Response:
    """Which day a post goes to: a page of its own, or a dialog over the calendar."""
    query = web.parse_query(DayMoveQuery)
    return web.render(
        "finding/move_day.html",
        "finding/_move_day.html",
        post=posts.get_post(web.conn(), current_actor(), query.post_id),
        which=query.which,
        day=planning.get_day(web.conn(), current_actor(), query.post_id, query.which),
    )


@bp.post("/calendar/moves")
@requires(POST_EDIT)
def create_day_move() -> Response:
    form = web.parse_form(DayMove)
    before = planning.move_to_day(web.conn(), current_actor(), form.post_id, form.which, form.day)
    news = {"month": form.day.isoformat()[:7], "moved": form.post_id, "which": form.which, "back": before}
    return web.see_other(f"/calendar?{urlencode({name: said for name, said in news.items() if said})}")


# --- saved views ---------------------------------------------------------------------------------


@bp.get("/views")
@requires(POST_READ)
def list_views() -> Response:
    return _views_page()


def _views_page(refusal: AppError | None = None) -> Response:
    actor = current_actor()
    return web.render(
        "finding/views.html",
        views=services.list_views(web.conn(), actor),
        removed=dict(parse_qsl(request.args.get("removed", "")[:3000])),
        refusal=refusal,
        may_share=actor.may(POST_EDIT),
        status=refusal.status if refusal else 200,
    )


@bp.post("/views")
@requires(POST_READ)
def create_view() -> Response:
    form = web.parse_form(ViewCreate)
    try:
        view = services.create_view(web.conn(), current_actor(), form)
    except Conflict as refusal:
        return _views_page(refusal)
    return web.see_other(rules.view_address(view))


@bp.get("/views/<int:view_id>")
@requires(POST_READ)
def show_view(view_id: int) -> Response:
    """Leads to the list or board it is a view of."""
    return web.see_other(rules.view_address(services.get_view(web.conn(), current_actor(), view_id)))


@bp.post("/views/<int:view_id>")
@requires(POST_READ)
def change_view(view_id: int) -> Response:
    form = web.parse_form(ViewChange)
    try:
        services.change_view(web.conn(), current_actor(), view_id, form)
    except Conflict as refusal:
        return _views_page(refusal)
    return web.see_other("/views")


@bp.post("/views/<int:view_id>/removal")
@requires(POST_READ)
def remove_view(view_id: int) -> Response:
    view = services.remove_view(web.conn(), current_actor(), view_id)
    again = {"name": view.name, "place": view.place, "query": view.query, "is_shared": int(view.is_shared)}
    return web.see_other(f"/views?{urlencode({'removed': urlencode(again)})}")


# --- jump to -------------------------------------------------------------------------------------


@bp.get("/find")
@signed_in
def show_find() -> Response:
    query = web.parse_query(FindQuery)
    hits = services.find(web.conn(), current_actor(), query.q, post_id=query.post_id)
    return web.render("finding/find.html", "finding/_hits.html", hits=hits, query=query)


# --- words for templates -------------------------------------------------------------------------


@bp.app_template_global("column_address")
def column_address(path: str, query: PostFilter, sub_stage_id: int | None, after: str) -> str:
    """Where the cards of a column behind `after` are, for the same filter."""
    return rules.address(
        path,
        query,
        workflow_id=None,
        moved=None,
        back=None,
        left=None,
        sub_stage_id=sub_stage_id,
        after=after,
    )
