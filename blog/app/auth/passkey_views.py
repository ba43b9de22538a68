"""The pages of passkeys: one's own, and signing in. What a device is asked goes to the page's script."""

from typing import Any

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import factor_views, passkeys, webauthn
from blog.app.auth.passkey_schemas import PasskeyAdd, PasskeyAsk, PasskeySignIn
from blog.app.auth.permissions import current_actor, public, signed_in
from blog.app.auth.rules import local_path, problems_of
from blog.app.auth.schemas import PresentPassword, Rename
from blog.app.auth.views import STEP_COOKIE, forget_step, keep_session, sign_in_page
from blog.app.errors import AppError, Conflict, Invalid, TooMany, Unauthenticated
from blog.app.security import SESSION_COOKIE, browser

bp = Blueprint("passkeys", __name__)


def _party() -> webauthn.Party:
    return webauthn.party(web.site().config)


def _asked(options: webauthn.Options) -> Response:
    return web.answer(options, dict[str, Any])


# --- one's account -------------------------------------------------------------------------------


@bp.post("/account/passkeys/challenge")
@signed_in
def begin_adding() -> Response:
    form = web.parse_form(PasskeyAsk)
    return _asked(
        passkeys.begin_adding(
            web.conn(),
            _party(),
            current_actor(),
            form.present,
            browser=browser(),
            address=web.client_address(),
        )
    )


@bp.post("/account/passkeys")
@signed_in
def add() -> Response:
    """Answers with the page itself: recovery codes are on no later page."""
    try:
        form = web.parse_form(PasskeyAdd)
        codes = passkeys.add(
            web.conn(),
            _party(),
            current_actor(),
            form.name,
            form.answer,
            browser=browser(),
            session=request.cookies[SESSION_COOKIE],
        )
    except (Invalid, Conflict) as exc:
        return _refused("add-passkey", exc)
    return factor_views.page(codes=codes) if codes else web.see_other("/account/second-factor?done=added")


@bp.post("/account/passkeys/<int:passkey_id>/name")
@signed_in
def rename(passkey_id: int) -> Response:
    try:
        passkeys.rename(web.conn(), current_actor(), passkey_id, web.parse_form(Rename).name)
    except Invalid as exc:
        return _refused(f"rename-{passkey_id}", exc)
    return web.see_other("/account/second-factor?done=renamed")


@bp.post("/account/passkeys/<int:passkey_id>/removal")
@signed_in
def remove(passkey_id: int) -> Response:
    try:
        present = web.parse_form(PresentPassword).present
        passkeys.remove(web.conn(), current_actor(), passkey_id, present, address=web.client_address())
    except (Invalid, Conflict, TooMany) as exc:
        return _refused(f"remove-{passkey_id}", exc)
    return web.see_other("/account/second-factor?done=passkey-removed")


def _refused(form: str, error: AppError) -> Response:
    return factor_views.page(form=form, errors=problems_of(error), status=error.status)


# --- at sign-in ----------------------------------------------------------------------------------


@bp.post("/sign-in/code/challenge")
@public
def begin_second() -> Response:
    step = request.cookies.get(STEP_COOKIE, "")
    return _asked(passkeys.begin_second(web.conn(), _party(), step, browser=browser()))


@bp.post("/sign-in/code/passkey")
@public
def pass_second() -> Response:
    form = web.parse_form(PasskeySignIn)
    way_back = local_path(form.next)
    try:
        session = passkeys.pass_second(
            web.conn(),
            _party(),
            request.cookies.get(STEP_COOKIE, ""),
            form.answer,
            browser=browser(),
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except (Invalid, TooMany) as exc:
        return factor_views.code_page(way_back, exc)
    except Unauthenticated:
        return web.see_other("/sign-in")
    return forget_step(keep_session(web.see_other(way_back), session))


@bp.post("/sign-in/passkey/challenge")
@public
def begin_sign_in() -> Response:
    return _asked(passkeys.begin_sign_in(web.conn(), _party(), browser=browser()))


@bp.post("/sign-in/passkey")
@public
def sign_in() -> Response:
    form = web.parse_form(PasskeySignIn)
    way_back = local_path(form.next)
    try:
        session = passkeys.sign_in(
            web.conn(),
            _party(),
            form.answer,
            browser=browser(),
            address=web.client_address(),
            old_token=request.cookies.get(SESSION_COOKIE),
        )
    except (Unauthenticated, TooMany) as exc:
        return sign_in_page(way_back, error=exc)
    return forget_step(keep_session(web.see_other(way_back), session))
