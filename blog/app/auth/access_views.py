"""The page of how people come in without an invitation, and of how much everybody may ask for."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import links, roles
from blog.app.auth.link_schemas import LimitsForm, PolicyForm, SessionsForm
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, requires
from blog.app.auth.rules import problems_of
from blog.app.errors import Forbidden, Invalid

bp = Blueprint("access", __name__)


@bp.get("/access")
@requires(PEOPLE_MANAGE)
def show_access() -> Response:
    return _page()


@bp.post("/access/sign-up")
@requires(PEOPLE_MANAGE)
def change_policy() -> Response:
    try:
        form = web.parse_form(PolicyForm)
        links.change_policy(
            web.conn(), current_actor(), is_sign_up_open=form.is_sign_up_open, sign_up_role=form.sign_up_role
        )
    except (Invalid, Forbidden) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/access?done=policy")


@bp.post("/access/limits")
@requires(PEOPLE_MANAGE)
def change_limits() -> Response:
    try:
        form = web.parse_form(LimitsForm)
        links.change_limits(web.conn(), current_actor(), token=form.token, person=form.person)
    except Invalid as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/access?done=limits")


@bp.post("/access/sessions")
@requires(PEOPLE_MANAGE)
def change_session_limits() -> Response:
    try:
        form = web.parse_form(SessionsForm)
        links.change_session_limits(
            web.conn(), current_actor(), idle_minutes=form.idle_minutes, hours=form.hours
        )
    except Invalid as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/access?done=sessions")


def _page(*, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return web.render(
        "auth/access.html",
        status=status,
        policy=links.get_policy(web.conn()),
        roles=roles.list_roles(web.conn()),
        is_mail_set=web.site().config.smtp is not None,
        errors=errors or {},
        form=request.form if errors else {},
        done=request.args.get("done", ""),
    )
