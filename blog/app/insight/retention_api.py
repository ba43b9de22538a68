"""The JSON edge of how long runs are kept."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import retention
from blog.app.insight.retention_models import RetentionRule
from blog.app.insight.schemas import RetentionChange
from blog.app.llm.permissions import LLM_READ, LLM_RETAIN

bp = Blueprint("retention_api", __name__, url_prefix="/api/v1/llm/retention")


@bp.get("")
@requires(LLM_READ)
def show_retention() -> Response:
    """Show how long runs are kept. Of what no rule names, everything is kept for ever.
    ---
    tags: [Runs]
    responses:
      200:
        description: The rules.
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/RetentionRule'}}}
    """
    return web.answer(retention.list_rules(web.conn(), current_actor()), list[RetentionRule])


@bp.put("")
@requires(LLM_RETAIN)
def change_retention() -> Response:
    """Replace all rules by these. What they let go within minutes cannot be brought back.
    ---
    tags: [Runs]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RetentionChange'}}}
    responses:
      200:
        description: The rules as they are now.
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/RetentionRule'}}}
    """
    change = web.parse_json(RetentionChange)
    return web.answer(retention.change_rules(web.conn(), current_actor(), change), list[RetentionRule])
