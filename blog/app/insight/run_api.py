"""The JSON edge of the run history."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.insight import history
from blog.app.insight.run_views import exported
from blog.app.insight.schemas import RunExport, RunQuery
from blog.app.llm.permissions import LLM_READ

bp = Blueprint("run_history_api", __name__, url_prefix="/api/v1/llm/runs")


@bp.get("")
@requires(LLM_READ)
def list_runs() -> Response:
    """List runs, newest first.
    ---
    tags: [Runs]
    parameters:
      - {$ref: '#/components/parameters/RunSearch'}
      - {$ref: '#/components/parameters/RunStatus'}
      - {$ref: '#/components/parameters/RunErrorKind'}
      - {$ref: '#/components/parameters/RunPurpose'}
      - {name: llm_action_id, in: query, schema: {type: integer}}
      - {name: action_version_id, in: query, schema: {type: integer}}
      - {name: llm_model_id, in: query, schema: {type: integer}}
      - {name: llm_provider_id, in: query, schema: {type: integer}}
      - {$ref: '#/components/parameters/RunPerson'}
      - {name: post_id, in: query, schema: {type: integer}}
      - {name: sub_stage_id, in: query, schema: {type: integer}}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
      - {$ref: '#/components/parameters/After'}
      - {$ref: '#/components/parameters/Limit'}
    responses:
      200:
        description: One page; `next` is the cursor of the one after it, null at the end.
        content: {application/json: {schema: {$ref: '#/components/schemas/RunPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(history.list_runs(web.conn(), current_actor(), web.parse_query(RunQuery)))


@bp.get("/export")
@requires(LLM_READ)
def export_runs() -> Response:
    """Export runs, newest first, all that the filter wants.
    ---
    tags: [Runs]
    parameters:
      - name: format
        in: query
        schema: {type: string, enum: [jsonl, csv]}
        description: JSON lines hold messages, inputs and request too; a table what fits into cells.
      - {$ref: '#/components/parameters/RunSearch'}
      - {$ref: '#/components/parameters/RunStatus'}
      - {$ref: '#/components/parameters/RunErrorKind'}
      - {$ref: '#/components/parameters/RunPurpose'}
      - {name: llm_action_id, in: query, schema: {type: integer}}
      - {name: action_version_id, in: query, schema: {type: integer}}
      - {name: llm_model_id, in: query, schema: {type: integer}}
      - {name: llm_provider_id, in: query, schema: {type: integer}}
      - {$ref: '#/components/parameters/RunPerson'}
      - {name: post_id, in: query, schema: {type: integer}}
      - {name: sub_stage_id, in: query, schema: {type: integer}}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
    responses:
      200:
        description: A run per line.
        content:
          application/jsonl: {schema: {$ref: '#/components/schemas/ExportedRun'}}
          text/csv: {schema: {type: string}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return exported(web.parse_query(RunExport))


@bp.get("/<int:run_id>/comparisons/<int:other_id>")
@requires(LLM_READ)
def show_run_comparison(run_id: int, other_id: int) -> Response:
    """Compare two runs: facts, messages, request, answer.
    ---
    tags: [Runs]
    responses:
      200:
        description: Each text as segments that are the same, removed or added.
        content: {application/json: {schema: {$ref: '#/components/schemas/RunComparison'}}}
    """
    return web.answer(history.compare(web.conn(), current_actor(), run_id, other_id))
