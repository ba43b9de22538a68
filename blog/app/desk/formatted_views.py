"""The HTML edge of a text as readers will see it, before it is saved."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.desk import formatted
from blog.app.desk.schemas import Typed
from blog.app.posts import markdown
from blog.app.posts.permissions import POST_READ

bp = Blueprint("formatted", __name__)


@bp.post("/posts/<int:post_id>/fields/<field_name>/formatted")
@bp.post("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/formatted")
@requires(POST_READ)
def show_formatted(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    """Changes nothing; it is a POST because the text may be as long as a field."""
    form = web.parse_form(Typed)
    made = formatted.formatted(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=field_name,
        section_id=section_id,
        text=form.value,
    )
    return web.render(
        "desk/formatted.html",
        "desk/_formatted.html",
        html=markdown.shown(made),
        post_id=post_id,
    )
