"""What follows when a run ends, in the transaction that ends it: it is told, counted and can be found."""

from blog.app import db
from blog.app.errors import NotFound
from blog.app.llm.runs import search_store, store, usage_store
from blog.app.llm.runs.events import summary


def follow_up(conn: db.Connection, run_id: int) -> None:
    """The last event; then usage, last of all because other endings wait for its rows."""
    run = store.find_run(conn, run_id)
    if run is None:
        raise NotFound("There is no such run.")
    store.insert_last_event(conn, run_id, summary(run))
    search_store.insert_waiting(conn, run_id)
    if run.error_kind is not None:
        usage_store.add_failure(conn, run_id)
    usage_store.add_run(conn, run_id)


def recount(conn: db.Connection) -> int:
    """Counts all ended runs anew, a day at a time; answers how many. A run that ends meanwhile waits.

    Months are counted from their days, also from those whose runs are gone.
    """
    days = usage_store.list_days(conn)
    for day in days:
        with conn.transaction():
            usage_store.lock_usage(conn)
            usage_store.delete_usage(conn, day)
            usage_store.delete_failures(conn, day)
            usage_store.add_failures(conn, day)
            usage_store.add_runs(conn, day)
    for month in usage_store.list_months(conn):
        with conn.transaction():
            usage_store.lock_usage(conn)
            usage_store.delete_month(conn, month)
            usage_store.add_month(conn, month)
    return len(days)
