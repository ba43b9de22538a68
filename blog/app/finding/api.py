"""The JSON edge of finding: posts by any of their facts, board, calendar, saved views, jump to."""

from datetime import UTC, datetime

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires, signed_in
from blog.app.finding import services
from blog.app.finding.models import SavedView
from blog.app.finding.schemas import BoardQuery, FindQuery, MonthQuery, PostQuery, ViewChange, ViewCreate
from blog.app.posts.permissions import POST_READ

bp = Blueprint("finding_api", __name__, url_prefix="/api/v1")


@bp.get("/posts")
@requires(POST_READ)
def list_posts() -> Response:
    """List posts: which, in what order, a page at a time.
    ---
    tags: [finding]
    parameters:
      - {name: search, in: query, schema: {type: string}, description: Words; the last may be a beginning.}
      - {name: sub_stage_id, in: query, schema: {type: integer}, description: Only posts that stand there.}
      - {name: status, in: query, schema: {type: string, enum: [not_started, in_work, ready, done, blocked]}}
      - {name: assignee, in: query, schema: {type: string}, description: "A person's id, `me` or `nobody`."}
      - {name: author, in: query, schema: {type: string}, description: "A person's id, or `me`."}
      - {name: due, in: query, schema: {type: string, enum: [overdue, today, week, none]}}
      - {name: removed, in: query, schema: {type: boolean}, description: The removed ones instead.}
      - name: sort
        in: query
        description: By due or planned day, posts without one are left out.
        schema: {type: string, enum: [changed, created, title, due, planned], default: changed}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of posts.
        content: {application/json: {schema: {$ref: '#/components/schemas/FoundPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.list_posts(web.conn(), current_actor(), web.parse_query(PostQuery)))


@bp.get("/board")
@requires(POST_READ)
def show_board() -> Response:
    """Show a workflow's posts by sub-stage: each column's first and how many there are.
    ---
    tags: [finding]
    parameters:
      - {name: workflow_id, in: query, schema: {type: integer}, description: "None: the usual one."}
      - {name: search, in: query, schema: {type: string}, description: Words; the last may be a beginning.}
      - {name: sub_stage_id, in: query, schema: {type: integer}, description: Only this column.}
      - {name: status, in: query, schema: {type: string, enum: [not_started, in_work, ready, done, blocked]}}
      - {name: assignee, in: query, schema: {type: string}, description: "A person's id, `me` or `nobody`."}
      - {name: author, in: query, schema: {type: string}, description: "A person's id, or `me`."}
      - {name: due, in: query, schema: {type: string, enum: [overdue, today, week, none]}}
    responses:
      200:
        description: The columns in the workflow's order. PUT to a post's stage moves it.
        content: {application/json: {schema: {$ref: '#/components/schemas/Board'}}}
      404: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.get_board(web.conn(), current_actor(), web.parse_query(BoardQuery)))


@bp.get("/calendar")
@requires(POST_READ)
def show_calendar() -> Response:
    """Show what is planned and scheduled in a month, in whole weeks.
    ---
    tags: [finding]
    parameters:
      - {name: month, in: query, schema: {type: string, example: 2026-03}, description: Otherwise now.}
    responses:
      200:
        description: The weeks. A post with two days that differ is on both.
        content: {application/json: {schema: {$ref: '#/components/schemas/CalendarMonth'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(MonthQuery)
    today = datetime.now(UTC).date()
    return web.answer(services.get_calendar(web.conn(), current_actor(), query.month, today))


# --- saved views ---------------------------------------------------------------------------------


@bp.get("/views")
@requires(POST_READ)
def list_views() -> Response:
    """List one's saved views, then those that others share.
    ---
    tags: [finding]
    responses:
      200:
        description: The views.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/SavedView'}}}}
    """
    return web.answer(services.list_views(web.conn(), current_actor()), list[SavedView])


@bp.post("/views")
@requires(POST_READ)
def create_view() -> Response:
    """Keep a question about posts under a name. Sharing it needs `post.edit`.
    ---
    tags: [finding]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ViewCreate'}}}
    responses:
      201:
        description: The view.
        content: {application/json: {schema: {$ref: '#/components/schemas/SavedView'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    view = services.create_view(web.conn(), current_actor(), web.parse_json(ViewCreate))
    return web.answer(view, status=201, Location=f"/api/v1/views/{view.id}")


@bp.get("/views/<int:view_id>")
@requires(POST_READ)
def show_view(view_id: int) -> Response:
    """Show a saved view: one's own, or a shared one.
    ---
    tags: [finding]
    responses:
      200:
        description: The view.
        content: {application/json: {schema: {$ref: '#/components/schemas/SavedView'}}}
    """
    return web.answer(services.get_view(web.conn(), current_actor(), view_id))


@bp.patch("/views/<int:view_id>")
@requires(POST_READ)
def change_view(view_id: int) -> Response:
    """Rename one's view, share it or keep it to oneself.
    ---
    tags: [finding]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ViewChange'}}}
    responses:
      200:
        description: The view as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/SavedView'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.change_view(web.conn(), current_actor(), view_id, web.parse_json(ViewChange)))


@bp.delete("/views/<int:view_id>")
@requires(POST_READ)
def remove_view(view_id: int) -> Response:
    """Remove one's view. The answer is what it was, so that it can be saved again.
    ---
    tags: [finding]
    responses:
      200:
        description: The view that is gone.
        content: {application/json: {schema: {$ref: '#/components/schemas/SavedView'}}}
    """
    return web.answer(services.remove_view(web.conn(), current_actor(), view_id))


# --- jump to -------------------------------------------------------------------------------------


@bp.get("/find")
@signed_in
def show_find() -> Response:
    """Find something to jump to: posts, fields, actions, prompt parts, models, runs, pages.
    ---
    tags: [finding]
    parameters:
      - {name: q, in: query, schema: {type: string}, description: "None: the latest posts, and the pages."}
      - {name: post_id, in: query, schema: {type: integer}, description: The open post; its fields count too.}
    responses:
      200:
        description: A few of each kind that this person may see.
        content: {application/json: {schema: {$ref: '#/components/schemas/Hits'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(FindQuery)
    return web.answer(services.find(web.conn(), current_actor(), query.q, post_id=query.post_id))
