"""The pages of the second factor: setting it up, its recovery codes, and the code at sign-in."""

from flask import Blueprint, Response, request
from markupsafe import Markup

from blog.app import web
from blog.app.auth import passkeys, second_factor, services, totp, webauthn
from blog.app.auth.permissions import current_actor, public, signed_in
from blog.app.auth.rules import local_path, problems_of
from blog.app.auth.schemas import CodeForm, PresentPassword, SignInCode
from blog.app.auth.views import STEP_COOKIE, forget_step, keep_session, with_retry_after
from blog.app.errors import AppError, Conflict, Invalid, TooMany, Unauthenticated
from blog.app.security import SESSION_COOKIE

bp = Blueprint("second_factor", __name__)


# --- one's account -------------------------------------------------------------------------------


@bp.get("/account/second-factor")
@signed_in
def show_second_factor() -> Response:
    return page()


@bp.post("/account/second-factor")
@signed_in
def begin() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        second_factor.begin(
            web.conn(), web.site().secrets, current_actor(), present, address=web.client_address()
        )
    except (Invalid, Conflict, TooMany) as exc:
        return page(form="app", errors=problems_of(exc), status=exc.status)
    return web.see_other("/account/second-factor")


@bp.post("/account/second-factor/confirmation")
@signed_in
def confirm() -> Response:
    """Answers with the page itself: recovery codes are on no later page."""
    try:
        code = web.parse_form(CodeForm).code
        codes = second_factor.confirm(
            web.conn(),
            web.site().secrets,
            current_actor(),
            code,
            session=request.cookies[SESSION_COOKIE],
        )
    except (Invalid, Conflict, TooMany) as exc:
        return page(form="code", errors=problems_of(exc), status=exc.status)
    return page(codes=codes) if codes else web.see_other("/account/second-factor?done=app")


@bp.post("/account/second-factor/recovery-codes")
@signed_in
def renew_codes() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        codes = second_factor.renew_codes(web.conn(), current_actor(), present, address=web.client_address())
    except (Invalid, Conflict, TooMany) as exc:
        return page(form="codes", errors=problems_of(exc), status=exc.status)
    return page(codes=codes)


@bp.post("/account/second-factor/removal")
@signed_in
def remove() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        second_factor.remove(web.conn(), current_actor(), present, address=web.client_address())
    except (Invalid, Conflict, TooMany) as exc:
        return page(form="remove-app", errors=problems_of(exc), status=exc.status)
    return web.see_other("/account/second-factor?done=removed")


def page(
    *,
    form: str = "",
    errors: dict[str, str] | None = None,
    codes: list[str] | None = None,
    status: int = 200,
) -> Response:
    """`form`: which of the page's forms was refused."""
    actor = current_actor()
    standing = second_factor.get_standing(web.conn(), web.site().secrets, actor)
    address = ""
    if standing.secret:
        address = totp.address(standing.secret, services.get_me(web.conn(), actor).email)
    return web.render(
        "auth/second_factor.html",
        status=status,
        standing=standing,
        passkeys=passkeys.list_passkeys(web.conn(), services.own_id(actor)),
        key=totp.in_groups(standing.secret) if standing.secret else "",
        address=address,
        picture=Markup(totp.picture(address)) if address else "",  # noqa: S704  of our own making
        codes=codes,
        form=form,
        errors=errors or {},
        typed=request.form,
        done=request.args.get("done", ""),
        **_passkeys_at(),
    )


def _passkeys_at() -> dict[str, object]:
    """Where passkeys work; or why they cannot."""
    try:
        return {"at": webauthn.party(web.site().config), "trouble": ""}
    except Conflict as exc:
        return {"at": None, "trouble": exc.message}


# --- at sign-in ----------------------------------------------------------------------------------


@bp.get("/sign-in/code")
@public
def show_code() -> Response:
    return code_page(local_path(request.args.get("next", "/")))


@bp.post("/sign-in/code")
@public
def pass_code() -> Response:
    form = web.parse_form(SignInCode)
    way_back = local_path(form.next)
    try:
        session = second_factor.pass_code(
            web.conn(),
            web.site().secrets,
            request.cookies.get(STEP_COOKIE, ""),
            form.code,
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except (Invalid, TooMany) as exc:
        return code_page(way_back, exc)
    except Unauthenticated:
        return web.see_other("/sign-in")
    return forget_step(keep_session(web.see_other(way_back), session))


def code_page(way_back: str, error: AppError | None = None) -> Response:
    """For whoever has just given the right password; what they have set up says what is asked for."""
    ways = second_factor.get_ways(web.conn(), request.cookies.get(STEP_COOKIE, ""))
    rendered = web.render(
        "auth/code.html",
        status=error.status if error else 200,
        next=way_back,
        ways=ways,
        passkeys_at=passkeys.find_party(web.site().config) if ways.has_passkey else None,
        errors=problems_of(error) if error else {},
    )
    return with_retry_after(rendered, error)
