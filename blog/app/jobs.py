"""The job queue: tasks register here by name, services defer them by name inside their own transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import psycopg
from procrastinate import App, JobContext, PsycopgConnector, RetryStrategy, SyncPsycopgConnector
from procrastinate.exceptions import AlreadyEnqueued
from psycopg_pool import PoolTimeout

from blog.app import db, logs
from blog.app.config import Config
from blog.app.errors import Conflict
from blog.app.installation_secret import Secrets

# Deferring goes through the caller's connection, so this connector's own pool is never opened.
_deferrer = App(connector=SyncPsycopgConnector())


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a task is given besides its arguments: the pool, which attempt at the job this is (from 1),
    the installation's secrets, newest first, and its configuration (None: a caller that has none)."""

    pool: db.Pool
    attempt: int
    secrets: Secrets = field(repr=False)
    config: Config | None = None


Task = Callable[..., None]
TASKS: dict[str, Task] = {}
RETRIES: dict[str, RetryStrategy] = {}


def task(name: str, *, retry: RetryStrategy | None = None) -> Callable[[Task], Task]:
    """Registers a function `f(context, **arguments)` under `name`.

    retry: for a task that has failures of its own worth another attempt.
    """

    def register(function: Task) -> Task:
        if name in TASKS:
            raise ValueError(f"There are two tasks named {name}.")
        TASKS[name] = function
        if retry is not None:
            RETRIES[name] = retry
        return function

    return register


def defer(
    conn: db.Connection,
    name: str,
    *,
    lock: str | None = None,
    queueing_lock: str | None = None,
    already_queued: str = "This is already queued.",
    priority: int = 0,
    **arguments: Any,
) -> int:
    """Queues a task in the caller's transaction and answers the job's id.

    lock: jobs with the same lock run one after another. queueing_lock: at most one may wait; another one is a
    Conflict saying `already_queued`. priority: a job with a higher one is taken first.
    """
    configured = _deferrer.configure_task(
        name, lock=lock, queueing_lock=queueing_lock, priority=priority, connection=conn
    )
    try:
        return configured.defer(**arguments)
    except AlreadyEnqueued as exc:
        raise Conflict(already_queued) from exc


# --- the worker's side ---------------------------------------------------------------------------


def make_app(database_url: str, pool: db.Pool, secrets: Secrets, config: Config, *, max_attempts: int) -> App:
    """The queue's own application with every registered task.

    A database that went away in the middle of a job is no fault of the job: it is tried again.
    """
    app = App(connector=PsycopgConnector(conninfo=database_url, min_size=1, max_size=4))
    retry = RetryStrategy(
        max_attempts=max_attempts,
        wait=2,
        retry_exceptions={psycopg.OperationalError, PoolTimeout},
    )
    for name, function in TASKS.items():
        own = RETRIES.get(name, retry)
        app.task(name=name, pass_context=True, retry=own)(_job(function, pool, secrets, config))
    return app


def _job(function: Task, pool: db.Pool, secrets: Secrets, config: Config) -> Callable[..., None]:
    def run_job(context: JobContext, **arguments: Any) -> None:
        given = Context(pool=pool, attempt=context.job.attempts + 1, secrets=secrets, config=config)
        with logs.about(job=context.job.task_name, run_id=arguments.get("run_id")):
            function(given, **arguments)

    return run_job
