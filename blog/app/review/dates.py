"""When a post is to appear: as meant, and as set, which its field for that says too. Publishes nothing."""

from datetime import date

from blog.app import audit, db
from blog.app.auth import matrix
from blog.app.auth.models import Actor
from blog.app.errors import NotFound
from blog.app.posts import services as posts
from blog.app.review import store
from blog.app.review.models import PostPlan
from blog.app.translation import gettext as _
from blog.app.workflow import dating


def get_plan(conn: db.Connection, actor: Actor, post_id: int) -> PostPlan:
    posts.get_post(conn, actor, post_id)
    return _plan(store.find_plan(conn, post_id))


def plan(
    conn: db.Connection, actor: Actor, post_id: int, planned_on: date | None, scheduled_for: date | None
) -> PostPlan:
    """The day a post is meant to appear, and the day it is set to, which a field may hold. None: not said."""
    with conn.transaction():
        post = posts.lock_to_edit(conn, actor, post_id)
        before = _plan(store.find_plan(conn, post_id))
        if planned_on != before.planned_on:
            matrix.check(conn, actor, "edit", post.sub_stage_id)
        if scheduled_for != before.scheduled_for:
            matrix.check(conn, actor, "publish", post.sub_stage_id)
            dating.set_date(conn, actor, post_id, scheduled_for)
        after = _plan(store.update_planned(conn, post_id, planned_on))
        if after != before:
            audit.record(
                conn,
                actor,
                "post.planned",
                "post",
                post_id,
                planned_on=planned_on and planned_on.isoformat(),
                scheduled_for=scheduled_for and scheduled_for.isoformat(),
            )
        return after


def _plan(found: PostPlan | None) -> PostPlan:
    if found is None:
        raise NotFound(_("There is no such post."))
    return found
