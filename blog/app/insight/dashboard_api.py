"""The JSON edge of the dashboard."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import dashboard
from blog.app.llm.permissions import LLM_READ

bp = Blueprint("dashboard_api", __name__, url_prefix="/api/v1/llm")


@bp.get("/dashboard")
@requires(LLM_READ)
def show_dashboard() -> Response:
    """Show providers and models with what they used in the last thirty days, and the latest runs.
    ---
    tags: [Usage]
    responses:
      200:
        description: What the page /llm/ shows.
        content: {application/json: {schema: {$ref: '#/components/schemas/Dashboard'}}}
    """
    return web.answer(dashboard.get_dashboard(web.conn(), current_actor()))
