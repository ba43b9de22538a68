"""What one may do with posts; which roles may is rows."""

from blog.app.auth.models import Actor
from blog.app.auth.permissions import check, permission
from blog.app.errors import Forbidden
from blog.app.posts.models import Post

POST_READ = permission("post.read", "Read posts")
POST_CREATE = permission("post.create", "Create posts")
POST_EDIT = permission("post.edit", "Edit one's own posts")
POST_EDIT_ANY = permission("post.edit_any", "Edit everybody's posts")
POST_COMMENT = permission("post.comment", "Comment on posts, reply and resolve")
POST_REMOVE = permission("post.remove", "Remove posts and bring them back")


def may_edit(actor: Actor, post: Post) -> bool:
    if actor.may(POST_EDIT_ANY):
        return True
    return actor.may(POST_EDIT) and actor.user_id is not None and actor.user_id == post.author_id


def check_may_edit(actor: Actor, post: Post) -> None:
    if may_edit(actor, post):
        return
    check(actor, POST_EDIT)
    raise Forbidden(
        f"You may edit your own posts; this one is by {post.author_name or 'the system'}. "
        "Ask them or an editor."
    )
