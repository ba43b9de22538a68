"""Roles over REST, for those who manage people or roles."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import roles
from blog.app.auth.models import Permission, Role
from blog.app.auth.permissions import (
    PEOPLE_MANAGE,
    PERMISSIONS,
    ROLES_MANAGE,
    current_actor,
    requires,
    signed_in,
)
from blog.app.auth.role_schemas import RoleCreate, RoleUpdate

bp = Blueprint("role_api", __name__, url_prefix="/api/v1")


@bp.get("/permissions")
@signed_in
def list_permissions() -> Response:
    """List what can be granted to a role or a token
    ---
    tags: [people]
    responses:
      200:
        description: Every permission there is
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Permission'}}}
    """
    known = [Permission(name=name, description=text) for name, text in sorted(PERMISSIONS.items())]
    return web.answer(known, list[Permission])


@bp.get("/roles")
@requires(PEOPLE_MANAGE)
def list_roles() -> Response:
    """List the roles, what each may do and how many people have it
    ---
    tags: [people]
    responses:
      200:
        description: All of them, oldest first
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Role'}}}
    """
    return web.answer(roles.list_roles(web.conn()), list[Role])


@bp.post("/roles")
@requires(ROLES_MANAGE)
def create_role() -> Response:
    """Make a role that may do at most what the caller may
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RoleCreate'}}}
    responses:
      201:
        description: The new role
        content: {application/json: {schema: {$ref: '#/components/schemas/Role'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(RoleCreate)
    role = roles.create_role(
        web.conn(),
        current_actor(),
        label=body.label,
        name=body.name,
        description=body.description,
        permissions=body.permissions,
    )
    return web.answer(role, status=201)


@bp.patch("/roles/<int:role_id>")
@requires(ROLES_MANAGE)
def update_role(role_id: int) -> Response:
    """Change what a role is called or may do
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RoleUpdate'}}}
    responses:
      200:
        description: The role as it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/Role'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(RoleUpdate)
    role = roles.update_role(
        web.conn(),
        current_actor(),
        role_id,
        label=body.label,
        description=body.description,
        needs_second_factor=body.needs_second_factor,
        permissions=body.permissions,
    )
    return web.answer(role)


@bp.delete("/roles/<int:role_id>")
@requires(ROLES_MANAGE)
def delete_role(role_id: int) -> Response:
    """Delete a role that nobody has
    ---
    tags: [people]
    responses:
      204: {description: It is gone}
      409: {$ref: '#/components/responses/Problem'}
    """
    roles.delete_role(web.conn(), current_actor(), role_id)
    return Response(status=204)
