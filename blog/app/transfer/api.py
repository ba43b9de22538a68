"""The registry file over REST. The file itself is the body, as YAML or JSON."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.llm.permissions import LLM_CONFIGURE, LLM_READ
from blog.app.transfer import services
from blog.app.transfer.models import FileFormat
from blog.app.transfer.schemas import ExportQuery, ImportQuery

bp = Blueprint("transfer_api", __name__, url_prefix="/api/v1")

MIMETYPES: dict[FileFormat, str] = {"json": "application/json", "yaml": "application/yaml"}


@bp.get("/registry")
@requires(LLM_READ)
def export_registry() -> Response:
    """Get workflow, prompt parts and actions as one file
    ---
    tags: [registry]
    parameters:
      - {name: format, in: query, schema: {type: string, enum: [yaml, json]},
         description: 'Counts for more than Accept; default: JSON'}
    responses:
      200:
        description: The file, the same bytes for the same registry. It holds no key and no address.
        content:
          application/json: {schema: {type: object}}
          application/yaml: {schema: {type: string}}
      422: {$ref: '#/components/responses/Problem'}
    """
    how = web.parse_query(ExportQuery).format or _accepted()
    text = services.export(web.conn(), current_actor(), how)
    response = Response(text, mimetype=MIMETYPES[how])
    response.vary.add("Accept")
    return response


def _accepted() -> FileFormat:
    best = request.accept_mimetypes.best_match(
        ["application/json", "application/yaml", "text/yaml"], default="application/json"
    )
    return "json" if best == "application/json" else "yaml"


@bp.post("/registry/imports")
@requires(LLM_CONFIGURE)
def create_import() -> Response:
    """Import a registry file, whole or not at all; with `dry_run` only tell what it would do
    ---
    tags: [registry]
    parameters:
      - {name: dry_run, in: query, schema: {type: boolean, default: false}}
      - {name: missing_models, in: query, schema: {type: string, enum: [refuse, default], default: refuse},
         description: 'default: an action whose model is not connected here asks the default model instead'}
      - {name: digest, in: query, schema: {type: string},
         description: 'Of a dry run: import exactly that, or be refused with 409'}
    requestBody:
      required: true
      content:
        application/json: {schema: {type: object}}
        application/yaml: {schema: {type: string}}
    responses:
      200:
        description: What was done, or with `dry_run` what would be, with every problem.
        content: {application/json: {schema: {$ref: '#/components/schemas/Plan'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(ImportQuery)
    conn, actor, gate = web.conn(), current_actor(), web.site().gate
    source = request.get_data()
    if query.dry_run:
        return web.answer(services.plan_import(conn, actor, source, query.missing_models, gate))
    return web.answer(
        services.import_file(conn, actor, source, query.missing_models, gate, digest=query.digest)
    )
