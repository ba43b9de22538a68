"""Which runs this worker has in hand, and how a Stop pressed elsewhere reaches them."""

import logging
import threading
from collections.abc import Generator
from contextlib import contextmanager

import psycopg

from blog.app.llm.providers.base import Cancel
from blog.app.llm.runs import store

log = logging.getLogger(__name__)

_lock = threading.Lock()
_in_hand: dict[int, Cancel] = {}


@contextmanager
def in_hand(run_id: int) -> Generator[Cancel]:
    """Makes a run's call stoppable while the block lasts. Entered before claiming: no Stop is missed."""
    cancel = Cancel()
    with _lock:
        _in_hand[run_id] = cancel
    try:
        yield cancel
    finally:
        with _lock:
            del _in_hand[run_id]


def stop(run_id: int) -> None:
    with _lock:
        cancel = _in_hand.get(run_id)
    if cancel:
        cancel.cancel()


def listen(database_url: str, closing: threading.Event) -> None:
    """Waits for Stops until `closing` is set; after a lost connection it asks for those it missed."""
    while not closing.is_set():
        try:
            with psycopg.connect(
                database_url, autocommit=True, application_name="blogforge-cancellation"
            ) as conn:
                conn.execute("LISTEN llm_run_cancel")
                with _lock:
                    runs = list(_in_hand)
                for run_id in store.list_cancelled_among(conn, runs):
                    stop(run_id)
                while not closing.is_set():
                    for notice in conn.notifies(timeout=1.0):
                        stop(int(notice.payload))
        except psycopg.OperationalError as exc:
            log.warning("Waiting for Stops is interrupted, will try again: %s", exc)
            closing.wait(1.0)
