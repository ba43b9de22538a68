"""What editors made of suggestions: counted when they decide, measured when they have worked on.

Measuring follows the revisions as they come, a few minutes behind, so that no save waits for it.
"""

from blog.app import db
from blog.app.automation import statistics_store as store
from blog.app.automation.keeping import kept_share

SETTLED_MINUTES = 10
AT_ONCE = 500


def measure(pool: db.Pool) -> int:
    """Says of accepted suggestions how much of them is still there; answers how many were measured."""
    measured = 0
    while True:
        with pool.connection() as conn, conn.transaction():
            if not store.lock_progress(conn):
                return measured
            settled = store.list_settled(
                conn, store.find_progress(conn), minutes=SETTLED_MINUTES, limit=AT_ONCE
            )
            if not settled:
                return measured
            measured += _measure(conn, settled)
            store.update_progress(conn, settled[-1])


def _measure(conn: db.Connection, revision_ids: list[int]) -> int:
    worked = store.list_worked(conn, revision_ids)
    for each in worked:
        store.add_suggestion(conn, each.suggestion_id, -1)
        store.update_measure(
            conn,
            each.suggestion_id,
            kept=kept_share(each.accepted, each.later),
            revision_id=each.later_id,
        )
        store.add_suggestion(conn, each.suggestion_id, 1)
    return len(worked)


def recount(conn: db.Connection) -> int:
    """Counts what became of all suggestions anew, a day at a time, then by month; answers how many days."""
    days = store.list_days(conn)
    for day in days:
        with conn.transaction():
            store.lock_usage(conn)
            store.prefer_indexes(conn)
            store.delete_usage(conn, day)
            store.add_suggestions(conn, day)
    for month in store.list_months(conn):
        with conn.transaction():
            store.lock_usage(conn)
            store.delete_month(conn, month)
            store.add_month(conn, month)
    return len(days)
