"""Who is editing which field just now, told to the others on the post. It locks nothing."""

from blog.app import db
from blog.app.auth import matrix
from blog.app.auth.models import Actor
from blog.app.auth.reach import seen
from blog.app.desk import store
from blog.app.desk.models import Presence
from blog.app.posts import services as posts
from blog.app.posts.models import Post
from blog.app.workflow import trees

SHOWN_SECONDS = 30  # a browser says so every ten


def say_editing(
    conn: db.Connection, actor: Actor, post_id: int, field_name: str, section_id: int | None
) -> None:
    """In the place of where the person was before: one edits one field at a time."""
    post = posts.get_post(conn, actor, post_id)
    posts.check_may_edit(actor, post)
    field = trees.find_field(conn, actor, post.workflow_id, field_name)
    matrix.check(conn, actor, "edit", field.sub_stage_id)
    trees.check_scope(conn, post_id, field, section_id)
    if actor.user_id is not None:
        store.upsert_presence(
            conn, post_id=post_id, section_id=section_id, field_id=field.id, user_id=actor.user_id
        )


def list_present(conn: db.Connection, actor: Actor, post_id: int) -> list[Presence]:
    """The others who are editing something of this post."""
    return present_at(conn, actor, posts.get_post(conn, actor, post_id))


def present_at(conn: db.Connection, actor: Actor, post: Post) -> list[Presence]:
    """The same of a post in hand."""
    return store.list_present(
        conn, post.id, seen=seen(actor), but_user_id=actor.user_id, within_seconds=SHOWN_SECONDS
    )
