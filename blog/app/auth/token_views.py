"""The page of one's API tokens: what each may do, until when, and when it was last used."""

from datetime import UTC, datetime

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import services
from blog.app.auth.permissions import PERMISSIONS, current_actor, signed_in
from blog.app.auth.rules import problems_of
from blog.app.auth.schemas import TokenForm
from blog.app.errors import Forbidden, Invalid

bp = Blueprint("tokens", __name__)


@bp.get("/account/tokens")
@signed_in
def show_tokens() -> Response:
    return _page()


@bp.post("/account/tokens")
@signed_in
def create_token() -> Response:
    """Answers with the page itself: the token is in no address, no cookie and no later page."""
    try:
        form = web.parse_form(TokenForm)
        new = services.create_token(
            web.conn(),
            current_actor(),
            form.name,
            permissions=form.permissions if form.scope == "some" else None,
            expires_at=form.expires_at,
        )
    except (Invalid, Forbidden) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return _page(new=new, status=201)


@bp.post("/account/tokens/<int:token_id>/revocation")
@signed_in
def revoke_token(token_id: int) -> Response:
    services.revoke_token(web.conn(), current_actor(), token_id)
    return web.see_other("/account/tokens?done=revoked")


def _page(*, errors: dict[str, str] | None = None, new: object = None, status: int = 200) -> Response:
    actor = current_actor()
    return web.render(
        "auth/tokens.html",
        status=status,
        tokens=services.list_tokens(web.conn(), actor),
        now=datetime.now(UTC),
        grantable=[(name, PERMISSIONS[name]) for name in sorted(PERMISSIONS) if actor.may(name)],
        errors=errors or {},
        new=new,
        form=request.form if errors else {},
        chosen=request.form.getlist("permissions") if errors else [],
        done=request.args.get("done", ""),
    )
