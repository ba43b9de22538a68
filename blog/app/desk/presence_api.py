"""The JSON edge of presence."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.desk import presence
from blog.app.desk.models import Presence
from blog.app.posts.permissions import POST_EDIT, POST_READ

bp = Blueprint("presence_api", __name__, url_prefix="/api/v1")


@bp.get("/posts/<int:post_id>/presence")
@requires(POST_READ)
def list_present(post_id: int) -> Response:
    """List the others who are editing a post just now, and which field.
    ---
    tags: [Posts]
    responses:
      200:
        description: Who said so within the last half minute.
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/Presence'}}
    """
    return web.answer(presence.list_present(web.conn(), current_actor(), post_id), list[Presence])


@bp.put("/posts/<int:post_id>/fields/<field_name>/presence")
@requires(POST_EDIT)
def say_editing(post_id: int, field_name: str) -> Response:
    """Say that one is editing a field of a post; say it every ten seconds while that is so.
    ---
    tags: [Posts]
    responses:
      204: {description: The others are told. Nothing is locked.}
    """
    return _say(post_id, field_name, None)


@bp.put("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/presence")
@requires(POST_EDIT)
def say_editing_section(post_id: int, section_id: int, field_name: str) -> Response:
    """Say that one is editing a field of a section.
    ---
    tags: [Posts]
    responses:
      204: {description: The others are told. Nothing is locked.}
    """
    return _say(post_id, field_name, section_id)


def _say(post_id: int, field_name: str, section_id: int | None) -> Response:
    presence.say_editing(web.conn(), current_actor(), post_id, field_name, section_id)
    return Response(status=204)
