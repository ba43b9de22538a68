"""Following a run: the generator behind every stream of events, and the one listener that wakes them all."""

import logging
import threading
from collections import defaultdict
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from blog.app import db
from blog.app.errors import NotFound
from blog.app.llm.runs import store
from blog.app.llm.runs.models import ACTIVE, Run
from blog.app.translation import gettext as _

log = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 15.0
Told = tuple[int, str, Any]


class Wakeups:
    """One listening connection per process, started with the first watcher; reconnects by itself."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._lock = threading.Lock()
        self._watchers: defaultdict[int, set[threading.Event]] = defaultdict(set)
        self._listening = threading.Event()
        self._thread: threading.Thread | None = None

    @contextmanager
    def watching(self, run_id: int) -> Generator[threading.Event]:
        news = threading.Event()
        with self._lock:
            self._watchers[run_id].add(news)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="run-events", daemon=True)
                self._thread.start()
        self._listening.wait(2.0)
        try:
            yield news
        finally:
            with self._lock:
                self._watchers[run_id].discard(news)
                if not self._watchers[run_id]:
                    del self._watchers[run_id]

    def _listen(self) -> None:
        while True:
            try:
                with psycopg.connect(
                    self._database_url, autocommit=True, application_name="blogforge-events"
                ) as conn:
                    conn.execute("LISTEN llm_run_event")
                    self._listening.set()
                    self._wake_all()  # what came while nobody listened is in the table
                    for notice in conn.notifies():
                        self._wake(int(notice.payload))
            except psycopg.OperationalError as exc:
                log.warning("Listening for run events is interrupted, will try again: %s", exc)
            self._listening.clear()
            threading.Event().wait(1.0)

    def _wake(self, run_id: int) -> None:
        with self._lock:
            for news in self._watchers.get(run_id, ()):
                news.set()

    def _wake_all(self) -> None:
        with self._lock:
            for watchers in self._watchers.values():
                for news in watchers:
                    news.set()


def follow(pool: db.Pool, wakeups: Wakeups | None, run_id: int, after: int = 0) -> Iterator[Told]:
    """Yields (id, kind, data) of a run's events after `after`, as they come, and ends with its `done`.

    A finished run whose events were pruned is told from the run itself. Holds a connection only while asking.
    A quiet stretch yields a keep-alive, so that a watcher who left is noticed.
    """
    if wakeups is None:
        yield from _follow(pool, run_id, after, threading.Event(), 0.05)
        return
    with wakeups.watching(run_id) as news:
        yield from _follow(pool, run_id, after, news, KEEP_ALIVE_SECONDS)


def _follow(pool: db.Pool, run_id: int, after: int, news: threading.Event, patience: float) -> Iterator[Told]:
    while True:
        news.clear()
        with pool.connection() as conn:
            events = store.list_events(conn, run_id, after)
            ended = None if events else _find_ended(conn, run_id)
        for event in events:
            yield event.id, event.kind, event.data
            after = event.id
            if event.kind == "done":
                return
        if ended is not None:
            yield from _told_from_run(ended, after)
            return
        if not events and not news.wait(patience):
            yield after, "keep-alive", None


def _find_ended(conn: db.Connection, run_id: int) -> Run | None:
    status = store.find_status(conn, run_id)
    if status is None:
        raise NotFound(_("There is no such run."))
    return None if status in ACTIVE else store.find_run(conn, run_id)


def _told_from_run(run: Run, after: int) -> Iterator[Told]:
    yield after, "started", {"attempt": run.attempt}
    if run.output:
        yield after, "text", {"text": run.output}
    yield after, "done", summary(run)


def summary(run: Run) -> dict[str, Any]:
    """What `done` tells a watcher."""
    return {
        "status": run.status,
        "finish": run.finish,
        "error_kind": run.error_kind,
        "error_message": run.error_message,
        "problems": list(run.check_problems),
        "repaired_by_id": run.repaired_by_id,
        "usage": {
            "input": run.usage_input,
            "output": run.usage_output,
            "cached": run.usage_cached,
            "reasoning": run.usage_reasoning,
        },
        "cost": None if run.cost is None else str(run.cost),
        "cost_currency": run.cost_currency,
        "seconds": run.seconds,
        "seconds_to_first_text": run.seconds_to_first_text,
    }
