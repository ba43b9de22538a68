"""How people come in, and how much everybody may ask for, over REST; and a second factor that was lost."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import links, second_factor
from blog.app.auth.link_schemas import RequestLimits, SessionLimits, SignUpChange
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, requires

bp = Blueprint("access_api", __name__, url_prefix="/api/v1")


@bp.get("/access")
@requires(PEOPLE_MANAGE)
def get_access() -> Response:
    """Get whether people may sign up, how many requests everybody may make, and how long one stays signed in
    ---
    tags: [people]
    responses:
      200:
        description: As it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/AccessPolicy'}}}
    """
    return web.answer(links.get_policy(web.conn()))


@bp.put("/access/sign-up")
@requires(PEOPLE_MANAGE)
def put_sign_up() -> Response:
    """Say whether people may sign up without an invitation, and which role they have then
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SignUpChange'}}}
    responses:
      200:
        description: As it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/AccessPolicy'}}}
    """
    body = web.parse_json(SignUpChange)
    changed = links.change_policy(
        web.conn(), current_actor(), is_sign_up_open=body.is_sign_up_open, sign_up_role=body.sign_up_role
    )
    return web.answer(changed)


@bp.put("/access/requests")
@requires(PEOPLE_MANAGE)
def put_request_limits() -> Response:
    """Say how many requests a minute each token and each person may make
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/RequestLimits'}}}
    responses:
      200:
        description: As it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/AccessPolicy'}}}
    """
    body = web.parse_json(RequestLimits)
    links.change_limits(web.conn(), current_actor(), token=body.token, person=body.person)
    return web.answer(links.get_policy(web.conn()))


@bp.put("/access/sessions")
@requires(PEOPLE_MANAGE)
def put_session_limits() -> Response:
    """Say how long a browser stays signed in; a shorter time holds for those that are
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/SessionLimits'}}}
    responses:
      200:
        description: As it is now
        content: {application/json: {schema: {$ref: '#/components/schemas/AccessPolicy'}}}
    """
    body = web.parse_json(SessionLimits)
    links.change_session_limits(web.conn(), current_actor(), idle_minutes=body.idle_minutes, hours=body.hours)
    return web.answer(links.get_policy(web.conn()))


@bp.delete("/users/<int:user_id>/second-factor")
@requires(PEOPLE_MANAGE)
def delete_second_factor(user_id: int) -> Response:
    """Take away the second factor that somebody has lost; they are told, and their sessions end
    ---
    tags: [people]
    responses:
      204: {description: It is taken away; a role may ask them to set up another}
    """
    second_factor.reset(web.conn(), current_actor(), user_id)
    return Response(status=204)
