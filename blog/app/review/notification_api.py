"""What a person is told, over REST. Everybody sees their own."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts.permissions import POST_READ
from blog.app.review import notifications
from blog.app.review.schemas import AllRead, NotificationQuery

bp = Blueprint("notifications_api", __name__, url_prefix="/api/v1")


@bp.get("/notifications")
@requires(POST_READ)
def list_notifications() -> Response:
    """List what one was told, newest first.
    ---
    tags: [notifications]
    parameters:
      - {name: unread, in: query, schema: {type: boolean}, description: Only those not read yet.}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of notifications, and how many are unread in all.
        content: {application/json: {schema: {$ref: '#/components/schemas/NotificationPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(NotificationQuery)
    page = notifications.list_notifications(
        web.conn(), current_actor(), only_unread=query.unread, after=query.after, limit=query.limit
    )
    return web.answer(page)


@bp.put("/notifications/<int:notification_id>/reading")
@requires(POST_READ)
def read_notification(notification_id: int) -> Response:
    """Mark a notification of one's own read.
    ---
    tags: [notifications]
    responses:
      200:
        description: The notification with its `read_at`.
        content: {application/json: {schema: {$ref: '#/components/schemas/Notification'}}}
    """
    return web.answer(notifications.read(web.conn(), current_actor(), notification_id))


@bp.post("/notifications/readings")
@requires(POST_READ)
def read_all_notifications() -> Response:
    """Mark all notifications of one's own read, up to the newest one seen.
    ---
    tags: [notifications]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/AllRead'}}}
    responses:
      200:
        description: The first page of them as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/NotificationPage'}}}
    """
    wanted = web.parse_json(AllRead)
    notifications.read_all(web.conn(), current_actor(), wanted.up_to)
    return web.answer(notifications.list_notifications(web.conn(), current_actor()))
