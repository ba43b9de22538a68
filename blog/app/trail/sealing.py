"""Seals the audit trail into a chain, checks it, and removes what is over."""

from collections.abc import Iterator, Sequence

from blog.app import audit, db
from blog.app.auth.permissions import SYSTEM
from blog.app.errors import Invalid
from blog.app.trail import chain, store
from blog.app.trail.models import Content, Problem, Seal, Verification
from blog.app.translation import gettext as _

AT_ONCE = 2000
LISTED = 100


def seal(pool: db.Pool) -> int:
    """Seals every event that waits, and says how many. Another worker that is at it is left alone."""
    done = 0
    while True:
        with pool.connection() as conn, conn.transaction():
            count = _seal_some(conn)
        done += count
        if count < AT_ONCE:
            return done


def _seal_some(conn: db.Connection) -> int:
    if not store.try_lock(conn):
        return 0
    events = store.list_unsealed(conn, AT_ONCE)
    if events:
        store.insert_seals(conn, list(chain.sealed(store.last_seal(conn), events)))
        store.delete_unsealed(conn, [event.id for event in events])
    return len(events)


def verify(conn: db.Connection) -> Verification:
    """Reads the whole chain, some at a time, and holds every event to its seal."""
    first, last = store.first_seal(conn), store.last_seal(conn)
    anchor = _anchor(conn, first)
    problems = [*_beginning(first, anchor), *_links(conn, anchor), *_never_sealed(conn)]
    return Verification(
        first=first.number if first else 0,
        head_number=last.number if last else 0,
        head=last.hash.hex() if last else "",
        events=last.number - first.number + 1 if first and last else 0,
        waiting=store.get_waiting(conn).events,
        problems=problems[:LISTED],
    )


def is_as_printed(conn: db.Connection, line: str) -> bool:
    """Whether a seal is what `audit verify` once printed of it. Invalid: it is no such line."""
    number, _colon, hashed = line.strip().partition(":")
    if not number.isdecimal() or len(hashed) != 64:
        raise Invalid(_("Give the line that `blogforge audit verify` printed, NUMBER:HASH."))
    found = store.list_seals(conn, after=int(number) - 1, limit=1)
    return [(each.number, each.hash.hex()) for each in found] == [(int(number), hashed.lower())]


def _anchor(conn: db.Connection, first: Seal | None) -> Seal | None:
    """The seal that stayed when everything up to it was removed as decided; None: nothing was."""
    if first is not None and store.find_removal(conn, first.number) == first.hash.hex():
        return first
    return None


def _beginning(first: Seal | None, anchor: Seal | None) -> Iterator[Problem]:
    """A chain begins at 1, or where an event says that what was before it was removed."""
    if first is not None and first.number > 1 and anchor is None:
        yield Problem(
            number=first.number,
            event_id=first.event_id,
            message="Older events are gone, and no event says that they were removed as decided.",
        )


def _links(conn: db.Connection, before: Seal | None) -> Iterator[Problem]:
    while found := store.list_seals(conn, after=before.number if before else 0, limit=AT_ONCE):
        events = {event.id: event for event in _contents(conn, found)}
        yield from chain.problems(before, [(each, events.get(each.event_id)) for each in found])
        before = found[-1]


def _contents(conn: db.Connection, seals: Sequence[Seal]) -> Sequence[Content]:
    return store.list_contents(conn, [each.event_id for each in seals])


def _never_sealed(conn: db.Connection) -> Iterator[Problem]:
    for event_id in store.list_never_sealed(conn, LISTED):
        yield Problem(number=None, event_id=event_id, message="It was never sealed and waits for no seal.")


# --- how long ------------------------------------------------------------------------------------


def remove_old(pool: db.Pool) -> int:
    """Removes what an administrator let go, a few thousand at a time, each with an event that says so."""
    done = 0
    while True:
        with pool.connection() as conn, conn.transaction():
            count = _remove_some(conn)
        done += count
        if not count:
            return done


def _remove_some(conn: db.Connection) -> int:
    retention = store.find_retention(conn)
    if retention is None or retention.days is None or not store.try_lock(conn):
        return 0
    through = store.last_over(conn, retention.days, AT_ONCE)
    if through is None:
        return 0
    count = store.delete_events(conn, through.number)
    store.delete_seals(conn, through.number)
    audit.record(
        conn, SYSTEM, "audit.removed", "audit_seal", through.number, hash=through.hash.hex(), events=count
    )
    return count
