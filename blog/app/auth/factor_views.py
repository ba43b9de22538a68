"""The pages of the second factor: setting it up, its recovery codes, and the code at sign-in."""

from flask import Blueprint, Response, request
from markupsafe import Markup

from blog.app import web
from blog.app.auth import second_factor, services, totp
from blog.app.auth.permissions import current_actor, public, signed_in
from blog.app.auth.rules import local_path, problems_of
from blog.app.auth.schemas import CodeForm, PresentPassword, SignInCode
from blog.app.auth.views import STEP_COOKIE, keep_session
from blog.app.errors import Conflict, Invalid, TooMany, Unauthenticated
from blog.app.security import SESSION_COOKIE

bp = Blueprint("second_factor", __name__)


# --- one's account -------------------------------------------------------------------------------


@bp.get("/account/second-factor")
@signed_in
def show_second_factor() -> Response:
    return _page()


@bp.post("/account/second-factor")
@signed_in
def begin() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        second_factor.begin(
            web.conn(), web.site().secrets, current_actor(), present, address=web.client_address()
        )
    except (Invalid, Conflict, TooMany) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
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
        return _page(errors=problems_of(exc), status=exc.status)
    return _page(codes=codes)


@bp.post("/account/second-factor/recovery-codes")
@signed_in
def renew_codes() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        codes = second_factor.renew_codes(web.conn(), current_actor(), present, address=web.client_address())
    except (Invalid, Conflict, TooMany) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return _page(codes=codes)


@bp.post("/account/second-factor/removal")
@signed_in
def remove() -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        second_factor.remove(web.conn(), current_actor(), present, address=web.client_address())
    except (Invalid, Conflict, TooMany) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/account/second-factor?done=removed")


def _page(
    *, errors: dict[str, str] | None = None, codes: list[str] | None = None, status: int = 200
) -> Response:
    standing = second_factor.get_standing(web.conn(), web.site().secrets, current_actor())
    address = ""
    if standing.secret:
        address = totp.address(standing.secret, services.get_me(web.conn(), current_actor()).email)
    return web.render(
        "auth/second_factor.html",
        status=status,
        standing=standing,
        key=totp.in_groups(standing.secret) if standing.secret else "",
        address=address,
        picture=Markup(totp.picture(address)) if address else "",  # noqa: S704  of our own making
        codes=codes,
        errors=errors or {},
        done=request.args.get("done", ""),
    )


# --- at sign-in ----------------------------------------------------------------------------------


@bp.get("/sign-in/code")
@public
def show_code() -> Response:
    second_factor.check_step(web.conn(), request.cookies.get(STEP_COOKIE, ""))
    return _code_page(local_path(request.args.get("next", "/")), {})


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
        page = _code_page(way_back, problems_of(exc), exc.status)
        if "retry_after" in exc.details:
            page.headers["Retry-After"] = str(exc.details["retry_after"])
        return page
    except Unauthenticated:
        return web.see_other("/sign-in")
    response = keep_session(web.see_other(way_back), session)
    response.delete_cookie(STEP_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def _code_page(way_back: str, errors: dict[str, str], status: int = 200) -> Response:
    return web.render("auth/code.html", status=status, next=way_back, errors=errors)
