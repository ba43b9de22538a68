"""Previews over REST: what an action would send for a post, in any version, saved or not."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import preview
from blog.app.automation.models import PreviewOf
from blog.app.automation.schemas import PreviewCreate, PreviewQuery, PreviewStateQuery
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.prompts import typed

bp = Blueprint("preview_api", __name__, url_prefix="/api/v1")


@bp.get("/llm/actions/<int:action_id>/preview")
@requires(LLM_READ)
def preview_action(action_id: int) -> Response:
    """Get exactly what an action would send for a post: messages, request, what is dropped or missing.
    ---
    tags: [Actions]
    parameters:
      - {name: post_id, in: query, required: true, schema: {type: integer}}
      - {name: section_id, in: query, schema: {type: integer}}
      - {name: llm_model_id, in: query, schema: {type: integer}}
      - {name: version_id, in: query, schema: {type: integer}, description: 'None: the live version'}
      - {name: field, in: query, schema: {type: string}, description: Whose passage is selected.}
      - {name: selection_start, in: query, schema: {type: integer}}
      - {name: selection_end, in: query, schema: {type: integer}}
      - {name: selection_text, in: query, schema: {type: string}}
      - {name: wish, in: query, schema: {type: string}, description: What the action asks for.}
    responses:
      200:
        description: The preview. With `missing` inputs there are no messages.
        content: {application/json: {schema: {$ref: '#/components/schemas/Preview'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(preview.preview(web.conn(), current_actor(), web.site().secrets, _asked(action_id)))


@bp.post("/llm/actions/<int:action_id>/previews")
@requires(LLM_READ)
def create_preview(action_id: int) -> Response:
    """Preview any version of an action, or one that is typed and not saved. Saves and sends nothing.
    ---
    tags: [Actions]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PreviewCreate'}}}
    responses:
      200:
        description: The preview. With `missing` inputs there are no messages.
        content: {application/json: {schema: {$ref: '#/components/schemas/Preview'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    body, conn = web.parse_json(PreviewCreate), web.conn()
    as_typed = None
    if body.make_up is not None:
        texts = typed.worded(
            conn, body.make_up, part_version_ids=body.part_version_ids, wordings=body.wordings
        )
        as_typed = typed.typed_action(conn, action_id, body.make_up, texts)
    of = PreviewOf(
        action_id=action_id,
        post_id=body.post_id,
        section_id=body.section_id,
        model_id=body.llm_model_id,
        version_id=body.version_id,
        part_version_ids=body.part_version_ids,
        typed=as_typed,
        fence=body.fence,
    )
    return web.answer(preview.preview(conn, current_actor(), web.site().secrets, of))


@bp.post("/llm/actions/<int:action_id>/previews/state")
@requires(LLM_READ)
def check_preview(action_id: int) -> Response:  # noqa: ARG001 - the address is the preview's
    """Say whether what a preview read is still what the post says.
    ---
    tags: [Actions]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PreviewStateQuery'}}}
    responses:
      200:
        description: Whether it is current, and the digest of the values as they are now.
        content: {application/json: {schema: {$ref: '#/components/schemas/PreviewState'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(PreviewStateQuery)
    state = preview.preview_state(
        web.conn(),
        current_actor(),
        post_id=body.post_id,
        section_id=body.section_id,
        field_name=body.field,
        passage=body.passage,
        reads=body.reads,
        inputs_digest=body.inputs_digest,
    )
    return web.answer(state)


@bp.get("/llm/actions/<int:action_id>/rendering")
@requires(LLM_READ)
def render_action(action_id: int) -> Response:
    """Get the one text a local server's chat template makes of an action's messages for a post.
    ---
    tags: [Actions]
    parameters:
      - {name: post_id, in: query, required: true, schema: {type: integer}}
      - {name: section_id, in: query, schema: {type: integer}}
      - {name: llm_model_id, in: query, schema: {type: integer}}
      - {name: version_id, in: query, schema: {type: integer}, description: 'None: the live version'}
      - {name: field, in: query, schema: {type: string}, description: Whose passage is selected.}
      - {name: selection_start, in: query, schema: {type: integer}}
      - {name: selection_end, in: query, schema: {type: integer}}
      - {name: selection_text, in: query, schema: {type: string}}
      - {name: wish, in: query, schema: {type: string}, description: What the action asks for.}
    responses:
      200:
        description: The text. Only Ollama and llama.cpp's server can tell it.
        content: {application/json: {schema: {$ref: '#/components/schemas/Rendering'}}}
      422: {$ref: '#/components/responses/Problem'}
      502: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(
        preview.render_template(web.conn(), current_actor(), web.site().secrets, _asked(action_id))
    )


def _asked(action_id: int) -> PreviewOf:
    query = web.parse_query(PreviewQuery)
    return PreviewOf(
        action_id=action_id,
        post_id=query.post_id,
        section_id=query.section_id,
        model_id=query.llm_model_id,
        version_id=query.version_id,
        field_name=query.field,
        passage=query.passage,
        wish=query.wish,
    )
