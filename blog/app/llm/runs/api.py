"""The JSON edge of runs."""

from flask import Blueprint, Response, request, url_for

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.inputs import Inputs
from blog.app.llm.permissions import LLM_READ, LLM_RUN
from blog.app.llm.runs import events, services, sight
from blog.app.llm.runs.models import Run
from blog.app.llm.runs.schemas import RunCreate

bp = Blueprint("runs_api", __name__, url_prefix="/api/v1/llm")


@bp.post("/actions/<int:action_id>/runs")
@requires(LLM_RUN)
def create_run(action_id: int) -> Response:
    """Run an action with values given here, without a post.
    ---
    tags: [Runs]
    parameters:
      - {$ref: '#/components/parameters/IdempotencyKey'}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RunCreate'}}}
    responses:
      202:
        description: Queued; follow Location, or its events.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
    """
    body = web.parse_json(RunCreate)
    conn = web.conn()
    prepared = services.prepare(
        conn,
        action_id=action_id,
        model_id=body.llm_model_id,
        vocabulary=web.site().vocabulary(conn),
        inputs=Inputs(post=body.post, section=body.section, sections=body.sections, selection=body.selection),
        wish=body.wish,
    )
    key = services.idempotency(request.headers.get("Idempotency-Key"), "llm", action_id, body.model_dump())
    run = services.enqueue_run(conn, current_actor(), prepared, idempotency=key)
    return accepted(run)


def accepted(run: Run) -> Response:
    """202 with the run and where to find it."""
    return web.answer(run, status=202, Location=url_for("runs_api.get_run", run_id=run.id))


@bp.get("/runs/<int:run_id>")
@requires(LLM_READ)
def get_run(run_id: int) -> Response:
    """Get one run: its messages, output, checks, usage, cost, timings.
    ---
    tags: [Runs]
    responses:
      200:
        description: The run.
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
    """
    return web.answer(services.get_seen_run(web.conn(), current_actor(), run_id))


@bp.get("/runs/<int:run_id>/request")
@requires(LLM_READ)
def get_request(run_id: int) -> Response:
    """Get the exact body that was sent to the provider.
    ---
    tags: [Runs]
    responses:
      200:
        description: The body, byte for byte. Empty when nothing was sent.
        content: {application/json: {schema: {}}}
    """
    exchange = services.get_seen_exchange(web.conn(), current_actor(), run_id)
    return Response(exchange.request_body or "", mimetype="application/json")


@bp.get("/runs/<int:run_id>/reply")
@requires(LLM_READ)
def get_reply(run_id: int) -> Response:
    """Get the exact bytes that came back from the provider.
    ---
    tags: [Runs]
    responses:
      200:
        description: The raw reply. Empty when none came.
        content: {application/octet-stream: {schema: {type: string, format: binary}}}
    """
    exchange = services.get_seen_exchange(web.conn(), current_actor(), run_id)
    return Response(bytes(exchange.raw_reply or b""), mimetype="application/octet-stream")


@bp.get("/runs/<int:run_id>/events")
@requires(LLM_READ)
def run_events(run_id: int) -> Response:
    """Follow a run as server-sent events: started, text, reasoning, done.
    ---
    tags: [Runs]
    parameters:
      - {name: Last-Event-ID, in: header, schema: {type: integer}, description: Resume after this event.}
    responses:
      200:
        description: Ends after `done`. A second `started` voids the text before it.
        content: {text/event-stream: {schema: {type: string}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    site = web.site()
    sight.check(web.conn(), current_actor(), run_id)
    return web.sse(events.follow(site.pool, site.wakeups, run_id, web.last_event_id()))


@bp.post("/runs/<int:run_id>/cancellation")
@requires(LLM_READ)
def cancel_run(run_id: int) -> Response:
    """Stop a run.
    ---
    tags: [Runs]
    responses:
      202:
        description: It is being stopped; a queued run has ended already.
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.cancel_run(web.conn(), current_actor(), run_id), status=202)


@bp.post("/runs/<int:run_id>/replays")
@requires(LLM_RUN)
def create_replay(run_id: int) -> Response:
    """Send exactly what a run sent once more, to the same model. Nothing is made of the answer.
    ---
    tags: [Runs]
    responses:
      202:
        description: The new run, a test; follow Location, or its events.
        headers: {Location: {schema: {type: string}, description: Where the run is.}}
        content: {application/json: {schema: {$ref: '#/components/schemas/Run'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return accepted(services.create_replay(web.conn(), current_actor(), run_id))
