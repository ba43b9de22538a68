"""Reading over REST: the article, its exports, its history, the post as it was."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts.permissions import POST_READ
from blog.app.reading import services
from blog.app.reading.schemas import ComparisonQuery, HistoryFilter, SnapshotQuery
from blog.app.reading.views import download, known_format

bp = Blueprint("reading_api", __name__, url_prefix="/api/v1")


@bp.get("/posts/<int:post_id>/preview")
@requires(POST_READ)
def show_preview(post_id: int) -> Response:
    """Show a post as readers get it: safe HTML for each part, its gaps, its words and reading time.
    ---
    tags: [posts]
    description: |
      A part whose field is empty has `revision_id` null and names the field to fill. `instead_of` names an
      empty field that another one stands in for. Reading time counts 238 words a minute.
    responses:
      200:
        description: The article.
        content: {application/json: {schema: {$ref: '#/components/schemas/Article'}}}
    """
    return web.answer(services.get_article(web.conn(), current_actor(), post_id))


@bp.get("/posts/<int:post_id>/export/<export_format>")
@requires(POST_READ)
def export_post(post_id: int, export_format: str) -> Response:
    """Export a post as Markdown with front matter, as a page of HTML, or as JSON with everything in it.
    ---
    tags: [posts]
    parameters:
      - {name: export_format, in: path, required: true, schema: {type: string, enum: [markdown, html, json]}}
    responses:
      200:
        description: The file, named after the post's title.
        content:
          text/markdown: {schema: {type: string}}
          text/html: {schema: {type: string}}
          application/json: {schema: {$ref: '#/components/schemas/PostExport'}}
    """
    return download(services.export_post(web.conn(), current_actor(), post_id, known_format(export_format)))


@bp.get("/posts/<int:post_id>/history")
@requires(POST_READ)
def show_history(post_id: int) -> Response:
    """List every revision of every field of a post, newest first, with what each one changed.
    ---
    tags: [posts]
    description: |
      `segments` is null where the texts are too long for a list; ask for the comparison. To restore one, POST
      to `/api/v1/revisions/<id>/restoration` with its `current_id` as base.
    parameters:
      - {name: field, in: query, schema: {type: integer}, description: The field's id.}
      - {name: section, in: query, schema: {type: integer}, description: The section's id.}
      - {name: person, in: query, schema: {type: integer}, description: Who wrote or accepted it.}
      - {name: run, in: query, schema: {type: integer}, description: The run that wrote it.}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 30}}
    responses:
      200:
        description: A page of revisions.
        content: {application/json: {schema: {$ref: '#/components/schemas/PostHistory'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(HistoryFilter)
    history = services.get_post_history(
        web.conn(),
        current_actor(),
        post_id,
        field_id=query.field,
        section_id=query.section,
        person_id=query.person,
        run_id=query.run,
        after=query.after,
        limit=query.limit,
    )
    return web.answer(history)


@bp.get("/posts/<int:post_id>/history/comparison")
@requires(POST_READ)
def compare_revisions(post_id: int) -> Response:
    """Compare any two revisions of one field, word by word.
    ---
    tags: [posts]
    parameters:
      - {name: old, in: query, required: true, schema: {type: integer}, description: A revision's id.}
      - {name: new, in: query, required: true, schema: {type: integer}, description: A revision's id.}
    responses:
      200:
        description: Both, and the words between them.
        content: {application/json: {schema: {$ref: '#/components/schemas/RevisionComparison'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(ComparisonQuery)
    return web.answer(services.compare_revisions(web.conn(), current_actor(), post_id, query.old, query.new))


@bp.get("/posts/<int:post_id>/snapshot")
@requires(POST_READ)
def show_snapshot(post_id: int) -> Response:
    """Show a post as it was at a moment: its words, its sections and their order then.
    ---
    tags: [posts]
    parameters:
      - name: at
        in: query
        required: true
        schema: {type: string, format: date-time}
        description: The moment. Without an offset it is UTC.
    responses:
      200:
        description: The post then.
        content: {application/json: {schema: {$ref: '#/components/schemas/PostSnapshot'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(SnapshotQuery)
    return web.answer(services.get_snapshot(web.conn(), current_actor(), post_id, query.at))
