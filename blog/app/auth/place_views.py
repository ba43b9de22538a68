"""The page of where calls may go besides public addresses."""

from flask import Blueprint, Response, request

from blog.app import web
from blog.app.auth import places
from blog.app.auth.permissions import OUTGOING_MANAGE, current_actor, requires
from blog.app.auth.place_models import OutgoingPlaceCreate
from blog.app.auth.rules import problems_of
from blog.app.errors import Conflict, Invalid

bp = Blueprint("places", __name__)


@bp.get("/access/outgoing")
@requires(OUTGOING_MANAGE)
def show_places() -> Response:
    return _page()


@bp.post("/access/outgoing")
@requires(OUTGOING_MANAGE)
def allow_place() -> Response:
    try:
        form = web.parse_form(OutgoingPlaceCreate)
        places.allow(web.conn(), current_actor(), host=form.host, port=form.port, note=form.note)
    except (Invalid, Conflict) as exc:
        return _page(errors=problems_of(exc), status=exc.status)
    return web.see_other("/access/outgoing?done=allowed")


@bp.post("/access/outgoing/<int:place_id>/withdrawal")
@requires(OUTGOING_MANAGE)
def withdraw_place(place_id: int) -> Response:
    places.withdraw(web.conn(), current_actor(), place_id)
    return web.see_other("/access/outgoing?done=withdrawn")


def _page(*, errors: dict[str, str] | None = None, status: int = 200) -> Response:
    return web.render(
        "auth/outgoing.html",
        status=status,
        places=places.list_places(web.conn(), current_actor()),
        errors=errors or {},
        form=request.form if errors else request.args,
        done=request.args.get("done", ""),
    )
