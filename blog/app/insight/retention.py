"""How long runs are kept: rules that an administrator sets, and the worker's pass that follows them.

Refuses to take a run that words of a post came from; what was counted of runs is never let go.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psycopg

from blog.app import audit, db
from blog.app.auth.models import Actor
from blog.app.auth.permissions import check
from blog.app.errors import Forbidden, Invalid
from blog.app.insight import retention_store as store
from blog.app.insight.retention_models import Dropped, EndStatus, RetentionRule, What
from blog.app.insight.schemas import RetentionChange
from blog.app.llm.permissions import LLM_READ, LLM_RETAIN
from blog.app.llm.runs import ending
from blog.app.translation import gettext as _

AT_ONCE = 500


def list_rules(conn: db.Connection, actor: Actor) -> list[RetentionRule]:
    check(actor, LLM_READ)
    return store.list_rules(conn)


def change_rules(conn: db.Connection, actor: Actor, change: RetentionChange) -> list[RetentionRule]:
    """Puts these rules in the place of all there are. What they let go cannot be brought back."""
    check(actor, LLM_RETAIN)
    if actor.user_id is None:
        raise Forbidden(_("How long runs are kept is decided by a person."))
    wanted: dict[tuple[What, EndStatus], int] = {(rule.what, rule.status): rule.days for rule in change.rules}
    if len(wanted) != len(change.rules):
        raise Invalid(_("There are two rules for the same of the same runs."))
    with conn.transaction():
        for rule in store.list_rules(conn):
            if (rule.what, rule.status) not in wanted:
                store.delete_rule(conn, rule.what, rule.status)
        for (what, status), days in wanted.items():
            store.upsert_rule(conn, what, status, days, actor.user_id)
        said = {f"{what} of {status}": days for (what, status), days in wanted.items()}
        audit.record(conn, actor, "retention.changed", "llm_retention", None, **said)
    return store.list_rules(conn)


# --- the worker's pass ---------------------------------------------------------------------------


def apply(pool: db.Pool) -> Dropped:
    """Lets go of what the rules say, a few at a time; another worker that is at it is left alone."""
    with pool.connection() as conn:
        ending.count_waiting(conn)
        rules = store.list_rules(conn)
    dropped: dict[What, int] = {"reply": 0, "messages": 0, "run": 0}
    for rule in rules:
        dropped[rule.what] += _follow(pool, rule)
    return Dropped(replies=dropped["reply"], messages=dropped["messages"], runs=dropped["run"])


def _follow(pool: db.Pool, rule: RetentionRule) -> int:
    done, after = 0, 0
    while True:
        with pool.connection() as conn, conn.transaction():
            if not store.try_lock(conn):
                return done
            step = STEPS[rule.what](conn, rule, after)
        done += step.done
        if step.last is None:
            return done
        after = step.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step did: how many it let go, and the last run it looked at; None: there is no other."""

    done: int
    last: int | None


def _step(run_ids: Sequence[int], done: int | None = None) -> Step:
    last = max(run_ids) if len(run_ids) == AT_ONCE else None
    return Step(done=len(run_ids) if done is None else done, last=last)


def _drop_replies(conn: db.Connection, rule: RetentionRule, after: int) -> Step:
    return _step(store.drop_replies(conn, rule.status, rule.days, after=after, limit=AT_ONCE))


def _drop_messages(conn: db.Connection, rule: RetentionRule, after: int) -> Step:
    run_ids = store.drop_messages(conn, rule.status, rule.days, after=after, limit=AT_ONCE)
    store.update_words(conn, run_ids)
    return _step(run_ids)


def _remove_runs(conn: db.Connection, rule: RetentionRule, after: int) -> Step:
    run_ids = store.list_over(conn, rule.status, rule.days, after=after, limit=AT_ONCE)
    return _step(run_ids, done=sum(_is_removed(conn, run_id) for run_id in run_ids))


def _is_removed(conn: db.Connection, run_id: int) -> bool:
    """False: something else names this run, so it stays."""
    try:
        with conn.transaction():
            _remove(conn, run_id)
    except psycopg.errors.ForeignKeyViolation:
        return False
    return True


def _remove(conn: db.Connection, run_id: int) -> None:
    store.insert_removal(conn, run_id)
    store.delete_suggestion(conn, run_id)
    store.delete_automation(conn, run_id)
    store.delete_words(conn, run_id)
    store.delete_tries(conn, run_id)
    store.delete_events(conn, run_id)
    store.delete_run(conn, run_id)


STEPS: dict[What, Callable[[db.Connection, RetentionRule, int], Step]] = {
    "reply": _drop_replies,
    "messages": _drop_messages,
    "run": _remove_runs,
}
