"""The pages of sign-in with a service: there, back, connecting an account, and the services themselves."""

import hmac

from flask import Blueprint, Response, g, request

from blog.app import security, web
from blog.app.auth import oidc, roles
from blog.app.auth.oidc_schemas import ServiceChange, ServiceForm
from blog.app.auth.permissions import PEOPLE_MANAGE, current_actor, public, requires, signed_in
from blog.app.auth.rules import local_path, problems_of
from blog.app.auth.views import keep_sign_in
from blog.app.errors import Forbidden, Invalid, Unauthenticated
from blog.app.security import SESSION_COOKIE
from blog.app.translation import gettext as _

bp = Blueprint("oidc", __name__)
STATE_COOKIE = "blog_oidc"


# --- there and back ------------------------------------------------------------------------------


@bp.get("/sign-in/with/<int:provider_id>")
@public
def leave(provider_id: int) -> Response:
    """A link and not a form: the policy of the pages lets a form lead nowhere else."""
    way_back = local_path(request.args.get("next", "/"))
    way = oidc.begin(web.conn(), web.site().secrets, web.site().config, provider_id, way_back=way_back)
    return _keep_state(web.see_other(way.url), way.state)


@bp.get(oidc.CALLBACK)
@public
def arrive() -> Response:
    state = request.args.get("state", "")
    if not state or not hmac.compare_digest(state.encode(), request.cookies.get(STATE_COOKIE, "").encode()):
        raise Forbidden(_("This sign-in was not begun in this browser. Begin again."))
    if error := request.args.get("error"):
        raise Forbidden(
            _("The service refused: %(value)s. Begin again, or sign in in another way.", value=error[:100])
        )
    try:
        arrival = oidc.finish(
            web.conn(),
            web.site().secrets,
            web.site().config,
            state=state,
            code=request.args.get("code", ""),
            actor=g.get("actor"),
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except Unauthenticated as exc:
        raise Forbidden(exc.message) from exc
    if arrival.signed_in is None:
        response = web.see_other("/account?done=connected")
    else:
        response = keep_sign_in(arrival.signed_in, arrival.way_back)
    response.delete_cookie(STATE_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _keep_state(response: Response, state: str) -> Response:
    security.set_cookie(response, STATE_COOKIE, state, max_age=600)
    return response


# --- one's account -------------------------------------------------------------------------------


@bp.post("/account/identities/<int:provider_id>")
@signed_in
def connect(provider_id: int) -> Response:
    """A page with the link: without this form nobody else can begin it for them."""
    way = oidc.begin(
        web.conn(),
        web.site().secrets,
        web.site().config,
        provider_id,
        way_back="/account",
        actor=current_actor(),
    )
    return _keep_state(web.render("auth/connect.html", url=way.url), way.state)


@bp.post("/account/identities/<int:provider_id>/removal")
@signed_in
def disconnect(provider_id: int) -> Response:
    oidc.disconnect(web.conn(), current_actor(), provider_id)
    return web.see_other("/account?done=disconnected")


# --- the services --------------------------------------------------------------------------------


@bp.get("/access/services")
@requires(PEOPLE_MANAGE)
def show_providers() -> Response:
    return _page()


@bp.post("/access/services")
@requires(PEOPLE_MANAGE)
def create_provider() -> Response:
    try:
        form = web.parse_form(ServiceForm)
        oidc.create_provider(
            web.conn(),
            web.site().secrets,
            current_actor(),
            label=form.label,
            issuer=form.issuer,
            client_id=form.client_id,
            secret=form.secret,
        )
    except Invalid as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/access/services?done=added")


@bp.post("/access/services/<int:provider_id>")
@requires(PEOPLE_MANAGE)
def update_provider(provider_id: int) -> Response:
    try:
        form = web.parse_form(ServiceChange)
        oidc.update_provider(
            web.conn(),
            web.site().secrets,
            current_actor(),
            provider_id,
            label=form.label,
            client_id=form.client_id,
            secret=form.secret,
            allowed_domains=form.domains,
            role_claim=form.role_claim or None,
            role_by_value=form.mapping,
            is_enabled=form.is_enabled,
        )
    except (Invalid, Forbidden) as exc:
        return _page(errors=problems_of(exc), changing=provider_id, status=exc.status)
    return web.see_other("/access/services?done=changed")


def _page(*, errors: dict[str, str] | None = None, changing: int = 0, status: int = 200) -> Response:
    return web.render(
        "auth/services.html",
        status=status,
        providers=oidc.list_providers(web.conn(), current_actor()),
        roles=roles.list_roles(web.conn()),
        callback=f"{web.site().config.public_url}{oidc.CALLBACK}",
        errors=errors or {},
        changing=changing,
        form=request.form if errors else {},
        done=request.args.get("done", ""),
    )
