"""The JSON edge of usage."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import exporting, figures, usage
from blog.app.insight.schemas import UsageQuery
from blog.app.llm.permissions import LLM_READ

bp = Blueprint("usage_api", __name__, url_prefix="/api/v1/llm/usage")


@bp.get("")
@requires(LLM_READ)
def show_usage() -> Response:
    """Show tokens, cost, times and errors by day, model, action, stage or person.
    ---
    tags: [Usage]
    parameters:
      - {$ref: '#/components/parameters/UsageBy'}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
      - {$ref: '#/components/parameters/RunPurpose'}
      - name: llm_model_id
        in: query
        schema: {type: integer}
        description: "By day, one model only; so for an action, a stage, a person: one of them at a time."
      - {name: llm_action_id, in: query, schema: {type: integer}}
      - {name: sub_stage_id, in: query, schema: {type: integer}}
      - {name: person_id, in: query, schema: {type: integer}}
    responses:
      200:
        description: "Without days, the last thirty. Of more than a hundred the steps are weeks, from Monday;
          the export keeps days. Unknown costs are counted apart, currencies are not added."
        content: {application/json: {schema: {$ref: '#/components/schemas/UsageReport'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(usage.get_report(web.conn(), current_actor(), web.parse_query(UsageQuery)))


@bp.get("/export")
@requires(LLM_READ)
def export_usage() -> Response:
    """Export the same as a table, a line for each currency.
    ---
    tags: [Usage]
    parameters:
      - {$ref: '#/components/parameters/UsageBy'}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
      - {$ref: '#/components/parameters/RunPurpose'}
      - {name: llm_model_id, in: query, schema: {type: integer}}
      - {name: llm_action_id, in: query, schema: {type: integer}}
      - {name: sub_stage_id, in: query, schema: {type: integer}}
      - {name: person_id, in: query, schema: {type: integer}}
    responses:
      200:
        description: CSV with a line of names.
        content: {text/csv: {schema: {type: string}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    rows = list(usage.export(web.conn(), current_actor(), web.parse_query(UsageQuery)))
    return Response(exporting.table(figures.COLUMNS, rows), mimetype="text/csv")
