"""Invitations over REST, for those who manage people."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import links
from blog.app.auth.link_models import Invitation
from blog.app.auth.link_schemas import InvitationCreate
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, requires

bp = Blueprint("invitation_api", __name__, url_prefix="/api/v1")


@bp.get("/invitations")
@requires(PEOPLE_MANAGE)
def list_invitations() -> Response:
    """List the invitations that nobody has accepted yet, newest first
    ---
    tags: [people]
    responses:
      200:
        description: At most the 200 newest, without their links
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/Invitation'}}}
    """
    return web.answer(links.list_invitations(web.conn(), current_actor()), list[Invitation])


@bp.post("/invitations")
@requires(PEOPLE_MANAGE)
def create_invitation() -> Response:
    """Invite a person with roles; the link goes by e-mail, or the answer is the only place to read it
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/InvitationCreate'}}}
    responses:
      201:
        description: The invitation
        content: {application/json: {schema: {$ref: '#/components/schemas/NewInvitation'}}}
    """
    body = web.parse_json(InvitationCreate)
    new = links.invite(
        web.conn(),
        current_actor(),
        web.site().config,
        email=body.email,
        role_names=body.roles,
        days=body.days,
        is_by_mail=body.is_by_mail,
    )
    return web.answer(new, status=201)


@bp.delete("/invitations/<int:invitation_id>")
@requires(PEOPLE_MANAGE)
def revoke_invitation(invitation_id: int) -> Response:
    """Take an invitation back; its link stops working at once
    ---
    tags: [people]
    responses:
      204: {description: It no longer works}
    """
    links.revoke_invitation(web.conn(), current_actor(), invitation_id)
    return Response(status=204)
