"""The pages that one-time links lead to, and those that ask for one. Open to all, so they tell nothing."""

from flask import Blueprint, Response, g, request

from blog.app import web
from blog.app.auth import links, services
from blog.app.auth.link_schemas import EmailAsked, Joining, NewPassword
from blog.app.auth.permissions import public
from blog.app.auth.rules import password_rules, problems_of
from blog.app.auth.views import keep_session
from blog.app.errors import Conflict, Invalid, TooMany
from blog.app.security import SESSION_COOKIE

bp = Blueprint("links", __name__)


# --- joining -------------------------------------------------------------------------------------


@bp.get("/sign-up")
@public
def show_sign_up() -> Response:
    return _sign_up_page()


@bp.post("/sign-up")
@public
def ask_to_join() -> Response:
    try:
        form = web.parse_form(EmailAsked)
        links.ask_to_join(web.conn(), form.email, address=web.client_address())
    except (Invalid, TooMany) as exc:
        return _sign_up_page(problems_of(exc), exc.status)
    return web.see_other("/sign-up?done=asked")


def _sign_up_page(errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return web.render(
        "auth/sign_up.html",
        status=status,
        is_open=links.get_policy(web.conn()).is_sign_up_open,
        errors=errors or {},
        form=request.form,
        done=request.args.get("done", ""),
    )


@bp.get("/invitations/<token>")
@public
def show_invitation(token: str) -> Response:
    return _joining_page(token, {})


@bp.post("/invitations/<token>")
@public
def join(token: str) -> Response:
    try:
        form = web.parse_form(Joining)
        user_id = links.accept(web.conn(), token, name=form.name, password=form.password)
    except (Invalid, Conflict) as exc:
        return _joining_page(token, problems_of(exc), exc.status)
    session = services.open_session(web.conn(), user_id, old_token=request.cookies.get(SESSION_COOKIE))
    return keep_session(web.see_other("/"), session)


def _joining_page(token: str, errors: dict[str, str], status: int = 200) -> Response:
    return web.render(
        "auth/joining.html",
        status=status,
        token=token,
        link=links.get_open(web.conn(), token, "invitation", "sign_up"),
        errors=errors,
        form=request.form,
        rules=password_rules(),
    )


# --- a lost password -----------------------------------------------------------------------------


@bp.get("/sign-in/forgotten")
@public
def show_forgotten() -> Response:
    return _forgotten_page()


@bp.post("/sign-in/forgotten")
@public
def ask_for_reset() -> Response:
    try:
        form = web.parse_form(EmailAsked)
        links.ask_for_reset(web.conn(), form.email, address=web.client_address())
    except (Invalid, TooMany) as exc:
        return _forgotten_page(problems_of(exc), exc.status)
    return web.see_other("/sign-in/forgotten?done=asked")


def _forgotten_page(errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return web.render(
        "auth/forgotten.html",
        status=status,
        errors=errors or {},
        form=request.form,
        done=request.args.get("done", ""),
        is_mail_set=web.site().config.smtp is not None,
    )


@bp.get("/password-resets/<token>")
@public
def show_reset(token: str) -> Response:
    return _reset_page(token, {})


@bp.post("/password-resets/<token>")
@public
def reset_password(token: str) -> Response:
    try:
        links.reset_password(web.conn(), token, web.parse_form(NewPassword).password)
    except Invalid as exc:
        return _reset_page(token, problems_of(exc), exc.status)
    return web.see_other("/sign-in?done=reset")


def _reset_page(token: str, errors: dict[str, str], status: int = 200) -> Response:
    return web.render(
        "auth/reset.html",
        status=status,
        token=token,
        link=links.get_open(web.conn(), token, "password_reset"),
        errors=errors,
        rules=password_rules(),
    )


# --- another address -----------------------------------------------------------------------------


@bp.get("/email-changes/<token>")
@public
def show_email_change(token: str) -> Response:
    """A page with a button: programs that look into e-mails follow links, but press nothing."""
    link = links.get_open(web.conn(), token, "email_change")
    return web.render("auth/email_change.html", token=token, link=link)


@bp.post("/email-changes/<token>")
@public
def confirm_email(token: str) -> Response:
    links.confirm_email(web.conn(), token)
    return web.see_other("/account?done=email" if g.get("actor") else "/sign-in?done=email")
