"""Two versions compared, and what a part's change touches, over REST. Saves nothing."""

from flask import Blueprint, Response
from pydantic import BaseModel, ConfigDict

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.bench import compare
from blog.app.bench.models import PartEffect, Viewer
from blog.app.llm.permissions import LLM_READ
from blog.app.llm.prompts import services as prompts

bp = Blueprint("bench_api", __name__, url_prefix="/api/v1")


class ComparisonOf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    old: int
    new: int
    post_id: int | None = None
    section_id: int | None = None


class EffectsOf(BaseModel):
    model_config = ConfigDict(extra="forbid")

    post_id: int | None = None


@bp.get("/llm/actions/<int:action_id>/comparison")
@requires(LLM_READ)
def compare_actions(action_id: int) -> Response:
    """Compare two versions of an action: their make-up in words, and for a post the messages they send
    ---
    tags: [registry]
    parameters:
      - {name: old, in: query, required: true, schema: {type: integer}, description: The id of a version}
      - {name: new, in: query, required: true, schema: {type: integer}, description: The id of a version}
      - {name: post_id, in: query, schema: {type: integer}}
      - {name: section_id, in: query, schema: {type: integer}}
    responses:
      200:
        description: Same and removed text is the old one's, same and added the new one's
        content: {application/json: {schema: {$ref: '#/components/schemas/VersionComparison'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query, conn = web.parse_query(ComparisonOf), web.conn()
    old, new = (prompts.get_action(conn, action_id, version_id) for version_id in (query.old, query.new))
    return web.answer(
        compare.compare_actions(conn, _viewer(), old, new, post_id=query.post_id, section_id=query.section_id)
    )


@bp.get("/llm/parts/<int:part_id>/comparison")
@requires(LLM_READ)
def compare_parts(part_id: int) -> Response:
    """Compare two wordings of a prompt part
    ---
    tags: [registry]
    parameters:
      - {name: old, in: query, required: true, schema: {type: integer}, description: The id of a version}
      - {name: new, in: query, required: true, schema: {type: integer}, description: The id of a version}
    responses:
      200:
        description: Same and removed text is the old one's, same and added the new one's
        content: {application/json: {schema: {$ref: '#/components/schemas/VersionComparison'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query, conn = web.parse_query(ComparisonOf), web.conn()
    old, new = (prompts.get_version_of_part(conn, part_id, each) for each in (query.old, query.new))
    return web.answer(compare.compare_wordings(compare.worded(old), compare.worded(new)))


@bp.get("/llm/parts/<int:part_id>/versions/<int:version_id>/effects")
@requires(LLM_READ)
def list_effects(part_id: int, version_id: int) -> Response:
    """Which actions a wording of a part would change, and for a post what each sends before and after
    ---
    tags: [registry]
    parameters:
      - {name: post_id, in: query, schema: {type: integer}, description: 'None: only the actions are named'}
    responses:
      200:
        description: Every action whose live version has the part
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/PartEffect'}}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(EffectsOf)
    found = compare.effects(web.conn(), _viewer(), part_id, version_id, query.post_id)
    return web.answer(found, list[PartEffect])


def _viewer() -> Viewer:
    vocabulary = web.site().vocabulary(web.conn())
    return Viewer(actor=current_actor(), keys=web.site().secrets, vocabulary=vocabulary)
