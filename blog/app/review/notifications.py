"""What a person is told: their own list, how much of it is unread, and marking it read."""

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.auth.reach import seen
from blog.app.errors import Forbidden, NotFound
from blog.app.posts.permissions import POST_READ
from blog.app.review import notification_store as store
from blog.app.review.comment_models import Notification, NotificationPage
from blog.app.translation import gettext as _


def list_notifications(
    conn: db.Connection,
    actor: Actor,
    *,
    only_unread: bool = False,
    after: int | None = None,
    limit: int = 50,
) -> NotificationPage:
    user_id = _person(actor)
    found = store.list_notifications(
        conn, user_id, seen(actor), only_unread=only_unread, after=after, limit=limit + 1
    )
    items = found[:limit]
    return NotificationPage(
        items=items,
        unread=store.count_unread(conn, user_id, seen(actor)),
        next=str(items[-1].id) if len(found) > limit else None,
    )


def count_unread(conn: db.Connection, actor: Actor) -> int:
    return store.count_unread(conn, _person(actor), seen(actor))


def read(conn: db.Connection, actor: Actor, notification_id: int) -> Notification:
    """One that was read already stays as it is."""
    user_id = _person(actor)
    with conn.transaction():
        store.update_read(conn, user_id, notification_id)
        found = store.find_notification(conn, user_id, notification_id, seen(actor))
        if found is None:
            raise NotFound(_("There is no such notification, or what it was about has been removed."))
        return found


def read_all(conn: db.Connection, actor: Actor, up_to: int | None = None) -> int:
    """`up_to`: the newest one the person has seen, so that one that came meanwhile stays unread."""
    with conn.transaction():
        return store.update_all_read(conn, _person(actor), up_to)


def _person(actor: Actor) -> int:
    check(actor, POST_READ)
    if actor.user_id is None:
        raise Forbidden(_("The system itself is told nothing."))
    return actor.user_id
