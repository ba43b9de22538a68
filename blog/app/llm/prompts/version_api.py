"""Versions over REST: read one, make one live, set a draft aside."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.llm.prompts import actions, going_live, parts, services
from blog.app.llm.prompts.models import Release
from blog.app.llm.prompts.schemas import ActionGoLive, GoLive

bp = Blueprint("versions_api", __name__, url_prefix="/api/v1")


@bp.get("/llm/actions/<int:action_id>/versions/<int:version_id>")
@requires(LLM_READ)
def get_action_version(action_id: int, version_id: int) -> Response:
    """One action with this version, live or not
    ---
    tags: [registry]
    responses:
      200:
        description: The action
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
    """
    return web.answer(services.get_action(web.conn(), action_id, version_id))


@bp.get("/llm/actions/<int:action_id>/releases")
@requires(LLM_READ)
def list_action_releases(action_id: int) -> Response:
    """Which versions of an action were made live, by whom and why, newest first
    ---
    tags: [registry]
    responses:
      200:
        description: The releases
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Release'}}}}
    """
    return web.answer(services.list_action_releases(web.conn(), action_id), list[Release])


@bp.post("/llm/actions/<int:action_id>/releases")
@requires(LLM_CONFIGURE)
def create_action_release(action_id: int) -> Response:
    """Make a version of an action live: its draft, or an earlier one again
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/ActionGoLive'}}}
    responses:
      200:
        description: The action with what is live now
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(ActionGoLive)
    conn, site = web.conn(), web.site()
    return web.answer(
        going_live.make_action_live(
            conn, current_actor(), action_id, body, site.vocabulary(conn), gate=site.gate
        )
    )


@bp.delete("/llm/actions/<int:action_id>/drafts/<int:version_id>")
@requires(LLM_CONFIGURE)
def delete_action_draft(action_id: int, version_id: int) -> Response:
    """Set a draft aside: the next change is based on what is live; the version stays readable
    ---
    tags: [registry]
    responses:
      200:
        description: The action with what is live
        content: {application/json: {schema: {$ref: '#/components/schemas/Action'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(actions.set_draft_aside(web.conn(), current_actor(), action_id, version_id))


@bp.get("/llm/parts/<int:part_id>/versions/<int:version_id>")
@requires(LLM_READ)
def get_part_version(part_id: int, version_id: int) -> Response:
    """One prompt part with this wording, live or not
    ---
    tags: [registry]
    responses:
      200:
        description: The part
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
    """
    return web.answer(services.get_version_of_part(web.conn(), part_id, version_id))


@bp.get("/llm/parts/<int:part_id>/releases")
@requires(LLM_READ)
def list_part_releases(part_id: int) -> Response:
    """Which wordings of a part were made live, by whom and why, newest first
    ---
    tags: [registry]
    responses:
      200:
        description: The releases
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Release'}}}}
    """
    return web.answer(services.list_part_releases(web.conn(), part_id), list[Release])


@bp.post("/llm/parts/<int:part_id>/releases")
@requires(LLM_CONFIGURE)
def create_part_release(part_id: int) -> Response:
    """Make a wording of a part live, in every action that has the part
    ---
    tags: [registry]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/GoLive'}}}
    responses:
      200:
        description: The part with what is live now
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(GoLive)
    conn, site = web.conn(), web.site()
    return web.answer(
        going_live.make_part_live(conn, current_actor(), part_id, body, site.vocabulary(conn), gate=site.gate)
    )


@bp.delete("/llm/parts/<int:part_id>/drafts/<int:version_id>")
@requires(LLM_CONFIGURE)
def delete_part_draft(part_id: int, version_id: int) -> Response:
    """Set a draft aside: the next change is based on what is live; the wording stays readable
    ---
    tags: [registry]
    responses:
      200:
        description: The part with what is live
        content: {application/json: {schema: {$ref: '#/components/schemas/PromptPart'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(parts.set_draft_aside(web.conn(), current_actor(), part_id, version_id))
