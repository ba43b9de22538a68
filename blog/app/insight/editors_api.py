"""The JSON edge of what editors made of answers, and of splits."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.automation import splits
from blog.app.automation.schemas import SplitCreate
from blog.app.insight import editors
from blog.app.insight.schemas import EditorsQuery
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ

bp = Blueprint("editors_api", __name__, url_prefix="/api/v1/llm")


@bp.get("/editors")
@requires(LLM_READ)
def show_editors() -> Response:
    """Show what editors made of answers, by version of an action and model.
    ---
    tags: [Usage]
    parameters:
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
    responses:
      200:
        description: Runs for fields that ended on these days; without days, the last ninety.
        content: {application/json: {schema: {$ref: '#/components/schemas/EditorsReport'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(EditorsQuery)
    return web.answer(editors.get_report(web.conn(), current_actor(), query))


@bp.get("/actions/<int:action_id>/editors")
@requires(LLM_READ)
def show_action_editors(action_id: int) -> Response:
    """Show the same of one action, with its splits.
    ---
    tags: [Usage]
    parameters:
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
    responses:
      200:
        description: The report, the action's versions and its splits, the newest first.
        content: {application/json: {schema: {$ref: '#/components/schemas/ActionReport'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(EditorsQuery)
    return web.answer(editors.get_action_report(web.conn(), current_actor(), action_id, query))


@bp.post("/actions/<int:action_id>/splits")
@requires(LLM_CONFIGURE)
def create_split(action_id: int) -> Response:
    """Divide an action's runs for fields by post, between its live version and another.
    ---
    tags: [Usage]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SplitCreate'}}}
    responses:
      201:
        description: The split, and what can be said of it so far.
        content: {application/json: {schema: {$ref: '#/components/schemas/SplitReport'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    conn, site, actor = web.conn(), web.site(), current_actor()
    new = web.parse_json(SplitCreate)
    split = splits.start_split(conn, actor, action_id, new, site.vocabulary(conn), gate=site.gate)
    location = f"/api/v1/llm/splits/{split.id}"
    return web.answer(editors.get_split_report(conn, actor, split.id), status=201, Location=location)


@bp.get("/splits/<int:split_id>")
@requires(LLM_READ)
def show_split(split_id: int) -> Response:
    """Show a split and how its versions compare.
    ---
    tags: [Usage]
    responses:
      200:
        description: Each difference with its sample sizes, its 95 % interval and what can be said of it.
        content: {application/json: {schema: {$ref: '#/components/schemas/SplitReport'}}}
    """
    return web.answer(editors.get_split_report(web.conn(), current_actor(), split_id))


@bp.post("/splits/<int:split_id>/end")
@requires(LLM_CONFIGURE)
def end_split(split_id: int) -> Response:
    """End a split: every run gets the live version again.
    ---
    tags: [Usage]
    responses:
      200:
        description: The split, and what can be said of it.
        content: {application/json: {schema: {$ref: '#/components/schemas/SplitReport'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    conn, actor = web.conn(), current_actor()
    splits.end_split(conn, actor, split_id)
    return web.answer(editors.get_split_report(conn, actor, split_id))
