"""Comments over REST: threads about a post, a field or a passage, and what may be done with each."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts.permissions import POST_COMMENT, POST_READ
from blog.app.review import comments
from blog.app.review.schemas import CommentCreate, CommentQuery, CommentText

bp = Blueprint("comments_api", __name__, url_prefix="/api/v1")


@bp.get("/posts/<int:post_id>/comments")
@requires(POST_READ)
def list_comments(post_id: int) -> Response:
    """List the threads about a post, the oldest first.
    ---
    tags: [comments]
    parameters:
      - {name: field, in: query, schema: {type: string}, description: Only those about this field.}
      - {name: section_id, in: query, schema: {type: integer}, description: Of this section’s field.}
      - {name: shown, in: query, schema: {type: string, enum: [open, resolved, all], default: all}}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of threads, each with its replies.
        content: {application/json: {schema: {$ref: '#/components/schemas/ThreadPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(CommentQuery)
    page = comments.list_threads(
        web.conn(),
        current_actor(),
        post_id,
        field_name=query.field,
        section_id=query.section_id,
        shown=query.shown,
        after=query.after,
        limit=query.limit,
    )
    return web.answer(page)


@bp.post("/posts/<int:post_id>/comments")
@requires(POST_COMMENT)
def create_comment(post_id: int) -> Response:
    """Comment on a post, a field or a passage of it. @ and a name tells that person.
    ---
    tags: [comments]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CommentCreate'}}}
    responses:
      201:
        description: The comment.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
    """
    wanted = web.parse_json(CommentCreate)
    said = comments.comment(
        web.conn(),
        current_actor(),
        post_id,
        wanted.body,
        field_name=wanted.field,
        section_id=wanted.section_id,
        quote=wanted.quote,
    )
    return web.answer(said, status=201, Location=f"/api/v1/comments/{said.id}")


@bp.get("/comments/<int:comment_id>")
@requires(POST_READ)
def show_comment(comment_id: int) -> Response:
    """Show the thread a comment is in.
    ---
    tags: [comments]
    responses:
      200:
        description: The thread.
        content: {application/json: {schema: {$ref: '#/components/schemas/Thread'}}}
    """
    return web.answer(comments.get_thread(web.conn(), current_actor(), comment_id))


@bp.post("/comments/<int:comment_id>/replies")
@requires(POST_COMMENT)
def create_reply(comment_id: int) -> Response:
    """Reply to a comment. A resolved thread is opened again by it.
    ---
    tags: [comments]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CommentText'}}}
    responses:
      201:
        description: The reply.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
    """
    wanted = web.parse_json(CommentText)
    said = comments.reply(web.conn(), current_actor(), comment_id, wanted.body)
    return web.answer(said, status=201, Location=f"/api/v1/comments/{said.id}")


@bp.patch("/comments/<int:comment_id>")
@requires(POST_COMMENT)
def edit_comment(comment_id: int) -> Response:
    """Change the words of a comment of one's own.
    ---
    tags: [comments]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CommentText'}}}
    responses:
      200:
        description: The comment as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(CommentText)
    return web.answer(comments.edit(web.conn(), current_actor(), comment_id, wanted.body))


@bp.delete("/comments/<int:comment_id>")
@requires(POST_COMMENT)
def remove_comment(comment_id: int) -> Response:
    """Remove a comment of one's own. POST to its restoration brings it back.
    ---
    tags: [comments]
    responses:
      200:
        description: The comment with its `removed_at`.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
    """
    return web.answer(comments.remove(web.conn(), current_actor(), comment_id))


@bp.post("/comments/<int:comment_id>/restoration")
@requires(POST_COMMENT)
def bring_back_comment(comment_id: int) -> Response:
    """Bring a removed comment of one's own back.
    ---
    tags: [comments]
    responses:
      200:
        description: The comment.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
    """
    return web.answer(comments.bring_back(web.conn(), current_actor(), comment_id))


@bp.put("/comments/<int:comment_id>/resolution")
@requires(POST_COMMENT)
def resolve_comment(comment_id: int) -> Response:
    """Call a thread resolved, at its first comment.
    ---
    tags: [comments]
    responses:
      200:
        description: The comment with its `resolved_at`.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(comments.resolve(web.conn(), current_actor(), comment_id))


@bp.delete("/comments/<int:comment_id>/resolution")
@requires(POST_COMMENT)
def reopen_comment(comment_id: int) -> Response:
    """Open a resolved thread again.
    ---
    tags: [comments]
    responses:
      200:
        description: The comment.
        content: {application/json: {schema: {$ref: '#/components/schemas/Comment'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(comments.reopen(web.conn(), current_actor(), comment_id))
