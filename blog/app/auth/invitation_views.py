"""The page of invitations, for those who let people in."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import links, roles
from blog.app.auth.link_schemas import InvitationForm
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, requires
from blog.app.auth.rules import problems_of
from blog.app.errors import Forbidden, Invalid

bp = Blueprint("invitations", __name__)


@bp.get("/invitations")
@requires(PEOPLE_MANAGE)
def show_invitations() -> Response:
    return _page()


@bp.post("/invitations")
@requires(PEOPLE_MANAGE)
def create_invitation() -> Response:
    """Answers with the page itself: a link that is shown is in no address, no cookie and no later page."""
    try:
        form = web.parse_form(InvitationForm)
        new = links.invite(
            web.conn(),
            current_actor(),
            web.site().config,
            email=form.email,
            role_names=form.roles,
            days=form.days,
            is_by_mail=form.way == "mail",
        )
    except (Invalid, Forbidden) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return _page(new=new, status=201)


@bp.post("/invitations/<int:invitation_id>/revocation")
@requires(PEOPLE_MANAGE)
def revoke_invitation(invitation_id: int) -> Response:
    links.revoke_invitation(web.conn(), current_actor(), invitation_id)
    return web.see_other("/invitations?done=revoked")


def _page(*, errors: dict[str, str] | None = None, new: object = None, status: int = 200) -> Response:
    config = web.site().config
    return web.render(
        "auth/invitations.html",
        status=status,
        invitations=links.list_invitations(web.conn(), current_actor()),
        roles=roles.list_roles(web.conn()),
        is_mail_set=config.smtp is not None,
        errors=errors or {},
        new=new,
        form=request.form if errors else {},
        chosen=request.form.getlist("roles") if errors else ["author"],
        done=request.args.get("done", ""),
    )
