"""Looking as a role or a person begins and ends here."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import looking
from blog.app.auth.matrix_schemas import ViewAs
from blog.app.auth.permissions import ROLES_MANAGE, current_actor, requires, signed_in
from blog.app.security import SESSION_COOKIE

bp = Blueprint("looking", __name__, url_prefix="/view-as")


@bp.post("")
@requires(ROLES_MANAGE)
def begin_view() -> Response:
    form = web.parse_form(ViewAs)
    looking.begin(
        web.conn(),
        current_actor(),
        request.cookies[SESSION_COOKIE],
        role_id=form.role_id,
        person_id=form.person_id,
    )
    return web.see_other("/")


@bp.post("/end")
@signed_in
def end_view() -> Response:
    looking.end(web.conn(), current_actor(), request.cookies[SESSION_COOKIE])
    return web.see_other("/roles")
