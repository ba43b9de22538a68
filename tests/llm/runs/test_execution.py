"""A run against a scripted provider: what is stored, what watchers are told, how each failure ends."""

import json
from collections.abc import Sequence

import pytest

from blog.app import db
from blog.app.errors import Conflict, Invalid
from blog.app.llm.inputs import Inputs, Vocabulary
from blog.app.llm.runs import events, execution, services, store
from blog.app.llm.runs.models import Run
from tests.conftest import OneConnection
from tests.factories import Part, all_powerful, make_action, make_model
from tests.llm.providers.scripted import Reply, Script, json_reply, ollama_reply, openai_reply, serve

SECRETS = ("a secret for the tests only",)
VOCABULARY = Vocabulary(post=frozenset({"idea", "facts"}))
PARTS: Sequence[Part] = (("system", "role", "You are an editor."), ("user", "data", "{{ post.idea }}"))


def queue(
    conn: db.Connection,
    base_url: str = "http://127.0.0.1:9",
    *,
    protocol: str = "openai",
    parts: Sequence[Part] = PARTS,
    inputs: Inputs | None = None,
    **action: object,
) -> Run:
    model_id = make_model(conn, base_url, protocol)
    action_id = make_action(conn, parts, model_id=model_id, **action)  # pyright: ignore[reportArgumentType]
    prepared = services.prepare(
        conn,
        action_id=action_id,
        model_id=None,
        vocabulary=VOCABULARY,
        inputs=inputs or Inputs(post={"idea": "Why kilts?"}),
    )
    return services.enqueue_run(conn, all_powerful(conn), prepared)


def finish(conn: db.Connection, pool: OneConnection, script: Script, **options: object) -> Run:
    """Queues a run, plays the worker, and answers how it ended."""
    with serve(script) as server:
        run = queue(conn, server.url, **options)  # pyright: ignore[reportArgumentType]
        execution.execute_run(pool, SECRETS, run.id, 1)
    return services.get_run(conn, run.id)


def test_what_is_stored_is_what_was_sent(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["Be", "cause."])) as server:
        run = queue(conn, server.url, params={"temperature": 0.2})
        execution.execute_run(pool, SECRETS, run.id, 1)
        [received] = server.received
    exchange = services.get_exchange(conn, run.id)
    assert exchange.request_body == received.body.decode()
    assert received.json["temperature"] == 0.2
    assert [m["content"] for m in received.json["messages"]] == [m["content"] for m in run.messages]
    assert exchange.raw_reply is not None
    assert b"cause." in bytes(exchange.raw_reply)


def test_a_run_keeps_output_usage_and_times(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, openai_reply(["Be", "cause."], usage=(21, 9)))
    assert (run.status, run.output, run.checked_output) == ("succeeded", "Because.", "Because.")
    assert (run.usage_input, run.usage_output, run.usage_cached) == (21, 9, None)
    assert run.cost is None
    assert run.seconds is not None
    assert run.seconds_to_first_text is not None


def test_a_price_gives_a_cost(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["Yes."], usage=(1_000_000, 500_000))) as server:
        run = queue(conn, server.url)
        db.run(
            conn,
            """
            UPDATE llm_model SET price_input = 2, price_output = 10, price_currency = 'USD' WHERE id = %s
            """,
            (run.model_id,),
        )
        execution.execute_run(pool, SECRETS, run.id, 1)
    ended = services.get_run(conn, run.id)
    assert (str(ended.cost), ended.cost_currency) == ("7.000000", "USD")


def test_ollama_is_spoken_too(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, ollama_reply(["Be", "cause."]), protocol="ollama")
    assert (run.status, run.output) == ("succeeded", "Because.")


def test_watchers_are_told_from_start_to_done(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, openai_reply(["Be", "cause."]))
    told = list(events.follow(pool, None, run.id))
    assert told[0][1] == "started"
    assert "".join(data["text"] for _, kind, data in told if kind == "text") == "Because."
    assert (told[-1][1], told[-1][2]["status"]) == ("done", "succeeded")


def test_a_watcher_resumes_after_the_last_event_it_saw(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, openai_reply(["Be", "cause."]))
    told = list(events.follow(pool, None, run.id))
    assert list(events.follow(pool, None, run.id, after=told[1][0])) == told[2:]


def test_a_finished_run_is_told_from_its_row_after_pruning(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, openai_reply(["Be", "cause."]))
    db.run(conn, "UPDATE llm_run SET finished_at = finished_at - interval '2 hours'")
    assert store.delete_old_events(conn, older_than_minutes=60) > 0
    told = [(kind, data) for _, kind, data in events.follow(pool, None, run.id, after=1)]
    assert told[0][0] == "started"
    assert told[1] == ("text", {"text": "Because."})
    assert told[2][0] == "done"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (json_reply({"error": {"message": "Incorrect API key"}}, 401), "auth"),
        (json_reply({"error": {"message": "The model `x` does not exist"}}, 404), "not_found"),
        (json_reply({"error": {"message": "Slow down"}}, 429), "rate_limit"),
        (json_reply({"error": {"message": "Boom"}}, 500), "server"),
        (json_reply({"error": {"message": "It broke inside"}}), "server"),
        (Reply(pieces=[b"<html>hello</html>"], headers={"Content-Type": "text/html"}), "bad_response"),
    ],
)
def test_a_provider_that_fails_ends_the_run_with_its_words(
    conn: db.Connection, pool: OneConnection, script: Script, kind: str
) -> None:
    run = finish(conn, pool, script)
    assert (run.status, run.error_kind) == ("failed", kind)
    assert run.error_message
    assert run.checked_output is None


def test_a_provider_that_is_down_ends_the_run(conn: db.Connection, pool: OneConnection) -> None:
    run = queue(conn, "http://127.0.0.1:9")
    execution.execute_run(pool, SECRETS, run.id, 1)
    ended = services.get_run(conn, run.id)
    assert (ended.status, ended.error_kind) == ("failed", "unreachable")


def test_a_reply_cut_off_keeps_what_arrived(conn: db.Connection, pool: OneConnection) -> None:
    whole = openai_reply(["Half of ", "it"])
    cut = Reply(headers=whole.headers, pieces=list(whole.pieces)[:3], ending="cut")
    run = finish(conn, pool, cut)
    assert (run.status, run.error_kind) == ("failed", "truncated_stream")
    assert run.output == "Half of it"


def test_a_reply_that_fails_its_type_is_invalid_and_kept(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(
        conn,
        pool,
        openai_reply(['["one", "two"]']),
        output_kind="list",
        validators=[{"rule": "exact_count", "n": 3}],
    )
    assert run.status == "invalid"
    assert run.checked_output is None
    assert "3" in run.check_problems[0]
    assert run.output == '["one", "two"]'


def test_a_refusal_is_a_failure_and_never_an_empty_success(conn: db.Connection, pool: OneConnection) -> None:
    run = finish(conn, pool, openai_reply([], finish="content_filter"))
    assert (run.status, run.error_kind) == ("failed", "content_filter")


def test_nul_and_lone_surrogates_are_replaced_and_flagged(conn: db.Connection, pool: OneConnection) -> None:
    body = (
        b'data: {"choices":[{"index":0,"delta":{"content":"a\\u0000b\\ud800c"},"finish_reason":"stop"}]}\n\n'
    )
    reply = Reply(headers={"Content-Type": "text/event-stream"}, pieces=[body, b"data: [DONE]\n\n"])
    run = finish(conn, pool, reply)
    assert (run.status, run.output, run.has_replaced_chars) == ("succeeded", "a\ufffdb\ufffdc", True)
    told = "".join(d["text"] for _, kind, d in events.follow(pool, None, run.id) if kind == "text")
    assert told == "a\ufffdb\ufffdc"


def test_an_emoji_split_over_two_deltas_is_whole(conn: db.Connection, pool: OneConnection) -> None:
    halves = [
        b'data: {"choices":[{"index":0,"delta":{"content":"\\ud83e"}}]}\n\n',
        b'data: {"choices":[{"index":0,"delta":{"content":"\\udd73"},"finish_reason":"stop"}]}\n\n',
    ]
    reply = Reply(headers={"Content-Type": "text/event-stream"}, pieces=[*halves, b"data: [DONE]\n\n"])
    run = finish(conn, pool, reply)
    assert (run.output, run.has_replaced_chars) == ("\N{FACE WITH PARTY HORN AND PARTY HAT}", False)


def test_a_missing_input_is_refused_by_name_before_anything_is_stored(conn: db.Connection) -> None:
    before = db.scalar(conn, "SELECT count(*) FROM llm_run")
    with pytest.raises(Invalid) as refused:
        queue(conn, inputs=Inputs(post={"idea": "  "}))
    assert refused.value.details["missing"] == ["post.idea"]
    assert db.scalar(conn, "SELECT count(*) FROM llm_run") == before


def test_the_run_and_its_job_exist_together(conn: db.Connection) -> None:
    run = queue(conn)
    args = db.scalar(
        conn,
        "SELECT args FROM procrastinate_jobs WHERE task_name = 'llm.execute_run' ORDER BY id DESC LIMIT 1",
    )
    assert args == {"run_id": run.id}


def test_only_what_the_prompt_reads_is_kept_as_input(conn: db.Connection) -> None:
    run = queue(conn, inputs=Inputs(post={"idea": "Kilts", "facts": ["not read"]}))
    assert services.get_exchange(conn, run.id).inputs["post"] == {"idea": "Kilts"}


def test_a_second_worker_gets_nothing(conn: db.Connection, pool: OneConnection) -> None:
    run = queue(conn)
    assert store.claim_run(conn, run.id, 1) is not None
    assert store.claim_run(conn, run.id, 1) is None


def test_a_worker_that_lost_its_run_cannot_write_to_it(conn: db.Connection) -> None:
    run = queue(conn)
    store.claim_run(conn, run.id, 1)
    store.claim_run(conn, run.id, 2)
    assert store.insert_event(conn, run.id, 1, "text", {"text": "late"}) is False
    assert store.insert_event(conn, run.id, 2, "text", {"text": "now"}) is True


def test_only_an_event_that_may_be_lost_does_not_wait_for_the_disk(conn: db.Connection) -> None:
    run = queue(conn)
    store.claim_run(conn, run.id, 1)
    conn.execute("SET LOCAL synchronous_commit = on")
    store.insert_event(conn, run.id, 1, "retrying", {})
    assert db.scalar(conn, "SHOW synchronous_commit") == "on"
    store.insert_event(conn, run.id, 1, "text", {"text": "now"}, may_be_lost=True)
    assert db.scalar(conn, "SHOW synchronous_commit") == "off"


def test_a_run_whose_worker_died_three_times_fails_with_the_reason(
    conn: db.Connection, pool: OneConnection
) -> None:
    run = queue(conn)
    store.claim_run(conn, run.id, 3)
    execution.execute_run(pool, SECRETS, run.id, 4)
    ended = services.get_run(conn, run.id)
    assert (ended.status, ended.error_kind) == ("failed", "worker_lost")


def test_a_run_without_a_job_is_ended_for_those_who_wait(conn: db.Connection, pool: OneConnection) -> None:
    run = queue(conn)
    db.run(conn, "UPDATE llm_run SET created_at = now() - interval '1 minute'")
    assert execution.fail_abandoned(pool) == 0
    db.run(conn, "DELETE FROM procrastinate_jobs")
    assert execution.fail_abandoned(pool) == 1
    assert services.get_run(conn, run.id).error_kind == "worker_lost"


def test_stop_ends_a_queued_run_at_once(conn: db.Connection, pool: OneConnection) -> None:
    run = queue(conn)
    actor = all_powerful(conn)
    assert services.cancel_run(conn, actor, run.id).status == "cancelled"
    execution.execute_run(pool, SECRETS, run.id, 1)
    assert services.get_run(conn, run.id).status == "cancelled"
    with pytest.raises(Conflict):
        services.cancel_run(conn, actor, run.id)


def test_stop_before_the_call_means_no_call(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["never"])) as server:
        run = queue(conn, server.url)
        db.run(conn, "UPDATE llm_run SET cancel_requested_at = now() WHERE id = %s", (run.id,))
        execution.execute_run(pool, SECRETS, run.id, 1)
        assert server.received == []
    assert services.get_run(conn, run.id).status == "cancelled"


def test_an_idempotency_key_finds_its_run_again(conn: db.Connection) -> None:
    actor = all_powerful(conn)
    action_id = make_action(conn, PARTS, model_id=make_model(conn))
    prepared = services.prepare(
        conn,
        action_id=action_id,
        model_id=None,
        vocabulary=VOCABULARY,
        inputs=Inputs(post={"idea": "Why?"}),
    )
    first = services.enqueue_run(conn, actor, prepared, idempotency=services.idempotency("k", 1))
    again = services.enqueue_run(conn, actor, prepared, idempotency=services.idempotency("k", 1))
    assert again.id == first.id
    jobs = db.scalar(
        conn, "SELECT count(*) FROM procrastinate_jobs WHERE args->>'run_id' = %s", (str(first.id),)
    )
    assert jobs == 1
    with pytest.raises(Invalid):
        services.enqueue_run(conn, actor, prepared, idempotency=services.idempotency("k", 2))


def test_messages_are_stored_with_their_parts_and_marks(conn: db.Connection) -> None:
    run = queue(conn)
    system, data = run.messages
    assert (system["role"], system["content"], system["marks"]) == ("system", "You are an editor.", [])
    [[start, end, reference]] = data["marks"]
    assert (data["content"][start:end], reference) == ("Why kilts?", "post.idea")
    assert json.dumps(run.messages)
