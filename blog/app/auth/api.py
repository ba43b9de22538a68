"""The same over REST: oneself, one's tokens, and people for those who manage them."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import people, services
from blog.app.auth.models import ApiToken
from blog.app.auth.permissions import PEOPLE_MANAGE, TOKENS_CREATE, current_actor, requires, signed_in
from blog.app.auth.schemas import TokenCreate, UserCreate, UserQuery, UserUpdate

bp = Blueprint("auth_api", __name__, url_prefix="/api/v1")


@bp.get("/me")
@signed_in
def get_me() -> Response:
    """Whose token this is and what it may do
    ---
    tags: [people]
    responses:
      200:
        description: The person and the permissions of the token
        content: {application/json: {schema: {$ref: '#/components/schemas/Me'}}}
    """
    return web.answer(services.get_me(web.conn(), current_actor()))


@bp.get("/tokens")
@requires(TOKENS_CREATE)
def list_tokens() -> Response:
    """One's API tokens, newest first, without the tokens themselves
    ---
    tags: [people]
    responses:
      200:
        description: At most the 200 newest
        content:
          application/json:
            schema: {type: array, items: {$ref: '#/components/schemas/ApiToken'}}
    """
    return web.answer(services.list_tokens(web.conn(), current_actor()), list[ApiToken])


@bp.post("/tokens")
@requires(TOKENS_CREATE)
def create_token() -> Response:
    """Make an API token; the answer is the only place it can ever be read
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/TokenCreate'}}}
    responses:
      201:
        description: The new token
        content: {application/json: {schema: {$ref: '#/components/schemas/NewApiToken'}}}
    """
    body = web.parse_json(TokenCreate)
    new = services.create_token(
        web.conn(), current_actor(), body.name, permissions=body.permissions, expires_at=body.expires_at
    )
    return web.answer(new, status=201)


@bp.delete("/tokens/<int:token_id>")
@requires(TOKENS_CREATE)
def revoke_token(token_id: int) -> Response:
    """Revoke one of one's API tokens, at once and for good
    ---
    tags: [people]
    responses:
      204: {description: It no longer works}
    """
    services.revoke_token(web.conn(), current_actor(), token_id)
    return Response(status=204)


@bp.get("/users")
@requires(PEOPLE_MANAGE)
def list_users() -> Response:
    """People, oldest first
    ---
    tags: [people]
    parameters:
      - {name: after, in: query, schema: {type: integer}, description: The `next` of the page before}
      - {name: limit, in: query, schema: {type: integer, minimum: 1, maximum: 200, default: 50}}
    responses:
      200:
        description: Some people, and where the next page begins
        content: {application/json: {schema: {$ref: '#/components/schemas/UserPage'}}}
      422: {$ref: '#/components/responses/Problem'}
    """
    query = web.parse_query(UserQuery)
    page = people.list_users(web.conn(), current_actor(), after=query.after, limit=query.limit)
    return web.answer(page)


@bp.post("/users")
@requires(PEOPLE_MANAGE)
def create_user() -> Response:
    """Add a person; the answer holds the password made for them and is the only place to read it
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/UserCreate'}}}
    responses:
      201:
        description: The new person
        content: {application/json: {schema: {$ref: '#/components/schemas/NewUser'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(UserCreate)
    new = people.create_user(
        web.conn(), current_actor(), name=body.name, email=body.email, role_names=body.roles
    )
    return web.answer(new, status=201)


@bp.patch("/users/<int:user_id>")
@requires(PEOPLE_MANAGE)
def update_user(user_id: int) -> Response:
    """Change a person's name or roles, deactivate or reactivate them
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/UserUpdate'}}}
    responses:
      200:
        description: The person as they are now
        content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(UserUpdate)
    user = people.update_user(
        web.conn(), current_actor(), user_id, name=body.name, role_names=body.roles, is_active=body.is_active
    )
    return web.answer(user)
