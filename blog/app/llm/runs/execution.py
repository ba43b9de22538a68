"""What the worker does with a run: claim it, ask the provider, end it in one step with what follows."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg_pool import PoolTimeout

from blog.app import db, jobs, tracing
from blog.app.errors import AppError
from blog.app.installation_secret import Secrets
from blog.app.llm.prompts import services as prompts
from blog.app.llm.providers.base import Cancel
from blog.app.llm.registry import services as registry
from blog.app.llm.registry.models import Model
from blog.app.llm.runs import calling, cancellation, ending, repair, snapshot, store
from blog.app.llm.runs.models import ClaimedRun
from blog.app.llm.runs.outcome import Outcome, judge, refused
from blog.app.llm.runs.telling import RunLost

log = logging.getLogger(__name__)

MAX_ATTEMPTS = 3


def _anybody(_conn: db.Connection, _run_id: int) -> None:
    """Where nothing is at stake but the values that came with the run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a run's output goes. Both functions are called inside the transaction that ends the run.

    save(conn, run_id, checked output); adopt(conn, run_id, child_id): the child goes on for this run.
    check(conn, run_id), before anything is sent, raises when whoever began it may not do so any more.
    """

    task: str
    save: Callable[[db.Connection, int, str], None]
    adopt: Callable[[db.Connection, int, int], None]
    check: Callable[[db.Connection, int], None] = _anybody


def _nowhere(_conn: db.Connection, _run_id: int, _what: object) -> None:
    """A run by itself: the run is all there is."""


NOWHERE = Target(task="llm.execute_run", save=_nowhere, adopt=_nowhere)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """A claimed run in this worker's hands."""

    pool: db.Pool
    keys: Secrets
    claimed: ClaimedRun
    cancel: Cancel
    target: Target
    span: tracing.Span


def execute_run(pool: db.Pool, keys: Secrets, run_id: int, attempt: int, target: Target = NOWHERE) -> None:
    """Runs an action to its end. A run that someone else has, or that has ended, is left alone.

    No transaction is open while the provider answers.
    """
    with cancellation.in_hand(run_id) as cancel, tracing.span("chat") as span:
        with pool.connection() as conn:
            claimed = store.claim_run(conn, run_id, attempt)
        if claimed is None:
            return
        if claimed.is_cancel_requested:
            cancel.cancel()
        work = Work(pool=pool, keys=keys, claimed=claimed, cancel=cancel, target=target, span=span)
        try:
            _carry_out(work)
        except RunLost:
            log.warning("Run %s was taken up by another worker; this one lets go of it.", run_id)
        except (psycopg.OperationalError, PoolTimeout):
            raise  # the job is tried again, as another attempt at the run
        except Exception:
            _end(work, refused("internal", "Something went wrong on our side; the worker's log says what."))
            raise


def _carry_out(work: Work) -> None:
    if work.claimed.attempt > MAX_ATTEMPTS:
        message = f"The worker died {MAX_ATTEMPTS} times while it worked on this run."
        _end(work, refused("worker_lost", message))
        return
    try:
        with work.pool.connection() as conn:
            work.target.check(conn, work.claimed.id)
            version = prompts.get_action_version(conn, work.claimed.action_version_id)
        answer = calling.ask(work.pool, work.keys, work.claimed, version, work.cancel)
    except AppError as exc:
        _end(work, refused(exc.code, exc.message))
        return
    inputs = snapshot.restore(work.claimed.inputs)
    outcome = judge(answer.heard, prompts.output_type(version), inputs)
    if not repair.may_repair(work.claimed, version, outcome):
        _end(work, outcome, answer.model)
        return
    try:
        with work.pool.connection() as conn:
            composed = repair.compose(conn, work.claimed, version, outcome)
    except AppError as exc:
        told = (*outcome.check_problems, f"It could not be sent back: {exc.message}")
        _end(work, replace(outcome, check_problems=told), answer.model)
    else:
        _end(work, outcome, answer.model, repaired_with=composed)


def _end(
    work: Work,
    outcome: Outcome,
    model: Model | None = None,
    *,
    repaired_with: Sequence[Mapping[str, Any]] | None = None,
) -> None:
    """One transaction: the run's end, what follows from it, and the last event."""
    claimed, target = work.claimed, work.target
    with work.pool.connection() as conn, conn.transaction():
        if not store.finish_run(conn, claimed.id, claimed.attempt, _columns(outcome, model)):
            raise RunLost
        if outcome.checked_output is not None:
            target.save(conn, claimed.id, outcome.checked_output)
        if repaired_with is not None and model is not None:
            child_id = repair.create_repair(conn, claimed, model.id, repaired_with)
            target.adopt(conn, claimed.id, child_id)
            jobs.defer(conn, target.task, run_id=child_id)
        ending.follow_up(conn, claimed.id)
    _tell(work, outcome, model)


def _tell(work: Work, outcome: Outcome, model: Model | None) -> None:
    """For log and traces: which run, how it ended, how much it took; nothing that was said in it."""
    log.info("Run %s ended as %s.", work.claimed.id, outcome.error_kind or outcome.status)
    work.span.tell(
        gen_ai__operation__name="chat",
        gen_ai__request__model=model.name if model else None,
        gen_ai__usage__input_tokens=outcome.usage.input,
        gen_ai__usage__output_tokens=outcome.usage.output,
        error__type=outcome.error_kind,
        blogforge__run_id=work.claimed.id,
        blogforge__run_status=outcome.status,
    )


def _columns(outcome: Outcome, model: Model | None) -> dict[str, Any]:
    usage = outcome.usage
    cost = registry.price(model, usage) if model else None
    return {
        "status": outcome.status,
        "output": outcome.output,
        "reasoning": outcome.reasoning,
        "checked_output": outcome.checked_output,
        "check_problems": list(outcome.check_problems),
        "check_repairs": list(outcome.check_repairs),
        "has_replaced_chars": outcome.has_replaced_chars,
        "raw_reply": outcome.raw_reply,
        "finish": outcome.finish,
        "finish_raw": outcome.finish_raw,
        "usage_input": usage.input,
        "usage_output": usage.output,
        "usage_cached": usage.cached,
        "usage_cache_write": usage.cache_write,
        "usage_reasoning": usage.reasoning,
        "cost": cost,
        "cost_currency": model.price_currency if model and cost is not None else None,
        "error_kind": outcome.error_kind,
        "error_message": outcome.error_message,
        "error_retryable": outcome.error_retryable,
        "first_text_s": outcome.first_text_s,
    }


def fail_abandoned(pool: db.Pool) -> int:
    """Ends runs that no job works on any more, so that nobody waits for them; answers how many."""
    message = "The work on this run was lost before it could end. Nothing was saved; press Retry."
    with pool.connection() as conn:
        abandoned = store.list_abandoned(conn)
        for run_id, attempt in abandoned:
            with conn.transaction():
                if claimed := store.claim_run(conn, run_id, attempt + 1):
                    outcome = refused("worker_lost", message, retryable=True)
                    store.finish_run(conn, run_id, claimed.attempt, _columns(outcome, None))
                    ending.follow_up(conn, run_id)
    return len(abandoned)
