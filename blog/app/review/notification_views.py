"""The HTML edge of what a person is told: the bell on every page and the list behind it."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires, unattended
from blog.app.posts.permissions import POST_READ
from blog.app.review import notifications
from blog.app.review.comment_models import Notification
from blog.app.review.schemas import AllRead, NotificationQuery

bp = Blueprint("notifications", __name__)


@bp.get("/notifications")
@requires(POST_READ)
def list_notifications() -> Response:
    query = web.parse_query(NotificationQuery)
    page = notifications.list_notifications(
        web.conn(), current_actor(), only_unread=query.unread, after=query.after, limit=query.limit
    )
    return web.render("review/notifications.html", page=page, query=query)


@bp.get("/notifications/unread")
@requires(POST_READ)
@unattended
def show_unread() -> Response:
    """What the bell holds; as a page, the list of what is unread."""
    if not web.wants_fragment():
        return web.see_other(url_for("notifications.list_notifications", unread=1))
    return web.render("review/_unread.html", unread=notifications.count_unread(web.conn(), current_actor()))


@bp.post("/notifications/<int:notification_id>/reading")
@requires(POST_READ)
def read_notification(notification_id: int) -> Response:
    """Marks it read and leads to what it is about."""
    found = notifications.read(web.conn(), current_actor(), notification_id)
    return web.see_other(_subject(found))


def _subject(notification: Notification) -> str:
    if notification.comment_id is not None:
        return url_for("comments.show_comment", comment_id=notification.comment_id)
    return url_for("desk.show_desk", post_id=notification.post_id, sub_stage_name=notification.sub_stage)


@bp.post("/notifications/readings")
@requires(POST_READ)
def read_all_notifications() -> Response:
    notifications.read_all(web.conn(), current_actor(), web.parse_form(AllRead).up_to)
    return web.see_other(url_for("notifications.list_notifications"))
