"""Who may work on a sub-stage: whoever may edit the post, and whoever the sub-stage was given to.

Both only where the matrix lets them move a post on; to finish the workflow, where it lets them publish.
"""

from blog.app import db
from blog.app.auth import matrix, reach
from blog.app.auth.models import Actor
from blog.app.posts.models import Post
from blog.app.posts.permissions import POST_EDIT, check_may_edit, may_edit
from blog.app.review.models import SubStageState


def may_work(actor: Actor, post: Post, state: SubStageState) -> bool:
    """The one who has it moves it on, also in somebody else's post."""
    return _has_work(actor, post, state) and reach.may(actor, "move", state.sub_stage_id)


def _has_work(actor: Actor, post: Post, state: SubStageState) -> bool:
    is_theirs = actor.user_id is not None and actor.user_id == state.assignee_id
    return may_edit(actor, post) or (is_theirs and actor.may(POST_EDIT))


def check_may_work(conn: db.Connection, actor: Actor, post: Post, state: SubStageState) -> None:
    if not _has_work(actor, post, state):
        check_may_edit(actor, post)
    matrix.check(conn, actor, "move", state.sub_stage_id)
