"""Who may work on a sub-stage: whoever may edit the post, and whoever the sub-stage was given to."""

from blog.app.auth.models import Actor
from blog.app.posts.models import Post
from blog.app.posts.permissions import POST_EDIT, check_may_edit, may_edit
from blog.app.review.models import SubStageState


def may_work(actor: Actor, post: Post, state: SubStageState) -> bool:
    """The one who has it moves it on, also in somebody else's post."""
    is_theirs = actor.user_id is not None and actor.user_id == state.assignee_id
    return may_edit(actor, post) or (is_theirs and actor.may(POST_EDIT))


def check_may_work(actor: Actor, post: Post, state: SubStageState) -> None:
    if not may_work(actor, post, state):
        check_may_edit(actor, post)
