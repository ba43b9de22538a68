"""What one may do with posts; which roles may is rows. In which stages is said by auth/reach.py besides."""

from typing import Protocol

from blog.app.auth import reach
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check, permission
from blog.app.errors import Forbidden
from blog.app.posts.models import Post
from blog.app.translation import N_
from blog.app.translation import gettext as _

POST_READ = reach.POST_READ
POST_CREATE = permission("post.create", N_("Create posts"))
POST_EDIT = permission("post.edit", N_("Edit one's own posts"))
POST_EDIT_ANY = permission("post.edit_any", N_("Edit everybody's posts"))
POST_COMMENT = permission("post.comment", N_("Comment on posts, reply and resolve"))
POST_REMOVE = permission("post.remove", N_("Remove posts and bring them back"))


class Authored(Protocol):
    """A post, or a line of a list about one."""

    @property
    def author_id(self) -> int | None: ...


def may_edit(actor: Actor, post: Authored) -> bool:
    if actor.may(POST_EDIT_ANY):
        return True
    return actor.may(POST_EDIT) and actor.user_id is not None and actor.user_id == post.author_id


def check_may_edit(actor: Actor, post: Post) -> None:
    if may_edit(actor, post):
        return
    check(actor, POST_EDIT)
    raise Forbidden(
        _(
            "You may edit your own posts; this one is by %(author)s. Ask them or an editor.",
            author=post.author_name or _("the system"),
        )
    )
