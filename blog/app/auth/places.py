"""The places that calls may go to besides public addresses: allowed, taken back. Calls nobody itself."""

from blog.app import audit, db
from blog.app.auth import place_store
from blog.app.auth.models import Actor
from blog.app.auth.permissions import OUTGOING_MANAGE, SYSTEM, check
from blog.app.auth.place_models import OutgoingPlace
from blog.app.errors import Conflict, NotFound
from blog.app.reach import Allowed, Place
from blog.app.translation import gettext as _


def allowed(conn: db.Connection) -> Allowed:
    return frozenset(Place(each.host, each.port) for each in place_store.list_places(conn))


def list_places(conn: db.Connection, actor: Actor) -> list[OutgoingPlace]:
    check(actor, OUTGOING_MANAGE)
    return place_store.list_places(conn)


def allow(conn: db.Connection, actor: Actor, *, host: str, port: int | None, note: str) -> int:
    check(actor, OUTGOING_MANAGE)
    with conn.transaction():
        place_id = place_store.insert_place(conn, host=host, port=port, note=note, user_id=actor.user_id)
        if place_id is None:
            raise Conflict(_("Calls to %(host)s are allowed already.", host=host))
        audit.record(conn, actor, "outgoing.allowed", "outgoing_place", place_id, host=host, port=port)
    return place_id


def allow_found(conn: db.Connection, place: Place, note: str) -> None:
    """What a start looked for by itself or the environment names: the operator's own choice."""
    place_id = place_store.insert_place(
        conn, host=place.host, port=place.port, note=note, user_id=SYSTEM.user_id
    )
    if place_id is not None:
        audit.record(
            conn, SYSTEM, "outgoing.allowed", "outgoing_place", place_id, host=place.host, port=place.port
        )


def withdraw(conn: db.Connection, actor: Actor, place_id: int) -> None:
    check(actor, OUTGOING_MANAGE)
    with conn.transaction():
        gone = place_store.delete_place(conn, place_id)
        if gone is None:
            raise NotFound(_("There is no such place."))
        audit.record(
            conn, actor, "outgoing.withdrawn", "outgoing_place", place_id, host=gone.host, port=gone.port
        )
