"""Where calls may go besides public addresses, over REST."""

from flask import Blueprint, Response

from blog.app import web
from blog.app.auth import places
from blog.app.auth.permissions import OUTGOING_MANAGE, current_actor, requires
from blog.app.auth.place_models import OutgoingPlace, OutgoingPlaceCreate

bp = Blueprint("place_api", __name__, url_prefix="/api/v1")


@bp.get("/outgoing-places")
@requires(OUTGOING_MANAGE)
def list_outgoing_places() -> Response:
    """List the hosts that may be called though they are no public addresses
    ---
    tags: [people]
    responses:
      200:
        description: All of them, by name
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/OutgoingPlace'}}}
    """
    return web.answer(places.list_places(web.conn(), current_actor()), list[OutgoingPlace])


@bp.post("/outgoing-places")
@requires(OUTGOING_MANAGE)
def allow_outgoing_place() -> Response:
    """Allow calls to one host of this machine or of a private network
    ---
    tags: [people]
    requestBody:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/OutgoingPlaceCreate'}}}
    responses:
      201:
        description: It is allowed from the next call
        content:
          application/json: {schema: {type: array, items: {$ref: '#/components/schemas/OutgoingPlace'}}}
      409: {$ref: '#/components/responses/Problem'}
    """
    body = web.parse_json(OutgoingPlaceCreate)
    conn, actor = web.conn(), current_actor()
    places.allow(conn, actor, host=body.host, port=body.port, note=body.note)
    return web.answer(places.list_places(conn, actor), list[OutgoingPlace], status=201)


@bp.delete("/outgoing-places/<int:place_id>")
@requires(OUTGOING_MANAGE)
def withdraw_outgoing_place(place_id: int) -> Response:
    """Take it back; calls there are refused from the next one
    ---
    tags: [people]
    responses:
      204: {description: It is not allowed any more}
    """
    places.withdraw(web.conn(), current_actor(), place_id)
    return Response(status=204)
