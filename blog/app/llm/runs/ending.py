"""What follows when a run ends: it is told in the same transaction, then counted and made findable."""

from blog.app import db
from blog.app.errors import NotFound
from blog.app.llm.runs import search_store, store, usage_store
from blog.app.llm.runs.events import summary
from blog.app.translation import gettext as _

AT_ONCE = 1000


def follow_up(conn: db.Connection, run_id: int) -> None:
    """The last event, and two promises that the worker soon keeps."""
    run = store.find_run(conn, run_id)
    if run is None:
        raise NotFound(_("There is no such run."))
    store.insert_last_event(conn, run_id, summary(run))
    search_store.insert_waiting(conn, run_id)
    usage_store.insert_waiting(conn, run_id)


def count_waiting(conn: db.Connection) -> int:
    """Counts the runs that have ended since; answers how many. Whoever is about to read usage asks for it
    first, so that no figure is behind; else the worker, so that none waits long.

    Many at a time: each adds to the same few rows, and one after the other would wait for every commit.
    """
    total = 0
    while counted := usage_store.count_waiting(conn, AT_ONCE):
        total += counted
    return total


def recount(conn: db.Connection) -> int:
    """Counts all ended runs anew, a day at a time; answers how many days. A run that ends meanwhile waits.

    Months are counted from their days, also from those whose runs are gone.
    """
    days = usage_store.list_days(conn)
    for day in days:
        with conn.transaction():
            usage_store.lock_usage(conn)
            usage_store.delete_usage(conn, day)
            usage_store.delete_failures(conn, day)
            usage_store.delete_waiting(conn, day)
            usage_store.add_failures(conn, day)
            usage_store.add_runs(conn, day)
    for month in usage_store.list_months(conn):
        with conn.transaction():
            usage_store.lock_usage(conn)
            usage_store.delete_month(conn, month)
            usage_store.add_month(conn, month)
    return len(days)
