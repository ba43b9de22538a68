"""The job queue: tasks register here by name, services defer them by name inside their own transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued

from blog.app import db
from blog.app.errors import Conflict

# Deferring goes through the caller's connection, so this connector's own pool is never opened.
_deferrer = App(connector=SyncPsycopgConnector())


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a task is given besides its arguments: the pool, which attempt at the job this is (from 1),
    and the installation's secrets, newest first."""

    pool: db.Pool
    attempt: int
    secrets: tuple[str, ...] = field(repr=False)


Task = Callable[..., None]
TASKS: dict[str, Task] = {}


def task(name: str) -> Callable[[Task], Task]:
    """Registers a function `f(context, **arguments)` under `name`."""

    def register(function: Task) -> Task:
        if name in TASKS:
            raise ValueError(f"There are two tasks named {name}.")
        TASKS[name] = function
        return function

    return register


def defer(
    conn: db.Connection,
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    already_queued: str = "This is already queued.",
    **arguments: Any,
) -> int:
    """Queues a task in the caller's transaction and answers the job's id.

    lock: jobs with the same lock run one after another. queueing_lock: at most one may wait; another one is a
    Conflict saying `already_queued`.
    """
    configured = _deferrer.configure_task(name, lock=lock, queueing_lock=queueing_lock, connection=conn)
    try:
        return configured.defer(**arguments)
    except AlreadyEnqueued as exc:
        raise Conflict(already_queued) from exc
