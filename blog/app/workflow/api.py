"""A post's fields, their history and its stage over REST. Values are JSON, as each field's kind says."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts.permissions import POST_CREATE, POST_EDIT, POST_READ
from blog.app.workflow import field_values, outline, services, trees
from blog.app.workflow.models import FieldValue
from blog.app.workflow.schemas import (
    FieldWrite,
    PostCreate,
    RestorationCreate,
    RevisionQuery,
    SectionMerge,
    SectionReversal,
    SectionSplit,
    StageMove,
)

bp = Blueprint("workflow_api", __name__, url_prefix="/api/v1")


@bp.get("/workflow")
@requires(POST_READ)
def get_default_workflow() -> Response:
    """Show the workflow new posts follow: its stages, sub-stages, fields and the actions they offer.
    ---
    tags: [workflow]
    responses:
      200:
        description: The whole tree, in order.
        content: {application/json: {schema: {$ref: '#/components/schemas/Workflow'}}}
      404: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(trees.default_workflow(web.conn(), current_actor()))


@bp.get("/workflows/<int:workflow_id>")
@requires(POST_READ)
def get_workflow(workflow_id: int) -> Response:
    """Show the workflow a post follows.
    ---
    tags: [workflow]
    responses:
      200:
        description: The whole tree, in order.
        content: {application/json: {schema: {$ref: '#/components/schemas/Workflow'}}}
    """
    return web.answer(trees.get_seen_workflow(web.conn(), current_actor(), workflow_id))


# --- posts ---------------------------------------------------------------------------------------


@bp.post("/posts")
@requires(POST_CREATE)
def create_post() -> Response:
    """Begin a post with an idea.
    ---
    tags: [posts]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/PostCreate'}}}
    responses:
      201:
        description: The post, at the first sub-stage of its workflow.
        content: {application/json: {schema: {$ref: '#/components/schemas/Post'}}}
    """
    wanted = web.parse_json(PostCreate)
    post = services.create_post_with_idea(web.conn(), current_actor(), wanted.idea, wanted.workflow)
    return web.answer(post, status=201, Location=f"/api/v1/posts/{post.id}")


@bp.put("/posts/<int:post_id>/stage")
@requires(POST_EDIT)
def put_stage(post_id: int) -> Response:
    """Move a post to a sub-stage of its workflow, forward or back.
    ---
    tags: [posts]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/StageMove'}}}
    responses:
      200:
        description: The post where it stands now.
        content: {application/json: {schema: {$ref: '#/components/schemas/Post'}}}
    """
    wanted = web.parse_json(StageMove)
    return web.answer(services.move_post(web.conn(), current_actor(), post_id, wanted.sub_stage))


# --- fields --------------------------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/fields")
@requires(POST_READ)
def list_values(post_id: int) -> Response:
    """List every field of a post and of its sections, also those never written.
    ---
    tags: [fields]
    responses:
      200:
        description: The values, in the order of the workflow; those of sections follow, section by section.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/FieldValue'}}}}
    """
    return web.answer(field_values.list_values(web.conn(), current_actor(), post_id), list[FieldValue])


@bp.get("/posts/<int:post_id>/fields/<name>")
@requires(POST_READ)
def get_value(post_id: int, name: str) -> Response:
    """Show the current value of a field of a post.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
    responses:
      200:
        description: The value and its revision.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(field_values.get_value(web.conn(), current_actor(), post_id, name, None))


@bp.put("/posts/<int:post_id>/fields/<name>")
@requires(POST_EDIT)
def put_value(post_id: int, name: str) -> Response:
    """Write a field of a post. The value is appended; nothing is overwritten.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/FieldWrite'}}}
    description: |
      409 when `base_revision_id` is not the current revision any more; the answer then holds
      `current_revision_id` and `current_value` to merge with.
    responses:
      200:
        description: The value and its new revision, or the present one when it says the same.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return _written(post_id, None, name)


@bp.get("/posts/<int:post_id>/fields/<name>/revisions")
@requires(POST_READ)
def list_revisions(post_id: int, name: str) -> Response:
    """List the history of a field of a post, newest first.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of revisions, each with how it begins.
        content: {application/json: {schema: {$ref: '#/components/schemas/RevisionPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return _history(post_id, None, name)


@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<name>")
@requires(POST_READ)
def get_section_value(post_id: int, section_id: int, name: str) -> Response:
    """Show the current value of a field of a section.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
    responses:
      200:
        description: The value and its revision.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return web.answer(field_values.get_value(web.conn(), current_actor(), post_id, name, section_id))


@bp.put("/posts/<int:post_id>/sections/<int:section_id>/fields/<name>")
@requires(POST_EDIT)
def put_section_value(post_id: int, section_id: int, name: str) -> Response:
    """Write a field of a section. The value is appended; nothing is overwritten.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/FieldWrite'}}}
    description: |
      409 when `base_revision_id` is not the current revision any more; the answer then holds
      `current_revision_id` and `current_value` to merge with.
    responses:
      200:
        description: The value and its new revision, or the present one when it says the same.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    return _written(post_id, section_id, name)


@bp.get("/posts/<int:post_id>/sections/<int:section_id>/fields/<name>/revisions")
@requires(POST_READ)
def list_section_revisions(post_id: int, section_id: int, name: str) -> Response:
    """List the history of a field of a section, newest first.
    ---
    tags: [fields]
    parameters:
      - {name: name, in: path, required: true, schema: {type: string}, description: The field's name.}
      - {name: after, in: query, schema: {type: string}, description: The `next` of an earlier page.}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: A page of revisions, each with how it begins.
        content: {application/json: {schema: {$ref: '#/components/schemas/RevisionPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    return _history(post_id, section_id, name)


def _written(post_id: int, section_id: int | None, name: str) -> Response:
    wanted = web.parse_json(FieldWrite)
    written = field_values.put_value(
        web.conn(),
        current_actor(),
        post_id=post_id,
        field_name=name,
        section_id=section_id,
        value=wanted.value,
        base_revision_id=wanted.base_revision_id,
    )
    return web.answer(written)


def _history(post_id: int, section_id: int | None, name: str) -> Response:
    query = web.parse_query(RevisionQuery)
    page = field_values.list_revisions(
        web.conn(), current_actor(), post_id, name, section_id, after=query.after, limit=query.limit
    )
    return web.answer(page)


# --- sections ------------------------------------------------------------------------------------


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/split")
@requires(POST_EDIT)
def split_section(post_id: int, section_id: int) -> Response:
    """Divide a section: the rest of one of its texts goes to a new section behind it.
    ---
    tags: [sections]
    responses:
      201:
        description: Both sections, and what to send to undo it.
        content: {application/json: {schema: {$ref: '#/components/schemas/SectionChange'}}}
      409: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(SectionSplit)
    change = outline.split_section(
        web.conn(),
        current_actor(),
        post_id,
        section_id,
        field_name=wanted.field,
        offset=wanted.offset,
        base_revision_id=wanted.base_revision_id,
    )
    return web.answer(change, status=201)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/merge")
@requires(POST_EDIT)
def merge_section(post_id: int, section_id: int) -> Response:
    """Join a section with the next one, which is removed and keeps its words.
    ---
    tags: [sections]
    responses:
      200:
        description: Both sections, and what to send to undo it.
        content: {application/json: {schema: {$ref: '#/components/schemas/SectionChange'}}}
      409: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(SectionMerge)
    change = outline.merge_section(
        web.conn(), current_actor(), post_id, section_id, next_section_id=wanted.next_section_id
    )
    return web.answer(change)


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/reversal")
@requires(POST_EDIT)
def undo_section_change(post_id: int, section_id: int) -> Response:
    """Undo a split or merge, while nobody has written in the section since.
    ---
    tags: [sections]
    responses:
      200:
        description: The section with the texts it had.
        content: {application/json: {schema: {$ref: '#/components/schemas/Section'}}}
      409: {$ref: '#/components/responses/Problem'}
      422: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(SectionReversal)
    section = outline.undo_change(
        web.conn(),
        current_actor(),
        post_id,
        section_id,
        other_section_id=wanted.other_section_id,
        revision_ids=wanted.revision_ids,
    )
    return web.answer(section)


# --- revisions -----------------------------------------------------------------------------------


@bp.get("/revisions/<int:revision_id>")
@requires(POST_READ)
def get_revision(revision_id: int) -> Response:
    """Show one revision of a field, the current or an older one.
    ---
    tags: [fields]
    responses:
      200:
        description: The value as it was then.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
    """
    return web.answer(field_values.get_revision_value(web.conn(), current_actor(), revision_id))


@bp.post("/revisions/<int:revision_id>/restoration")
@requires(POST_EDIT)
def create_restoration(revision_id: int) -> Response:
    """Make an older revision's value the newest one. The revisions between them stay.
    ---
    tags: [fields]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RestorationCreate'}}}
    responses:
      201:
        description: The value and its new revision.
        content: {application/json: {schema: {$ref: '#/components/schemas/FieldValue'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(RestorationCreate)
    value = field_values.restore_value(
        web.conn(), current_actor(), revision_id, base_revision_id=wanted.base_revision_id
    )
    return web.answer(value, status=201)
