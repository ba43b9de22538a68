"""The worker: `python -m blog.app.worker` takes jobs from the queue until it is told to stop."""

import asyncio
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

import procrastinate
import psycopg
from procrastinate import JobContext
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from blog.app import db, jobs, security
from blog.app.config import Config, load_config
from blog.app.errors import Unavailable
from blog.app.llm.runs import cancellation, execution, store

log = logging.getLogger(__name__)

TASK_MODULES = ("blog.app.llm.runs.tasks", "blog.app.workflow.tasks")
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
SWEEP_SECONDS = 3.0
EVENTS_KEPT_MINUTES = 60
# A database that went away mid-run: the job is tried again, as another attempt at the run.
RETRY = procrastinate.RetryStrategy(
    max_attempts=execution.MAX_ATTEMPTS,
    wait=2,
    retry_exceptions={psycopg.OperationalError, PoolTimeout},
)


def main() -> None:
    config = load_config(os.environ)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s worker %(levelname)s %(name)s: %(message)s")
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    if config.database_url is None:
        raise Unavailable("BLOG_DATABASE_URL names no database; `blogforge serve` starts the embedded one.")
    pool = db.open_pool(config.database_url, max_size=config.worker_concurrency + 4, name="blogforge-worker")
    closing = threading.Event()
    listener = threading.Thread(
        target=cancellation.listen, args=(config.database_url, closing), name="cancellation", daemon=True
    )
    listener.start()
    try:
        asyncio.run(work(config.database_url, config, pool))
    finally:
        closing.set()
        pool.close()


async def work(database_url: str, config: Config, pool: db.Pool) -> None:
    """Runs jobs until SIGINT or SIGTERM; what a short grace leaves is taken up by the next worker."""
    app = make_app(database_url, pool, security.load_secrets(config))
    asyncio.get_running_loop().set_default_executor(
        ThreadPoolExecutor(config.worker_concurrency + 2, thread_name_prefix="job")
    )
    async with app.open_async():
        sweeping = asyncio.create_task(sweep(app, pool))
        try:
            await app.run_worker_async(
                concurrency=config.worker_concurrency,
                delete_jobs="successful",
                install_signal_handlers=True,
                shutdown_graceful_timeout=2.0,
                update_heartbeat_interval=HEARTBEAT_SECONDS,
                stalled_worker_timeout=STALLED_SECONDS,
            )
        finally:
            sweeping.cancel()


def make_app(database_url: str, pool: db.Pool, secrets: tuple[str, ...]) -> procrastinate.App:
    """The queue's own application with every registered task."""
    app = procrastinate.App(
        connector=procrastinate.PsycopgConnector(conninfo=database_url, min_size=1, max_size=4)
    )
    for module in TASK_MODULES:
        import_module(module)
    for name, function in jobs.TASKS.items():
        app.task(name=name, pass_context=True, retry=RETRY)(_job(function, pool, secrets))
    return app


def _job(function: jobs.Task, pool: db.Pool, secrets: tuple[str, ...]) -> Callable[..., None]:
    def run_job(context: JobContext, **arguments: object) -> None:
        given = jobs.Context(pool=pool, attempt=context.job.attempts + 1, secrets=secrets)
        function(given, **arguments)

    return run_job


async def sweep(app: procrastinate.App, pool: db.Pool) -> None:
    """Every few seconds: takes up dead workers' jobs, ends runs without a job, removes old events."""
    loop = asyncio.get_running_loop()
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                log.warning("Job %s of a worker that died is taken up again.", job.id)
                await app.job_manager.retry_job(job)
            await loop.run_in_executor(None, execution.fail_abandoned, pool)
            await loop.run_in_executor(None, partial(_prune, pool))
        except (psycopg.OperationalError, PoolTimeout, ConnectorException) as exc:
            log.warning("The database cannot be reached, looking again soon: %s", exc)
        await asyncio.sleep(SWEEP_SECONDS)


def _prune(pool: db.Pool) -> None:
    with pool.connection() as conn:
        store.delete_old_events(conn, older_than_minutes=EVENTS_KEPT_MINUTES)


if __name__ == "__main__":
    from blog.app import worker  # by its own name: tasks are registered under it, not under __main__

    worker.main()
