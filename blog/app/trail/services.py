"""The use cases of the audit trail: find, export, check, decide how long it is kept."""

from collections.abc import Iterator
from ipaddress import ip_network

from blog.app import audit, db
from blog.app.auth import whom
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.errors import Forbidden, Invalid
from blog.app.trail import store
from blog.app.trail.models import AuditEvent, AuditPage, AuditRetention
from blog.app.trail.permissions import AUDIT_READ, AUDIT_RETAIN
from blog.app.trail.schemas import AuditFilter, AuditQuery, AuditRetentionChange
from blog.app.trail.store import Wanted
from blog.app.translation import gettext as _

EXPORTED_AT_ONCE = 1000


def list_events(conn: db.Connection, actor: Actor, query: AuditQuery) -> AuditPage:
    """Newest first, one page."""
    check(actor, AUDIT_READ)
    found = store.list_events(conn, _wanted(actor, query), before_id=query.after, limit=query.limit + 1)
    shown = found[: query.limit]
    return AuditPage(items=shown, next=str(shown[-1].id) if len(found) > query.limit else None)


def list_names(conn: db.Connection, actor: Actor) -> list[str]:
    check(actor, AUDIT_READ)
    return store.list_names(conn)


def export(pool: db.Pool, actor: Actor, asked: AuditFilter) -> Iterator[AuditEvent]:
    """Every event that is wanted, newest first; what cannot be wanted is refused before the first of them."""
    check(actor, AUDIT_READ)
    return _all(pool, _wanted(actor, asked))


def _all(pool: db.Pool, wanted: Wanted) -> Iterator[AuditEvent]:
    """Holds a connection only while it reads the next few."""
    before_id = None
    while True:
        with pool.connection() as conn:
            found = store.list_events(conn, wanted, before_id=before_id, limit=EXPORTED_AT_ONCE)
        yield from found
        if len(found) < EXPORTED_AT_ONCE:
            return
        before_id = found[-1].id


def _wanted(actor: Actor, asked: AuditFilter) -> Wanted:
    return Wanted(
        name=asked.name,
        subject_kind=asked.subject_kind,
        subject_id=asked.subject_id,
        request_id=asked.request_id,
        user_id=None if asked.person == "nobody" else whom.meant(actor, asked.person),
        is_system=asked.person == "nobody",
        network=_network(asked.address),
        since=asked.since,
        until=asked.until,
    )


def _network(address: str) -> str | None:
    if not address.strip():
        return None
    try:
        return str(ip_network(address.strip(), strict=False))
    except ValueError as exc:
        raise Invalid(
            _("This is no address and no network: %(address)s.", address=address), field="address"
        ) from exc


# --- how long ------------------------------------------------------------------------------------


def get_retention(conn: db.Connection, actor: Actor) -> AuditRetention:
    check(actor, AUDIT_READ)
    found = store.find_retention(conn)
    return found or AuditRetention(days=None, user_name=None, updated_at=None)


def change_retention(conn: db.Connection, actor: Actor, change: AuditRetentionChange) -> AuditRetention:
    """What it lets go cannot be brought back."""
    check(actor, AUDIT_RETAIN)
    if actor.user_id is None:
        raise Forbidden(_("How long the trail is kept is decided by a person."))
    with conn.transaction():
        before = get_retention(conn, actor).days
        if before != change.days:
            _save(conn, change.days, actor.user_id)
            audit.record(
                conn, actor, "audit.retention_changed", "audit_seal", None, before=before, after=change.days
            )
    return get_retention(conn, actor)


def _save(conn: db.Connection, days: int | None, user_id: int) -> None:
    if days is None:
        store.delete_retention(conn)
    else:
        store.upsert_retention(conn, days, user_id)
