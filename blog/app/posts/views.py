"""Taking posts out of the lists and back. The lists are finding's, the page of one post is the workflow's."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts import markdown, services
from blog.app.posts.permissions import POST_REMOVE

LEFT = "/posts?left=1"  # says of a post that it went out of sight

bp = Blueprint("posts", __name__)
bp.add_app_template_filter(markdown.shown, "as_shown")


@bp.post("/posts/<int:post_id>/removal")
@requires(POST_REMOVE)
def create_removal(post_id: int) -> Response:
    services.remove_post(web.conn(), current_actor(), post_id)
    return web.see_other(f"/posts?gone={post_id}")


@bp.post("/posts/<int:post_id>/restoration")
@requires(POST_REMOVE)
def create_restoration(post_id: int) -> Response:
    services.bring_back_post(web.conn(), current_actor(), post_id)
    return web.see_other(f"/posts/{post_id}")
