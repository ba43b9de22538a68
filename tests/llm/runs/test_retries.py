"""Second calls of a run: retries that are worth it, another model, and replies sent back to be mended."""

import json
import time

import pytest

from blog.app import db
from blog.app.llm.providers.base import ErrorKind, ProviderError
from blog.app.llm.runs import events, execution, services
from blog.app.llm.runs.retry import may_fall_back, wait_before_retry
from tests.conftest import OneConnection
from tests.factories import make_model
from tests.llm.providers.scripted import Reply, json_reply, openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, finish, queue

BUSY = json_reply({"error": {"message": "Slow down"}}, 429, Retry_After="0.05")
GONE = json_reply({"error": {"message": "No such key"}}, 401)


def failure(
    kind: ErrorKind = "server", *, retryable: bool = True, after: float | None = None
) -> ProviderError:
    return ProviderError(kind, "It failed.", retryable=retryable, retry_after_s=after)


@pytest.mark.parametrize(("tries", "chance", "wait"), [(1, 0, 0.25), (1, 1, 0.5), (2, 1, 1.0), (5, 1, 8.0)])
def test_waits_double_and_are_shortened_by_chance(tries: int, chance: float, wait: float) -> None:
    asked = wait_before_retry(failure(), tries, max_retries=5, remaining_s=60, chance=chance)
    assert asked == wait


def test_the_provider_s_own_wait_is_kept_exactly() -> None:
    error = failure("rate_limit", after=17.39)
    assert wait_before_retry(error, 1, max_retries=2, remaining_s=60, chance=0.5) == 17.39


@pytest.mark.parametrize(
    ("error", "tries", "remaining"),
    [
        (failure(retryable=False), 1, 60),
        (failure(), 3, 60),
        (failure(), 1, 0.1),
        (failure("rate_limit", after=61), 1, 60),
        (failure("rate_limit", after=900), 1, 3600),
    ],
    ids=["not worth it", "tried enough", "past the deadline", "wait past the deadline", "wait too long"],
)
def test_no_retry(error: ProviderError, tries: int, remaining: float) -> None:
    assert wait_before_retry(error, tries, max_retries=2, remaining_s=remaining, chance=1) is None


def test_another_model_is_not_asked_after_text_or_a_stop() -> None:
    assert may_fall_back(failure("auth", retryable=False), shown=False, remaining_s=60)
    assert not may_fall_back(failure(), shown=True, remaining_s=60)
    assert not may_fall_back(failure("cancelled"), shown=False, remaining_s=60)


def test_a_rate_limit_is_waited_for_and_the_run_says_so(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, [BUSY, openai_reply(["Yes."])], max_retries=2)
    assert (run.status, run.output) == ("succeeded", "Yes.")
    [tried] = services.list_tries(conn, run.id)
    assert (tried.error_kind, float(tried.waited_seconds or 0)) == ("rate_limit", 0.05)
    assert tried.request_body == services.get_exchange(conn, run.id).request_body
    assert "retrying" in [kind for _, kind, _ in events.follow(pool, None, run.id)]


def test_what_is_not_worth_it_is_not_tried_again(conn: db.Connection, pool: OneConnection) -> None:
    with serve([GONE, openai_reply(["Never."])]) as server:
        run = queue(conn, server.url, max_retries=2)
        execution.execute_run(pool, SECRETS, run.id, 1)
        assert len(server.received) == 1


def test_nothing_is_asked_again_once_text_was_shown(conn: db.Connection, pool: OneConnection) -> None:
    whole = openai_reply(["Half of ", "it"])
    cut = Reply(headers=whole.headers, pieces=list(whole.pieces)[:3], ending="cut")
    with serve([cut, openai_reply(["Again."])]) as server:
        run = queue(conn, server.url, max_retries=2)
        execution.execute_run(pool, SECRETS, run.id, 1)
        assert len(server.received) == 1
    ended = services.get_run(conn, run.id)
    assert (ended.status, ended.output) == ("failed", "Half of it")


def test_a_stop_ends_the_wait_for_a_retry(conn: db.Connection, pool: OneConnection) -> None:
    from threading import Timer

    from blog.app.llm.runs import cancellation

    late = json_reply({"error": {"message": "Slow down"}}, 429, Retry_After="30")
    with serve([late, openai_reply(["Never."])]) as server:
        run = queue(conn, server.url, max_retries=2)
        Timer(0.3, cancellation.stop, (run.id,)).start()
        started = time.monotonic()
        execution.execute_run(pool, SECRETS, run.id, 1)
        assert time.monotonic() - started < 2
        assert len(server.received) == 1
    assert services.get_run(conn, run.id).status == "cancelled"


def test_another_model_answers_when_the_first_cannot(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GONE) as first, serve(openai_reply(["From the other."])) as second:
        other = make_model(conn, second.url)
        run = queue(conn, first.url, fallback_model_id=other)
        execution.execute_run(pool, SECRETS, run.id, 1)
        asked_first = first.received[0].json["model"]
    ended = services.get_run(conn, run.id)
    assert (ended.status, ended.output, ended.model_id) == ("succeeded", "From the other.", other)
    [tried] = services.list_tries(conn, run.id)
    assert (tried.model_name, tried.error_kind, tried.waited_seconds) == (asked_first, "auth", None)


def test_without_a_fallback_nothing_else_is_asked(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, GONE)
    assert (run.status, run.error_kind) == ("failed", "auth")
    assert services.list_tries(conn, run.id) == []


def test_a_reply_that_fails_its_checks_is_sent_back_once(conn: db.Connection, pool: OneConnection) -> None:
    replies = [openai_reply(['["one"]']), openai_reply(['["one", "two"]'])]
    with serve(replies) as server:
        run = queue(
            conn,
            server.url,
            output_kind="list",
            validators=[{"rule": "exact_count", "n": 2}],
            repair="Mend this: {{ input.problems | join('; ') }}",
        )
        execution.execute_run(pool, SECRETS, run.id, 1)
        parent = services.get_run(conn, run.id)
        child_id = parent.repaired_by_id
        assert child_id is not None
        execution.execute_run(pool, SECRETS, child_id, 1)
        second = server.received[1].json["messages"]
    child = services.get_run(conn, child_id)
    assert parent.status == "invalid"
    assert (child.status, child.repair_of_id, child.repair_number) == ("succeeded", run.id, 1)
    assert json.loads(child.checked_output or "") == ["one", "two"]
    assert [message["role"] for message in second[-2:]] == ["assistant", "user"]
    assert second[-2]["content"] == '["one"]'
    assert second[-1]["content"] == f"Mend this: {parent.check_problems[0]}"


def test_a_repair_that_fails_too_is_the_end(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["no list at all, only words"])) as server:
        run = queue(
            conn,
            server.url,
            output_kind="list",
            validators=[{"rule": "exact_count", "n": 2}],
            repair="Mend: {{ input.problems | join('; ') }}",
        )
        execution.execute_run(pool, SECRETS, run.id, 1)
        child_id = services.get_run(conn, run.id).repaired_by_id
        assert child_id is not None
        execution.execute_run(pool, SECRETS, child_id, 1)
    child = services.get_run(conn, child_id)
    assert (child.status, child.repaired_by_id) == ("invalid", None)


def test_a_fallback_that_was_switched_off_is_not_asked(conn: db.Connection, pool: OneConnection) -> None:
    with serve(GONE) as first, serve(openai_reply(["Never."])) as second:
        other = make_model(conn, second.url)
        db.run(conn, "UPDATE llm_model SET is_enabled = false WHERE id = %s", (other,))
        run = queue(conn, first.url, fallback_model_id=other)
        execution.execute_run(pool, SECRETS, run.id, 1)
        assert second.received == []
    assert services.get_run(conn, run.id).error_kind == "auth"


def test_a_fault_of_ours_ends_the_run_and_stays_visible(
    conn: db.Connection, pool: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a fault")

    monkeypatch.setattr(execution, "judge", broken)
    with serve(openai_reply(["Yes."])) as server:
        run = queue(conn, server.url)
        with pytest.raises(KeyError):
            execution.execute_run(pool, SECRETS, run.id, 1)
    ended = services.get_run(conn, run.id)
    assert (ended.status, ended.error_kind) == ("failed", "internal")
