"""The worker: `python -m blog.app.worker` takes jobs from the queue until it is told to stop."""

import asyncio
import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib import import_module

import procrastinate
import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from blog.app import db, garbage, installation_secret, jobs, logs, tracing
from blog.app.automation import statistics
from blog.app.config import Config, load_config
from blog.app.errors import Unavailable
from blog.app.insight import retention
from blog.app.llm.runs import cancellation, ending, execution, search_store, store
from blog.app.trail import sealing

log = logging.getLogger(__name__)

TASK_MODULES = (
    "blog.app.auth.tasks",
    "blog.app.llm.runs.tasks",
    "blog.app.llm.cases.tasks",
    "blog.app.automation.tasks",
)
HEARTBEAT_SECONDS = 2.0
STALLED_SECONDS = 10.0
SWEEP_SECONDS = 3.0
RETENTION_SECONDS = 600.0
EVENTS_KEPT_MINUTES = 60
WORDS_AT_ONCE = 500


def main() -> None:
    config = load_config(os.environ)
    logs.configure("worker", config.log)
    if config.is_traced:
        tracing.configure("worker")
    if config.database_url is None:
        raise Unavailable("BLOG_DATABASE_URL names no database; `blogforge serve` starts the embedded one.")
    pool = db.open_pool(config.database_url, max_size=config.worker_concurrency + 4, name="blogforge-worker")
    closing = threading.Event()
    listener = threading.Thread(
        target=cancellation.listen, args=(config.database_url, closing), name="cancellation", daemon=True
    )
    listener.start()
    garbage.pass_over_loaded()
    try:
        asyncio.run(work(config.database_url, config, pool))
    finally:
        closing.set()
        pool.close()
        tracing.flush()


async def work(database_url: str, config: Config, pool: db.Pool) -> None:
    """Runs jobs until SIGINT or SIGTERM; what a short grace leaves is taken up by the next worker."""
    for module in TASK_MODULES:
        import_module(module)
    app = jobs.make_app(
        database_url, pool, installation_secret.load(config), config, max_attempts=execution.MAX_ATTEMPTS
    )
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


async def sweep(app: procrastinate.App, pool: db.Pool) -> None:
    """Every few seconds: takes up dead workers' jobs, ends runs without a job, removes old events, counts
    ended runs, gathers their words, measures what was kept of suggestions, seals the audit trail; now and
    then lets go of old runs and events.
    """
    loop = asyncio.get_running_loop()
    retention_due = loop.time()
    while True:
        try:
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
                log.warning("Job %s of a worker that died is taken up again.", job.id)
                await app.job_manager.retry_job(job)
            await loop.run_in_executor(None, execution.fail_abandoned, pool)
            await loop.run_in_executor(None, partial(_prune, pool))
            await loop.run_in_executor(None, statistics.measure, pool)
            await loop.run_in_executor(None, sealing.seal, pool)
            if loop.time() >= retention_due:
                retention_due = loop.time() + RETENTION_SECONDS
                await loop.run_in_executor(None, retention.apply, pool)
                await loop.run_in_executor(None, sealing.remove_old, pool)
        except (psycopg.OperationalError, PoolTimeout, ConnectorException) as exc:
            log.warning("The database cannot be reached, looking again soon: %s", exc)
        await asyncio.sleep(SWEEP_SECONDS)


def _prune(pool: db.Pool) -> None:
    with pool.connection() as conn:
        store.delete_old_events(conn, older_than_minutes=EVENTS_KEPT_MINUTES)
        search_store.update_waiting(conn, WORDS_AT_ONCE)
        ending.count_waiting(conn)


if __name__ == "__main__":
    main()
