"""Where everything about models, prompts and runs begins."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import dashboard
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.posts.permissions import POST_READ

bp = Blueprint("dashboard", __name__)


@bp.get("/llm/")
@requires(LLM_READ)
def show_dashboard() -> Response:
    actor = current_actor()
    board = dashboard.get_dashboard(web.conn(), actor)
    return web.render(
        "insight/dashboard.html",
        board=board,
        default=board.default,
        running=board.active,
        may_configure=actor.may(LLM_CONFIGURE),
        may_see_posts=actor.may(POST_READ),
    )
