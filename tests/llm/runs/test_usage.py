"""What is counted of runs as they end is what a count of all of them gives, whatever happened."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blog.app import db
from blog.app.llm.inputs import Inputs
from blog.app.llm.runs import ending, execution, histogram, services, store, usage_store
from blog.app.llm.runs.models import RunPurpose
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_action, make_field, make_model
from tests.llm.providers.scripted import json_reply, openai_reply, serve
from tests.llm.runs.test_execution import PARTS, SECRETS, VOCABULARY, queue

Fate = Literal[
    "succeeded", "invalid", "failed", "cancelled", "cancelled while queued", "abandoned", "at work"
]


@dataclass(frozen=True)
class Story:
    """What happens to one run."""

    fate: Fate
    action: int
    model: int
    purpose: RunPurpose
    is_for_field: bool
    tokens: int | None
    cost: Decimal | None
    seconds: float
    days_ago: int


stories = st.builds(
    Story,
    fate=st.sampled_from(
        ["succeeded", "invalid", "failed", "cancelled", "cancelled while queued", "abandoned", "at work"]
    ),
    action=st.integers(0, 1),
    model=st.integers(0, 1),
    purpose=st.sampled_from(["use", "test", "case"]),
    is_for_field=st.booleans(),
    tokens=st.none() | st.integers(0, 100_000),
    cost=st.none() | st.decimals(0, 5, places=6),
    seconds=st.floats(0, 900),
    days_ago=st.sampled_from([0, 1, 2, 31, 40]),
)


def counted(conn: db.Connection) -> list[str]:
    """Every row of the usage, but those whose counts are all taken back to nothing."""
    rows = conn.execute("SELECT usage::text FROM llm_usage AS usage ORDER BY 1").fetchall()
    rows += conn.execute("SELECT failure::text FROM llm_usage_failure AS failure ORDER BY 1").fetchall()
    return [row for (row,) in rows]


def counted_in(conn: db.Connection, span: str) -> int:
    return db.scalar(
        conn,
        "SELECT coalesce(sum(runs), 0) FROM llm_usage WHERE facet = 'model' AND span = %s",
        (span,),
    )


def outcome(story: Story) -> dict[str, Any]:
    failed = story.fate == "failed"
    return {
        **dict.fromkeys(
            ["checked_output", "raw_reply", "finish", "finish_raw", "usage_cache_write", "error_retryable"]
        ),
        "status": story.fate,
        "output": "Words.",
        "reasoning": "",
        "check_problems": [],
        "check_repairs": [],
        "has_replaced_chars": False,
        "usage_input": story.tokens,
        "usage_output": None if story.tokens is None else story.tokens // 2,
        "usage_cached": story.tokens,
        "usage_reasoning": None,
        "cost": story.cost,
        "cost_currency": None if story.cost is None else ("EUR" if story.model else "USD"),
        "error_kind": "server" if failed else None,
        "error_message": "It broke." if failed else None,
        "first_text_s": story.seconds / 3,
    }


def play(conn: db.Connection, pool: OneConnection, history: Sequence[Story], counted_before: int) -> None:
    actor = all_powerful(conn)
    models = [make_model(conn) for _ in range(2)]
    actions = [make_action(conn, PARTS) for _ in range(2)]
    field_id = make_field(conn, "counted")
    for number, story in enumerate(history):
        if number == counted_before:
            ending.count_waiting(conn)
        prepared = services.prepare(
            conn,
            action_id=actions[story.action],
            model_id=models[story.model],
            vocabulary=VOCABULARY,
            inputs=Inputs(post={"idea": "Why kilts?"}),
        )
        run_id = services.create_run(
            conn,
            actor,
            prepared,
            purpose=story.purpose,
            field_id=field_id if story.is_for_field else None,
        ).run_id
        end(conn, pool, run_id, story)


def end(conn: db.Connection, pool: OneConnection, run_id: int, story: Story) -> None:
    match story.fate:
        case "at work":
            store.claim_run(conn, run_id, 1)
        case "cancelled while queued":
            store.cancel_queued(conn, run_id)
            ending.follow_up(conn, run_id)
        case "abandoned":
            db.run(
                conn,
                "UPDATE llm_run SET created_at = now() - interval '1 minute' WHERE id = %s",
                (run_id,),
            )
            execution.fail_abandoned(pool)
        case _:
            store.claim_run(conn, run_id, 1)
            assert store.finish_run(conn, run_id, 1, outcome(story))
            db.run(
                conn,
                """
                UPDATE llm_run
                SET finished_at = started_at + make_interval(secs => %(seconds)s, days => -%(days)s),
                    started_at = started_at - make_interval(days => %(days)s),
                    first_text_at = first_text_at - make_interval(days => %(days)s)
                WHERE id = %(run_id)s
                """,
                {"seconds": story.seconds, "days": story.days_ago, "run_id": run_id},
            )
            ending.follow_up(conn, run_id)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=st.lists(stories, max_size=12), counted_before=st.integers(0, 12))
def test_what_is_counted_a_few_at_a_time_is_what_a_recount_gives(
    conn: db.Connection, pool: OneConnection, history: list[Story], counted_before: int
) -> None:
    with conn.transaction(force_rollback=True):
        play(conn, pool, history, counted_before)
        ending.count_waiting(conn)
        before = counted(conn)
        ended = [story for story in history if story.fate != "at work"]
        total = db.scalar(
            conn, "SELECT coalesce(sum(runs), 0) FROM llm_usage WHERE facet = 'model' AND span = 'day'"
        )
        assert total == len(ended)
        ending.recount(conn)
        assert counted(conn) == before


def test_a_run_that_a_worker_ends_is_counted(conn: db.Connection, pool: OneConnection) -> None:
    with serve(
        [openai_reply(["Yes."], usage=(30, 7)), json_reply({"error": {"message": "Boom"}}, 500)]
    ) as server:
        for _ in range(2):
            execution.execute_run(pool, SECRETS, queue(conn, server.url).id, 1)
    assert ending.count_waiting(conn) == 2
    rows = conn.execute(
        """
        SELECT sum(runs), sum(succeeded), sum(failed), sum(usage_input), sum(usage_output), sum(untold)
        FROM llm_usage WHERE facet = 'person' AND span = 'day'
        """
    ).fetchone()
    assert rows == (2, 1, 1, 30, 7, 1)
    assert conn.execute("SELECT error_kind, runs FROM llm_usage_failure").fetchall() == [("server", 1)]


def test_a_queued_run_that_is_stopped_is_counted_without_a_time(conn: db.Connection) -> None:
    run = queue(conn)
    actor = all_powerful(conn)
    services.cancel_run(conn, actor, run.id)
    ending.count_waiting(conn)
    [[cancelled, seconds]] = conn.execute(
        "SELECT cancelled, seconds FROM llm_usage WHERE facet = 'action' AND span = 'day'"
    ).fetchall()
    assert (cancelled, sum(seconds)) == (1, 0)


def test_a_day_whose_runs_are_gone_is_not_counted_again(conn: db.Connection, pool: OneConnection) -> None:
    execution.execute_run(pool, SECRETS, queue(conn).id, 1)
    ending.count_waiting(conn)
    before = counted(conn)
    conn.execute("INSERT INTO llm_run_removal SELECT day, 1 FROM llm_usage WHERE span = 'day' LIMIT 1")
    db.run(conn, "UPDATE llm_run SET error_kind = 'timeout'")
    ending.recount(conn)
    assert counted(conn) == before


def test_a_recount_counts_those_that_wait_and_nobody_counts_them_again(
    conn: db.Connection, pool: OneConnection
) -> None:
    execution.execute_run(pool, SECRETS, queue(conn).id, 1)
    ending.recount(conn)
    assert (counted_in(conn, "day"), counted_in(conn, "month")) == (1, 1)
    assert ending.count_waiting(conn) == 0


def test_many_who_count_at_once_count_each_run_once(committed_db: str) -> None:
    with psycopg.connect(committed_db, autocommit=True) as conn:
        actor, action_id, model_id = all_powerful(conn), make_action(conn, PARTS), make_model(conn)
        prepared = services.prepare(
            conn,
            action_id=action_id,
            model_id=model_id,
            vocabulary=VOCABULARY,
            inputs=Inputs(post={"idea": "Why kilts?"}),
        )
        for _ in range(40):
            services.cancel_run(conn, actor, services.create_run(conn, actor, prepared).run_id)

        def count(_: int) -> int:
            with psycopg.connect(committed_db, autocommit=True) as own:
                return sum(usage_store.count_waiting(own, limit) for limit in (3, 7, 40))

        with ThreadPoolExecutor(4) as pool:
            assert sum(pool.map(count, range(4))) == 40
        assert (counted_in(conn, "day"), counted_in(conn, "month")) == (40, 40)


def test_there_is_a_place_for_every_bucket(conn: db.Connection) -> None:
    assert len(usage_store.PLACES) == histogram.BUCKETS


# --- histograms ----------------------------------------------------------------------------------


def test_nothing_counted_has_no_percentile() -> None:
    assert histogram.percentile([0] * histogram.BUCKETS, 0.5) is None


@given(times=st.lists(st.floats(0.001, 400), min_size=1, max_size=60), share=st.sampled_from([0.5, 0.95]))
def test_a_percentile_lies_in_the_bucket_of_the_true_one(times: list[float], share: float) -> None:
    counts = [0] * histogram.BUCKETS
    for time in times:
        counts[sum(bound <= time for bound in histogram.BOUNDS)] += 1
    found = histogram.percentile(counts, share)
    true = sorted(times)[max(0, -(-len(times) * round(share * 100) // 100) - 1)]
    assert found is not None
    bounds = [0.0, *histogram.BOUNDS]
    bucket = sum(bound <= true for bound in histogram.BOUNDS)
    assert bounds[bucket] <= found <= bounds[bucket + 1]


@pytest.mark.parametrize("share", [0.5, 0.95])
def test_histograms_add_up(share: float) -> None:
    one, other = [1] * histogram.BUCKETS, [0] * histogram.BUCKETS
    other[5] = 1000
    both = [a + b for a, b in zip(one, other, strict=True)]
    found = histogram.percentile(both, share)
    assert found is not None
    assert histogram.BOUNDS[4] <= found <= histogram.BOUNDS[5]
