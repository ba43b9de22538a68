"""The HTML edge of choosing a passage: without JavaScript, or for those who would rather paste it."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.desk import passage_choice
from blog.app.desk.schemas import PassageQuery
from blog.app.workflow.permissions import AUTOMATE

bp = Blueprint("passage", __name__)


@bp.get("/posts/<int:post_id>/fields/<field_name>/passage")
@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<field_name>/passage")
@requires(AUTOMATE)
def choose_passage(post_id: int, field_name: str, section_id: int | None = None) -> Response:
    query = web.parse_query(PassageQuery)
    choice = passage_choice.get_choice(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=field_name,
        section_id=section_id,
        words=query.words,
        start=query.start,
        end=query.end,
    )
    return web.render("desk/passage.html", choice=choice)
