"""Prompt parts and actions over REST. What is saved is a new version; nothing is run."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import actions, going_live, parts, services
from blog.app.llm.prompts.models import ActionVersion, PromptPartVersion
from blog.app.llm.prompts.schemas import (
    ActionChange,
    ActionCreate,
    PartQuery,
    PromptPartChange,
    PromptPartCreate,
)
from blog.app.llm.registry.schemas import RegistryQuery

bp = Blueprint("prompts_api", __name__, url_prefix="/api/v1")


@bp.get("/llm/parts")
@requires(LLM_READ)
def list_parts() -> Response:
    """Prompt parts with their live wording, oldest first
    ---
    tags: [registry]
    parameters:
      - {name: search, in: query, schema: {type: string}, description: 'Text, role, kind or tag'}
      - {name: after, in: query, schema: {type: integer}, description: The `next` of the page before}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: Some parts; archived ones are left out
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPartPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(PartQuery)
    page = services.page_parts(web.conn(), search=query.search, after=query.after, limit=query.limit)
    return web.answer(page)


@bp.post("/llm/parts")
@requires(LLM_CONFIGURE)
def create_part() -> Response:
    """Make a prompt part; a name it reads must be a field
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PromptPartCreate'}}}
    responses:
      201:
        description: The part with its first version
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(PromptPartCreate)
    conn = web.conn()
    part = parts.create_part(conn, current_actor(), body, web.site().vocabulary(conn))
    return web.answer(part, status=201, Location=f"/api/v1/llm/parts/{part.id}")


@bp.get("/llm/parts/<int:part_id>")
@requires(LLM_READ)
def get_part(part_id: int) -> Response:
    """One prompt part with its live wording
    ---
    tags: [registry]
    responses:
      200:
        description: The part
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
    """
    return web.answer(services.get_part(web.conn(), part_id))


@bp.put("/llm/parts/<int:part_id>")
@requires(LLM_CONFIGURE)
def update_part(part_id: int) -> Response:
    """Save a new version of a prompt part: a draft, or live at once with `make_live`
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PromptPartChange'}}}
    responses:
      200:
        description: The part with its new version; `live_version_id` says which one counts
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(PromptPartChange)
    conn = web.conn()
    site = web.site()
    return web.answer(
        going_live.save_part(conn, current_actor(), part_id, body, site.vocabulary(conn), gate=site.gate)
    )


@bp.get("/llm/parts/<int:part_id>/versions")
@requires(LLM_READ)
def list_part_versions(part_id: int) -> Response:
    """Every wording a prompt part had, newest first
    ---
    tags: [registry]
    responses:
      200:
        description: The versions
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/PromptPartVersion'}}
    """
    return web.answer(services.list_part_versions(web.conn(), part_id), list[PromptPartVersion])


@bp.post("/llm/parts/<int:part_id>/archival")
@requires(LLM_CONFIGURE)
def create_part_archival(part_id: int) -> Response:
    """Put a prompt part away; refused while an action has it
    ---
    tags: [registry]
    responses:
      204: {description: It is archived}
      409: {$ref: '#/components/responses/Problem'}
    """
    parts.archive_part(web.conn(), current_actor(), part_id)
    return Response(status=204)


@bp.delete("/llm/parts/<int:part_id>/archival")
@requires(LLM_CONFIGURE)
def delete_part_archival(part_id: int) -> Response:
    """Bring an archived prompt part back
    ---
    tags: [registry]
    responses:
      200:
        description: The part
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
    """
    return web.answer(parts.bring_back_part(web.conn(), current_actor(), part_id))


@bp.get("/llm/actions")
@requires(LLM_READ)
def list_actions() -> Response:
    """Actions, oldest first
    ---
    tags: [registry]
    parameters:
      - {name: after, in: query, schema: {type: integer}, description: The `next` of the page before}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: Some actions
        content: {application/json: {schema: {$ref: '#/components/schemas/ActionPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(RegistryQuery)
    return web.answer(services.page_actions(web.conn(), after=query.after, limit=query.limit))


@bp.post("/llm/actions")
@requires(LLM_CONFIGURE)
def create_action() -> Response:
    """Make an action out of prompt parts
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ActionCreate'}}}
    responses:
      201:
        description: The action with its first version
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(ActionCreate)
    conn = web.conn()
    action = actions.create_action(conn, current_actor(), body, web.site().vocabulary(conn))
    return web.answer(action, status=201, Location=f"/api/v1/llm/actions/{action.id}")


@bp.get("/llm/actions/<int:action_id>")
@requires(LLM_READ)
def get_action(action_id: int) -> Response:
    """One action with its live version
    ---
    tags: [registry]
    responses:
      200:
        description: The action
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
    """
    return web.answer(services.get_live_action(web.conn(), action_id))


@bp.put("/llm/actions/<int:action_id>")
@requires(LLM_CONFIGURE)
def update_action(action_id: int) -> Response:
    """Save a new version of an action: a draft, or live at once with `make_live`
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ActionChange'}}}
    responses:
      200:
        description: The action with its new version; `live_version_id` says which one counts
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(ActionChange)
    conn = web.conn()
    site = web.site()
    return web.answer(
        going_live.save_action(conn, current_actor(), action_id, body, site.vocabulary(conn), gate=site.gate)
    )


@bp.get("/llm/actions/<int:action_id>/versions")
@requires(LLM_READ)
def list_action_versions(action_id: int) -> Response:
    """Every make-up an action had, newest first
    ---
    tags: [registry]
    responses:
      200:
        description: The versions
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/ActionVersion'}}
    """
    return web.answer(services.list_action_versions(web.conn(), action_id), list[ActionVersion])
