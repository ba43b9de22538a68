"""The matrix and the groups over REST, for those who manage roles."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import groups, matrix
from blog.app.auth.matrix_models import Group
from blog.app.auth.matrix_schemas import GroupCreate, GroupUpdate, MatrixUpdate
from blog.app.auth.permissions import ROLES_MANAGE, current_actor, requires

bp = Blueprint("matrix_api", __name__, url_prefix="/api/v1")


@bp.get("/roles/matrix")
@requires(ROLES_MANAGE)
def show_matrix() -> Response:
    """Show what every role may do in every stage
    ---
    tags: [people]
    responses:
      200:
        description: Roles, stages, and a grant for each thing a role may do in one. A fixed role has none.
        content: {application/json: {schema: {$ref: '#/components/schemas/Matrix'}}}
    """
    return web.answer(matrix.get_matrix(web.conn(), current_actor()))


@bp.put("/roles/matrix")
@requires(ROLES_MANAGE)
def change_matrix() -> Response:
    """Say anew what every role may do in every stage, as far as the caller may do it
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/MatrixUpdate'}}}
    responses:
      200:
        description: The matrix as it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/Matrix'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(MatrixUpdate)
    return web.answer(matrix.change_matrix(web.conn(), current_actor(), body.cells, seen=body.seen))


@bp.get("/groups")
@requires(ROLES_MANAGE)
def list_groups() -> Response:
    """List the groups, whom they have and which workflows they open
    ---
    tags: [people]
    responses:
      200:
        description: All of them, Everyone first
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Group'}}}
    """
    return web.answer(groups.list_groups(web.conn(), current_actor()), list[Group])


@bp.post("/groups")
@requires(ROLES_MANAGE)
def create_group() -> Response:
    """Make a group
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/GroupCreate'}}}
    responses:
      201:
        description: The new group
        content: {application/json: {schema: {$ref: '#/components/schemas/Group'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(GroupCreate)
    made = groups.create_group(
        web.conn(),
        current_actor(),
        name=body.name,
        member_ids=body.member_ids,
        workflow_ids=body.workflow_ids,
    )
    return web.answer(made, status=201)


@bp.patch("/groups/<int:group_id>")
@requires(ROLES_MANAGE)
def update_group(group_id: int) -> Response:
    """Change a group's name, its members or the workflows it opens
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/GroupUpdate'}}}
    responses:
      200:
        description: The group as it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/Group'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(GroupUpdate)
    changed = groups.update_group(
        web.conn(),
        current_actor(),
        group_id,
        name=body.name,
        member_ids=body.member_ids,
        workflow_ids=body.workflow_ids,
    )
    return web.answer(changed)


@bp.delete("/groups/<int:group_id>")
@requires(ROLES_MANAGE)
def delete_group(group_id: int) -> Response:
    """Delete a group; what it opened is closed to its members
    ---
    tags: [people]
    responses:
      204: {description: It is gone}
      409: {$ref: '#/components/responses/Problem'}
    """
    groups.delete_group(web.conn(), current_actor(), group_id)
    return Response(status=204)
