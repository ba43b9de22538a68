"""The HTML edge of presence: a browser says where somebody edits, and asks who else does."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires, unattended
from blog.app.desk import presence
from blog.app.posts.permissions import POST_EDIT, POST_READ

bp = Blueprint("presence", __name__)


@bp.get("/posts/<int:post_id>/presence")
@requires(POST_READ)
@unattended
def list_present(post_id: int) -> Response:
    present = presence.list_present(web.conn(), current_actor(), post_id)
    if not web.wants_fragment():
        return web.see_other(url_for("desk.show_post", post_id=post_id))
    return web.render("desk/_presence.html", present=present, post_id=post_id)


@bp.post("/posts/<int:post_id>/fields/<field_name>/presence")
@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/presence")
@requires(POST_EDIT)
@unattended
def say_editing(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    presence.say_editing(web.conn(), current_actor(), post_id, field_name, section_id)
    return Response(status=204)
