"""Telling the watchers of a run what comes, in batches small enough to read along."""

import threading
import time
from dataclasses import dataclass, field

from blog.app import db
from blog.app.llm.runs import store
from blog.app.llm.runs.models import ClaimedRun, EventKind
from blog.app.text import clean

BATCH_SECONDS = 0.05


class RunLost(Exception):
    """Another worker has this run now; nothing more may be written for it."""


@dataclass(slots=True, kw_only=True)
class Teller:
    """Tells the watchers of a run: its first text at once, later text in batches of BATCH_SECONDS."""

    pool: db.Pool
    claimed: ClaimedRun
    told: dict[EventKind, list[str]] = field(default_factory=lambda: {"text": [], "reasoning": []})
    first_text_s: float | None = None
    _started: float = field(default_factory=time.monotonic)
    _waiting: list[tuple[EventKind, str]] = field(default_factory=list[tuple[EventKind, str]])
    _timer: threading.Timer | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _failure: BaseException | None = None

    def tell(self, kind: EventKind, text: str) -> None:
        with self._lock:
            if self._failure is not None:
                raise self._failure
            is_first = not self.told["text"] and not self.told["reasoning"]
            self.told[kind].append(text)
            if kind == "text" and self.first_text_s is None:
                self.first_text_s = time.monotonic() - self._started
            self._waiting.append((kind, text))
            if is_first:
                self._write()
            elif self._timer is None:
                self._timer = threading.Timer(BATCH_SECONDS, self._write_later)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        with self._lock:
            self._write()
            if self._failure is not None:
                raise self._failure

    def _write_later(self) -> None:
        with self._lock:
            try:
                self._write()
            except BaseException as exc:  # noqa: BLE001 - raised again by the thread that reads the answer
                self._failure = exc

    def _write(self) -> None:
        """Writes what waits, one event per stretch of the same kind. The lock is held.

        A database that crashes may forget the latest of it. So it does the connection of this worker, and the
        run begins anew or ends; whoever watches is told that from the run, which has all of its text.
        """
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        stretches = _stretches(self._waiting)
        self._waiting.clear()
        if not stretches:
            return
        with self.pool.connection() as conn:
            for kind, text in stretches:
                data = {"text": clean(text)}
                claimed = self.claimed
                if not store.insert_event(conn, claimed.id, claimed.attempt, kind, data, may_be_lost=True):
                    raise RunLost


def _stretches(waiting: list[tuple[EventKind, str]]) -> list[tuple[EventKind, str]]:
    joined: list[tuple[EventKind, str]] = []
    for kind, text in waiting:
        if joined and joined[-1][0] == kind:
            joined[-1] = (kind, joined[-1][1] + text)
        else:
            joined.append((kind, text))
    return joined
