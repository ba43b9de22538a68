"""Cases, their gate and their batches over REST."""

from flask import Blueprint, Response, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.cases import batches, overview, services
from blog.app.llm.cases.models import Case, CaseBatch
from blog.app.llm.cases.schemas import (
    CaseBatchStart,
    CaseChange,
    CaseContent,
    CaseQuery,
    GateChange,
    GateQuery,
)
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ, LLM_RUN

bp = Blueprint("cases_api", __name__, url_prefix="/api/v1/llm")


@bp.get("/actions/<int:action_id>/cases")
@requires(LLM_READ)
def list_cases(action_id: int) -> Response:
    """List the cases of an action, in the order they were made.
    ---
    tags: [Tests and cases]
    parameters:
      - {name: with_archived, in: query, schema: {type: boolean, default: false}}
    responses:
      200:
        description: The cases, each with its newest content.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Case'}}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(CaseQuery)
    found = services.list_cases(web.conn(), current_actor(), action_id, with_archived=query.with_archived)
    return web.answer(found, list[Case])


@bp.post("/actions/<int:action_id>/cases")
@requires(LLM_CONFIGURE)
def create_case(action_id: int) -> Response:
    """Make a case of an action: an input, and what answers are held to beyond the output type.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CaseContent'}}}
    responses:
      201:
        description: The case.
        content: {application/json: {schema: {$ref: '#/components/schemas/Case'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    case = services.create_case(web.conn(), current_actor(), action_id, web.parse_json(CaseContent))
    return web.answer(case, status=201, Location=url_for("cases_api.get_case", case_id=case.id))


@bp.get("/cases/<int:case_id>")
@requires(LLM_READ)
def get_case(case_id: int) -> Response:
    """Get a case with its newest content.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: The case.
        content: {application/json: {schema: {$ref: '#/components/schemas/Case'}}}
    """
    return web.answer(services.get_case(web.conn(), current_actor(), case_id))


@bp.put("/cases/<int:case_id>")
@requires(LLM_CONFIGURE)
def update_case(case_id: int) -> Response:
    """Change a case. Other content is a new version: what was found with the old one counts no longer.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CaseChange'}}}
    responses:
      200:
        description: The case.
        content: {application/json: {schema: {$ref: '#/components/schemas/Case'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.update_case(web.conn(), current_actor(), case_id, web.parse_json(CaseChange)))


@bp.post("/cases/<int:case_id>/archival")
@requires(LLM_CONFIGURE)
def create_case_archival(case_id: int) -> Response:
    """Put a case away: it is not run and no gate asks for it. What was found with it stays.
    ---
    tags: [Tests and cases]
    responses:
      204: {description: It is archived.}
    """
    services.archive_case(web.conn(), current_actor(), case_id)
    return Response(status=204)


@bp.delete("/cases/<int:case_id>/archival")
@requires(LLM_CONFIGURE)
def delete_case_archival(case_id: int) -> Response:
    """Bring an archived case back.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: The case.
        content: {application/json: {schema: {$ref: '#/components/schemas/Case'}}}
    """
    return web.answer(services.bring_back_case(web.conn(), current_actor(), case_id))


# --- the gate ------------------------------------------------------------------------------------


@bp.get("/actions/<int:action_id>/gate")
@requires(LLM_READ)
def get_gate(action_id: int) -> Response:
    """Get what a version of an action must have passed to be made live.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: The share that must pass, and how many cases are required.
        content: {application/json: {schema: {$ref: '#/components/schemas/GateRow'}}}
    """
    return web.answer(services.get_gate(web.conn(), action_id))


@bp.put("/actions/<int:action_id>/gate")
@requires(LLM_CONFIGURE)
def update_gate(action_id: int) -> Response:
    """Say which share of an action's cases must pass. A required case is marked on the case.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/GateChange'}}}
    responses:
      200:
        description: The gate.
        content: {application/json: {schema: {$ref: '#/components/schemas/GateRow'}}}
    """
    return web.answer(
        services.update_gate(web.conn(), current_actor(), action_id, web.parse_json(GateChange))
    )


@bp.get("/actions/<int:action_id>/versions/<int:version_id>/gate")
@requires(LLM_READ)
def get_gate_state(action_id: int, version_id: int) -> Response:
    """What the gate has against a version as it is now. A case that was not run on it is not passed.
    ---
    tags: [Tests and cases]
    parameters:
      - {name: llm_model_id, in: query, schema: {type: integer}, description: 'Default: the version''s own'}
    responses:
      200:
        description: The objections; none is a pass.
        content: {application/json: {schema: {$ref: '#/components/schemas/GateState'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(GateQuery)
    return web.answer(services.get_gate_state(web.conn(), action_id, version_id, model_id=query.llm_model_id))


# --- batches -------------------------------------------------------------------------------------


@bp.get("/actions/<int:action_id>/case-results")
@requires(LLM_READ)
def get_case_results(action_id: int) -> Response:
    """How each case went on each version and model, the newest version first.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: A column for each version and model; a cell for each case in it, null where not run.
        content: {application/json: {schema: {$ref: '#/components/schemas/Overview'}}}
    """
    return web.answer(overview.get_overview(web.conn(), current_actor(), action_id))


@bp.get("/actions/<int:action_id>/case-batches")
@requires(LLM_READ)
def list_case_batches(action_id: int) -> Response:
    """List the latest batches of an action's cases, newest first.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: At most 20 batches.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/CaseBatch'}}}}
    """
    return web.answer(batches.list_batches(web.conn(), current_actor(), action_id), list[CaseBatch])


@bp.post("/actions/<int:action_id>/case-batches")
@requires(LLM_RUN)
def start_case_batch(action_id: int) -> Response:
    """Run an action's cases on one version with one model.
    ---
    tags: [Tests and cases]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/CaseBatchStart'}}}
    responses:
      202:
        description: Queued; a case that lacks an input is left out with the reason.
        headers: {Location: {schema: {type: string}, description: Where the batch is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/CaseBatch'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    conn = web.conn()
    wanted = web.parse_json(CaseBatchStart)
    batch = batches.start(conn, current_actor(), action_id, wanted, web.site().vocabulary(conn))
    return web.answer(batch, status=202, Location=url_for("cases_api.get_case_batch", batch_id=batch.id))


@bp.get("/case-batches/<int:batch_id>")
@requires(LLM_READ)
def get_case_batch(batch_id: int) -> Response:
    """Get a batch of cases: how far it is, and how each case went.
    ---
    tags: [Tests and cases]
    responses:
      200:
        description: The batch.
        content: {application/json: {schema: {$ref: '#/components/schemas/CaseBatch'}}}
    """
    return web.answer(batches.get_batch(web.conn(), current_actor(), batch_id))


@bp.post("/case-batches/<int:batch_id>/cancellation")
@requires(LLM_RUN)
def stop_case_batch(batch_id: int) -> Response:
    """Stop a batch with all of its runs that have not ended. What was found stays.
    ---
    tags: [Tests and cases]
    responses:
      202:
        description: It is being stopped.
        content: {application/json: {schema: {$ref: '#/components/schemas/CaseBatch'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(batches.stop(web.conn(), current_actor(), batch_id), status=202)


@bp.post("/case-batches/<int:batch_id>/continuation")
@requires(LLM_RUN)
def go_on_with_case_batch(batch_id: int) -> Response:
    """Try again what was stopped, failed on the way or was not judged. What was decided stays.
    ---
    tags: [Tests and cases]
    responses:
      202:
        description: Queued.
        content: {application/json: {schema: {$ref: '#/components/schemas/CaseBatch'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    conn = web.conn()
    batch = batches.go_on(conn, current_actor(), batch_id, web.site().vocabulary(conn))
    return web.answer(batch, status=202)
