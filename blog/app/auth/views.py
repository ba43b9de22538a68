"""The pages of signing in, the first administrator and one's account. Knows nobody by role."""

import math
from typing import cast
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Flask, Response, current_app, g, request

from blog.app import security, web
from blog.app.auth import first_administrator, links, oidc, passkeys, services
from blog.app.auth.allowance import Allowance
from blog.app.auth.link_schemas import EmailChange
from blog.app.auth.models import Actor
from blog.app.auth.permissions import current_actor, public, signed_in
from blog.app.auth.rules import local_path, password_rules, problems_of
from blog.app.auth.schemas import (
    PasswordChange,
    Rename,
    SetUp,
    SignIn,
    ThemeChoice,
)
from blog.app.errors import AppError, Forbidden, Invalid, TooMany, Unauthenticated
from blog.app.security import SESSION_COOKIE
from blog.app.translation import gettext as _

bp = Blueprint("auth", __name__)

STEP_COOKIE = "blog_sign_in"
COOKIE_SECONDS = 400 * 24 * 3600  # as long as browsers keep one; when a session ends is for the server to say
ANYBODYS_BYTES = 64 * 1024
ACCOUNT_BYTES = 256 * 1024  # no page of accounts takes long texts
WITHOUT_ACTOR = frozenset({"static", "health.healthz"})  # answered even while the database is away


# --- every request -------------------------------------------------------------------------------


def register(app: Flask) -> None:
    """Who is asking, on every request; what templates know of them; the way to the sign-in page."""
    app.extensions["allowance"] = Allowance()
    app.before_request(load_actor)
    app.after_request(renew_cookie)
    app.context_processor(person)
    app.register_error_handler(Unauthenticated, ask_to_sign_in)
    app.add_template_filter(initials)


def load_actor() -> Response | None:
    """Programs are known by their bearer token, browsers by their cookie, and neither by the other."""
    request.max_content_length = ANYBODYS_BYTES
    if request.endpoint in WITHOUT_ACTOR:
        return None
    recognised = _recognise()
    if recognised:
        request.max_content_length = ACCOUNT_BYTES if _is_of_accounts() else None
    g.actor = recognised.actor if recognised else None
    g.is_renewed = recognised is not None and recognised.is_renewed
    if recognised:
        _count(recognised)
        if recognised.owes_factor and not _is_on_the_way(request.endpoint or ""):
            return web.see_other("/account/second-factor")
        _refuse_while_looking(recognised.actor)
    return None


def _refuse_while_looking(actor: Actor) -> None:
    """Whoever looks as somebody else changes nothing, and does not see what is theirs alone."""
    is_own = request.path == "/account" or request.path.startswith("/account/")
    if actor.looks_as is None or request.endpoint in {"looking.end_view", "static"}:
        return
    if is_own or request.method not in {"GET", "HEAD", "OPTIONS"}:
        raise Forbidden(
            _(
                "You are looking as %(somebody)s, so nothing is changed, and accounts are private. "
                "Stop looking first.",
                somebody=actor.looks_as,
            )
        )


def _recognise() -> services.Recognised | None:
    if request.path.startswith("/api/"):
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return services.recognise_bearer(web.conn(), token.strip())
    elif token := request.cookies.get(SESSION_COOKIE):
        return services.recognise_session(web.conn(), token, is_used=not _is_unattended())
    return None


def _view() -> object:
    return current_app.view_functions.get(request.endpoint or "")


def _is_unattended() -> bool:
    return getattr(_view(), "is_unattended", False)


def _is_of_accounts() -> bool:
    return getattr(_view(), "__module__", "").startswith("blog.app.auth.")


def _is_on_the_way(endpoint: str) -> bool:
    """What somebody may do who owes a second factor: set it up, or leave."""
    return endpoint.startswith(("second_factor.", "passkeys.", "links.")) or endpoint in {
        "auth.sign_out",
        "auth.choose_theme",
        "auth.show_sign_in",
    }


def _count(recognised: services.Recognised) -> None:
    """Refuses what is more than a token or a person may ask for, before anything else is done for it."""
    allowance = cast(Allowance, current_app.extensions["allowance"])
    actor = recognised.actor
    wait = allowance.take(("person", actor.user_id or 0), recognised.person_limit)
    if not wait and actor.api_token_id is not None:
        wait = allowance.take(("token", actor.api_token_id), recognised.token_limit)
    if wait:
        seconds = math.ceil(wait)
        raise TooMany(
            _("That is more than may be asked for in a minute. Try again in %(seconds)s s.", seconds=seconds),
            retry_after=seconds,
        )


def renew_cookie(response: Response) -> Response:
    """The cookie of a session that was just prolonged lives as long as the session."""
    is_set = any(line.startswith(SESSION_COOKIE) for line in response.headers.getlist("Set-Cookie"))
    if g.get("is_renewed") and not is_set:
        keep_session(response, request.cookies[SESSION_COOKIE])
    return response


def person() -> dict[str, object]:
    actor = cast(Actor | None, g.get("actor"))
    return {"actor": actor, "theme": actor.theme if actor else None}


def initials(name: str) -> str:
    """One or two letters for a small round place."""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def ask_to_sign_in(error: Unauthenticated) -> Response:
    """A page leads to the sign-in form and back; programs and htmx get the error itself."""
    if web.wants_problem() or web.wants_fragment():
        return web.error_response(error)
    return web.see_other(f"/sign-in?{urlencode({'next': _way_back()})}")


def _way_back() -> str:
    """The page asked for, or the one that held the form."""
    if request.method == "GET":
        return request.full_path.rstrip("?")
    origin = urlsplit(request.referrer or "")
    return origin.path if origin.netloc == request.host and origin.path else "/"


def keep_session(response: Response, token: str) -> Response:
    """Hands the browser the cookie of its session."""
    security.set_cookie(response, SESSION_COOKIE, token, max_age=COOKIE_SECONDS)
    return response


# --- start, signing in and out -------------------------------------------------------------------


@bp.get("/")
@signed_in
def show_start() -> Response:
    return web.see_other("/posts" if current_actor().may("post.read") else "/account")


@bp.get("/sign-in")
@public
def show_sign_in() -> Response:
    way_back = local_path(request.args.get("next", "/"))
    if g.get("actor"):
        return web.see_other(way_back)
    return sign_in_page(way_back)


@bp.post("/sign-in")
@public
def sign_in() -> Response:
    form = web.parse_form(SignIn)
    way_back = local_path(form.next)
    try:
        done = services.sign_in(
            web.conn(),
            form.email,
            form.password,
            address=web.client_address(),
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except (Unauthenticated, TooMany) as exc:
        return sign_in_page(way_back, email=form.email, error=exc)
    return keep_sign_in(done, way_back)


def keep_sign_in(done: services.SignedIn, way_back: str) -> Response:
    """On to where the person wanted to go, or first to the page that asks for the second factor."""
    if done.session:
        return keep_session(web.see_other(way_back), done.session)
    response = web.see_other(f"/sign-in/code?{urlencode({'next': way_back})}")
    security.set_cookie(response, STEP_COOKIE, done.step, max_age=600)
    return response


def forget_step(response: Response) -> Response:
    response.delete_cookie(STEP_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def sign_in_page(way_back: str, *, email: str = "", error: AppError | None = None) -> Response:
    page = web.render(
        "auth/sign_in.html",
        status=error.status if error else 200,
        next=way_back,
        email=email,
        error=error.message if error else None,
        done=request.args.get("done", ""),
        is_sign_up_open=links.get_policy(web.conn()).is_sign_up_open,
        buttons=oidc.list_buttons(web.conn()),
        passkeys_at=passkeys.find_party(web.site().config),
    )
    return with_retry_after(page, error)


def with_retry_after(page: Response, error: AppError | None) -> Response:
    if error and "retry_after" in error.details:
        page.headers["Retry-After"] = str(error.details["retry_after"])
    return page


@bp.post("/sign-out")
@signed_in
def sign_out() -> Response:
    services.sign_out(web.conn(), current_actor(), request.cookies[SESSION_COOKIE])
    response = web.see_other("/sign-in")
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


# --- the first administrator ---------------------------------------------------------------------


@bp.get("/setup/<token>")
@public
def show_set_up(token: str) -> Response:
    first_administrator.check_setup_link(web.conn(), token)
    return _set_up_page(token, {})


@bp.post("/setup/<token>")
@public
def set_up(token: str) -> Response:
    try:
        form = web.parse_form(SetUp)
        session = first_administrator.set_up(
            web.conn(), token, name=form.name, email=form.email, password=form.password
        )
    except Invalid as exc:
        return _set_up_page(token, problems_of(exc), exc.status)
    return keep_session(web.see_other("/"), session)


def _set_up_page(token: str, errors: dict[str, str], status: int = 200) -> Response:
    return web.render(
        "auth/setup.html",
        status=status,
        token=token,
        errors=errors,
        form=request.form,
        rules=password_rules(),
    )


# --- one's account -------------------------------------------------------------------------------


@bp.get("/account")
@signed_in
def show_account() -> Response:
    return _account_page()


@bp.post("/account")
@signed_in
def rename_oneself() -> Response:
    try:
        services.rename_oneself(web.conn(), current_actor(), web.parse_form(Rename).name)
    except Invalid as exc:
        return _account_page(name_errors=problems_of(exc), status=exc.status)
    return web.see_other("/account?done=name")


@bp.post("/account/email")
@signed_in
def change_email() -> Response:
    try:
        form = web.parse_form(EmailChange)
        links.ask_to_change_email(
            web.conn(), current_actor(), form.present, form.email, address=web.client_address()
        )
    except (Invalid, TooMany) as exc:
        return _account_page(email_errors=problems_of(exc), status=exc.status)
    return web.see_other("/account?done=email-asked")


@bp.post("/account/password")
@signed_in
def change_password() -> Response:
    try:
        form = web.parse_form(PasswordChange)
        token = services.change_password(
            web.conn(), current_actor(), form.present, form.password, address=web.client_address()
        )
    except (Invalid, TooMany) as exc:
        return _account_page(password_errors=problems_of(exc), status=exc.status)
    return keep_session(web.see_other("/account?done=password"), token)


@bp.post("/account/theme")
@signed_in
def choose_theme() -> Response:
    form = web.parse_form(ThemeChoice)
    services.choose_theme(web.conn(), current_actor(), form.theme or None)
    return web.see_other(local_path(form.next))


def _account_page(*, status: int = 200, **parts: object) -> Response:
    context: dict[str, object] = {
        "name_errors": {},
        "email_errors": {},
        "password_errors": {},
    }
    return web.render(
        "auth/account.html",
        status=status,
        me=services.get_me(web.conn(), current_actor()),
        buttons=oidc.list_buttons(web.conn(), current_actor().user_id),
        rules=password_rules(),
        is_mail_set=web.site().config.smtp is not None,
        form=request.form,
        done=request.args.get("done", ""),
        **(context | parts),
    )
