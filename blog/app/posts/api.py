"""Posts and their sections over REST. What is written in them is the workflow's, which knows the fields."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth.permissions import current_actor, requires
from blog.app.posts import services
from blog.app.posts.models import Section
from blog.app.posts.permissions import POST_EDIT, POST_READ, POST_REMOVE
from blog.app.posts.schemas import SectionCreate, SectionOrder, SectionQuery

bp = Blueprint("posts_api", __name__, url_prefix="/api/v1")


@bp.get("/posts/<int:post_id>")
@requires(POST_READ)
def get_post(post_id: int) -> Response:
    """Show a post: where it stands and what it is called.
    ---
    tags: [posts]
    responses:
      200:
        description: The post.
        content: {application/json: {schema: {$ref: '#/components/schemas/Post'}}}
    """
    return web.answer(services.get_post(web.conn(), current_actor(), post_id))


@bp.delete("/posts/<int:post_id>")
@requires(POST_REMOVE)
def delete_post(post_id: int) -> Response:
    """Remove a post from the lists. Nothing is deleted; POST to its restoration brings it back.
    ---
    tags: [posts]
    responses:
      200:
        description: The post with its `removed_at`.
        content: {application/json: {schema: {$ref: '#/components/schemas/Post'}}}
    """
    return web.answer(services.remove_post(web.conn(), current_actor(), post_id))


@bp.post("/posts/<int:post_id>/restoration")
@requires(POST_REMOVE)
def restore_post(post_id: int) -> Response:
    """Bring a removed post back.
    ---
    tags: [posts]
    responses:
      200:
        description: The post.
        content: {application/json: {schema: {$ref: '#/components/schemas/Post'}}}
    """
    return web.answer(services.bring_back_post(web.conn(), current_actor(), post_id))


# --- sections ------------------------------------------------------------------------------------


@bp.get("/posts/<int:post_id>/sections")
@requires(POST_READ)
def list_sections(post_id: int) -> Response:
    """List the sections of a post in their order.
    ---
    tags: [sections]
    parameters:
      - {name: removed, in: query, schema: {type: boolean}, description: The removed ones instead.}
    responses:
      200:
        description: The sections.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Section'}}}}
    """
    query = web.parse_query(SectionQuery)
    services.get_post(web.conn(), current_actor(), post_id)
    listed = services.list_removed_sections if query.removed else services.list_sections
    return web.answer(listed(web.conn(), post_id), list[Section])


@bp.post("/posts/<int:post_id>/sections")
@requires(POST_EDIT)
def create_section(post_id: int) -> Response:
    """Add a section behind another one, or at the end.
    ---
    tags: [sections]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SectionCreate'}}}
    responses:
      201:
        description: The section.
        content: {application/json: {schema: {$ref: '#/components/schemas/Section'}}}
    """
    wanted = web.parse_json(SectionCreate)
    section = services.add_section(web.conn(), current_actor(), post_id, wanted.after_section_id)
    return web.answer(section, status=201)


@bp.put("/posts/<int:post_id>/sections/order")
@requires(POST_EDIT)
def put_section_order(post_id: int) -> Response:
    """Put all sections of a post in another order. 409 when the list is not exactly the present sections.
    ---
    tags: [sections]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SectionOrder'}}}
    responses:
      200:
        description: The sections in their new order.
        content: {application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Section'}}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    wanted = web.parse_json(SectionOrder)
    sections = services.reorder_sections(web.conn(), current_actor(), post_id, wanted.section_ids)
    return web.answer(sections, list[Section])


@bp.delete("/posts/<int:post_id>/sections/<int:section_id>")
@requires(POST_EDIT)
def delete_section(post_id: int, section_id: int) -> Response:
    """Remove a section from its post. Its words are kept; POST to its restoration brings it back.
    ---
    tags: [sections]
    responses:
      200:
        description: The section with its `removed_at`.
        content: {application/json: {schema: {$ref: '#/components/schemas/Section'}}}
    """
    return web.answer(services.remove_section(web.conn(), current_actor(), post_id, section_id))


@bp.post("/posts/<int:post_id>/sections/<int:section_id>/restoration")
@requires(POST_EDIT)
def restore_section(post_id: int, section_id: int) -> Response:
    """Bring a removed section back to its place, with its words.
    ---
    tags: [sections]
    responses:
      200:
        description: The section.
        content: {application/json: {schema: {$ref: '#/components/schemas/Section'}}}
    """
    return web.answer(services.bring_back_section(web.conn(), current_actor(), post_id, section_id))
