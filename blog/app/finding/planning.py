"""Another day for a post on the calendar. What a post's days are, and who may set them, is the review's."""

from datetime import date
from typing import Literal

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.posts import services as posts
from blog.app.review import dates
from blog.app.review.models import PostPlan

Which = Literal["planned_on", "scheduled_for"]


def get_day(conn: db.Connection, actor: Actor, post_id: int, which: Which) -> date | None:
    return _day(dates.get_plan(conn, actor, post_id), which)


def move_to_day(conn: db.Connection, actor: Actor, post_id: int, which: Which, day: date) -> date | None:
    """The other day stays. Answers where it was before, so that it can be moved back."""
    with conn.transaction():
        posts.lock_to_edit(conn, actor, post_id)  # or the other day, set by somebody meanwhile, would be lost
        plan = dates.get_plan(conn, actor, post_id)
        match which:
            case "planned_on":
                dates.plan(conn, actor, post_id, day, plan.scheduled_for)
            case "scheduled_for":
                dates.plan(conn, actor, post_id, plan.planned_on, day)
        return _day(plan, which)


def _day(plan: PostPlan, which: Which) -> date | None:
    return plan.planned_on if which == "planned_on" else plan.scheduled_for
