"""The JSON edge of the audit trail."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.trail import sealing, services
from blog.app.trail.permissions import AUDIT_READ, AUDIT_RETAIN
from blog.app.trail.schemas import AuditExport, AuditQuery, AuditRetentionChange
from blog.app.trail.views import exported

bp = Blueprint("trail_api", __name__, url_prefix="/api/v1/audit")


@bp.get("")
@requires(AUDIT_READ)
def list_audit_events() -> Response:
    """List what was done, newest first.
    ---
    tags: [Audit]
    parameters:
      - {$ref: '#/components/parameters/AuditName'}
      - {$ref: '#/components/parameters/RunPerson'}
      - {$ref: '#/components/parameters/AuditSubjectKind'}
      - {$ref: '#/components/parameters/AuditSubject'}
      - {$ref: '#/components/parameters/AuditAddress'}
      - {$ref: '#/components/parameters/AuditRequest'}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
      - {$ref: '#/components/parameters/After'}
      - {$ref: '#/components/parameters/Limit'}
    responses:
      200:
        description: One page; `next` is the cursor of the one after it, null at the end.
        content: {application/json: {schema: {$ref: '#/components/schemas/AuditPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(services.list_events(web.conn(), current_actor(), web.parse_query(AuditQuery)))


@bp.get("/export")
@requires(AUDIT_READ)
def export_audit_events() -> Response:
    """Export what was done, newest first, all that the filter wants.
    ---
    tags: [Audit]
    parameters:
      - {name: format, in: query, schema: {type: string, enum: [jsonl, csv]}}
      - {$ref: '#/components/parameters/AuditName'}
      - {$ref: '#/components/parameters/RunPerson'}
      - {$ref: '#/components/parameters/AuditSubjectKind'}
      - {$ref: '#/components/parameters/AuditSubject'}
      - {$ref: '#/components/parameters/AuditAddress'}
      - {$ref: '#/components/parameters/AuditRequest'}
      - {$ref: '#/components/parameters/Since'}
      - {$ref: '#/components/parameters/Until'}
    responses:
      200:
        description: An event per line.
        content:
          application/jsonl: {schema: {$ref: '#/components/schemas/AuditEvent'}}
          text/csv: {schema: {type: string}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return exported(web.parse_query(AuditExport))


@bp.get("/verification")
@requires(AUDIT_READ)
def verify_audit_trail() -> Response:
    """Check the chain: every event against its seal, every seal against the one before it.
    ---
    tags: [Audit]
    responses:
      200:
        description: What was found. Keep `head_number` and `head` elsewhere to compare with later.
        content: {application/json: {schema: {$ref: '#/components/schemas/Verification'}}}
    """
    return web.answer(sealing.verify(web.conn()))


@bp.get("/retention")
@requires(AUDIT_READ)
def show_audit_retention() -> Response:
    """Show how long events are kept. `days` null: for ever.
    ---
    tags: [Audit]
    responses:
      200:
        description: The decision.
        content: {application/json: {schema: {$ref: '#/components/schemas/AuditRetention'}}}
    """
    return web.answer(services.get_retention(web.conn(), current_actor()))


@bp.put("/retention")
@requires(AUDIT_RETAIN)
def change_audit_retention() -> Response:
    """Decide how long events are kept. What is over is removed within minutes and cannot be brought back.
    ---
    tags: [Audit]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/AuditRetentionChange'}}}
    responses:
      200:
        description: The decision as it is now.
        content: {application/json: {schema: {$ref: '#/components/schemas/AuditRetention'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    change = web.parse_json(AuditRetentionChange)
    return web.answer(services.change_retention(web.conn(), current_actor(), change))
