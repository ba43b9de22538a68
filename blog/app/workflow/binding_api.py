"""Which fields offer an action, over REST."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.workflow import bindings
from blog.app.workflow.models import Binding
from blog.app.workflow.schemas import BindingChange

bp = Blueprint("bindings_api", __name__, url_prefix="/api/v1")


@bp.get("/llm/actions/<int:action_id>/fields")
@requires(LLM_READ)
def list_bindings(action_id: int) -> Response:
    """The fields that offer an action
    ---
    tags: [registry]
    responses:
      200:
        description: In the order of the workflow; `on_success` says whether a person reviews the output
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Binding'}}}}
    """
    return web.answer(bindings.list_bindings(web.conn(), action_id), list[Binding])


@bp.put("/llm/actions/<int:action_id>/fields/<int:field_id>")
@requires(LLM_CONFIGURE)
def put_binding(action_id: int, field_id: int) -> Response:
    """Let a field offer an action, or change how; refused when the field cannot hold what the action writes
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/BindingChange'}}}
    responses:
      200:
        description: The fields that offer the action now
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Binding'}}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(BindingChange)
    found = bindings.bind(web.conn(), current_actor(), action_id, field_id, body)
    return web.answer(found, list[Binding])


@bp.delete("/llm/actions/<int:action_id>/fields/<int:field_id>")
@requires(LLM_CONFIGURE)
def delete_binding(action_id: int, field_id: int) -> Response:
    """Let a field offer an action no longer; its runs and suggestions stay
    ---
    tags: [registry]
    responses:
      200:
        description: The fields that offer the action now
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Binding'}}}}
    """
    return web.answer(bindings.unbind(web.conn(), current_actor(), action_id, field_id), list[Binding])
