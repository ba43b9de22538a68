"""Cases run on a version: every way a case can go, and that only a pass is one."""

import json
from typing import Any

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden, Invalid
from blog.app.llm.cases import batches, services
from blog.app.llm.cases.schemas import CaseBatchStart, CaseChange, CaseContent
from blog.app.llm.runs import services as runs
from blog.app.llm.runs import store as run_store
from tests.conftest import OneConnection
from tests.factories import make_action, make_actor, make_model
from tests.llm.cases.bench import VOCABULARY, Bench, make_bench, make_judge, work
from tests.llm.providers.scripted import Reply, json_reply, openai_reply, serve

CONTAINS = {"rule": "contains", "texts": ["blanket"]}
PASS = '{"verdict": "pass", "score": 8, "reason": "Good."}'


def test_a_case_passes_when_all_its_checks_hold(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["A belted ", "blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case(checks=[CONTAINS, {"rule": "max_words", "n": 5}])
        batch = bench.start()
        assert (batch.state, batch.done) == ("working", 0)
        result = bench.only(batch)
    assert (result.state, result.usage_input, result.usage_output) == ("passed", 11, 7)
    assert [(check["rule"], check["problem"]) for check in result.checks] == [
        ("max_words", ""),
        ("contains", ""),
    ]
    ended = batches.get_batch(conn, bench.actor, batch.id)
    assert (ended.state, ended.done, ended.passed, ended.is_current) == ("finished", 1, 1, True)
    assert runs.get_run(conn, result.run_id or 0).purpose == "case"


def test_one_check_that_fails_fails_the_case(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["A skirt."])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case(checks=[CONTAINS, {"rule": "max_words", "n": 5}])
        result = bench.only(bench.start())
    assert result.state == "failed"
    assert result.checks[1]["problem"] == "“blanket” is not in the answer."


def test_an_answer_that_breaks_the_actions_own_promise_fails(
    conn: db.Connection, pool: OneConnection
) -> None:
    with serve(openai_reply(["Far too long"])) as server:
        bench = make_bench(conn, pool, server.url, validators=[{"rule": "max_words", "n": 1}])
        bench.case()
        result = bench.only(bench.start())
    assert (result.state, result.checks) == ("failed", [])
    assert "3 words" in result.check_problems[0]


def test_a_repaired_answer_is_held_to_the_checks_and_both_calls_cost(
    conn: db.Connection, pool: OneConnection
) -> None:
    with serve([openai_reply(["Far too long"]), openai_reply(["Blanket"])]) as server:
        bench = make_bench(
            conn,
            pool,
            server.url,
            validators=[{"rule": "max_words", "n": 1}],
            repair="Mend: {{ input.problems | join('; ') }}",
        )
        db.run(
            conn,
            "UPDATE llm_model SET price_input = 1000, price_output = 0, price_currency = 'USD' WHERE id = %s",
            (bench.model_id,),
        )
        bench.case(checks=[CONTAINS])
        batch = bench.start()
        result = bench.only(batch)
    assert (result.state, result.usage_input) == ("passed", 22)
    assert (str(result.cost), result.cost_currency) == ("0.022000", "USD")
    assert str(batches.get_batch(conn, bench.actor, batch.id).cost) == "0.022000"


def test_a_call_that_failed_is_an_error_and_can_be_tried_again(
    conn: db.Connection, pool: OneConnection
) -> None:
    with serve([json_reply({"error": {"message": "No such key"}}, 401), openai_reply(["blanket"])]) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case(checks=[CONTAINS])
        batch = bench.start()
        result = bench.only(batch)
        assert (result.state, result.error_message) == ("error", "No such key")
        again = bench.only(bench.go_on(batch))
    assert (again.id, again.state) == (result.id, "passed")
    with pytest.raises(Conflict, match="nothing to go on"):
        bench.go_on(batch)


def test_an_answer_of_the_fallback_model_is_no_pass(conn: db.Connection, pool: OneConnection) -> None:
    gone = json_reply({"error": {"message": "No such key"}}, 401)
    with serve(gone) as server, serve(openai_reply(["blanket"])) as other:
        bench = make_bench(conn, pool, server.url, fallback_model_id=make_model(conn, other.url))
        bench.case(checks=[CONTAINS])
        result = bench.only(bench.start())
    assert result.state == "failed"
    assert "answered instead" in result.checks[0]["problem"]


def test_a_case_that_lacks_an_input_is_left_out_and_the_others_run(
    conn: db.Connection, pool: OneConnection
) -> None:
    with serve(openai_reply(["blanket"])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case("Empty", idea=" ")
        bench.case("Kilts")
        first, second = bench.finish(bench.start()).results
    assert (first.state, second.state) == ("left_out", "passed")
    assert "post.idea_seed" in first.problem


def test_the_same_cannot_be_run_twice_at_once(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    bench.case()
    batch = bench.start()
    with pytest.raises(Conflict) as refused:
        bench.start()
    assert refused.value.details["batch_id"] == batch.id
    other = bench.start(llm_model_id=make_model(conn))
    assert other.id != batch.id


def test_cases_wait_behind_people(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["blanket"])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case()
        bench.start()
        prepared = runs.prepare(
            conn,
            action_id=bench.action_id,
            model_id=None,
            vocabulary=VOCABULARY,
            inputs=batches.snapshot.restore(bench.case("Other").inputs),
        )
        runs.enqueue_run(conn, bench.actor, prepared)
        assert work(conn, pool) == ["llm.execute_run", "llm.execute_case_run"]


# --- stopped, killed -----------------------------------------------------------------------------


def test_stop_ends_what_waits_and_going_on_runs_only_that(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["blanket"])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case("One")
        bench.case("Two")
        batch = bench.start()
        args = db.scalar(conn, "DELETE FROM procrastinate_jobs RETURNING args")
        conn.execute("DELETE FROM procrastinate_jobs")
        first = batch.results[0].run_id
        batches.judging.execution.execute_run(
            pool, ("a secret for the tests only",), first or 0, 1, batches.judging.CASE_TARGET
        )
        stopped = batches.stop(conn, bench.actor, batch.id)
        assert [result.state for result in stopped.results] == ["passed", "stopped"]
        assert (stopped.state, stopped.done) == ("stopped", 2)
        with pytest.raises(Conflict):
            batches.stop(conn, bench.actor, batch.id)
        ended = bench.finish(bench.go_on(batch))
        asked = len(server.received)
    assert args is not None
    assert [result.state for result in ended.results] == ["passed", "passed"]
    assert (ended.state, asked) == ("finished", 2)


def test_a_batch_survives_a_killed_worker(conn: db.Connection, pool: OneConnection) -> None:
    """A worker that died had taken the run up and written nothing; the job comes again as another attempt."""
    with serve(openai_reply(["blanket"])) as server:
        bench = make_bench(conn, pool, server.url)
        bench.case(checks=[CONTAINS])
        batch = bench.start()
        run_id = batch.results[0].run_id or 0
        assert run_store.claim_run(conn, run_id, 1) is not None
        assert batches.get_batch(conn, bench.actor, batch.id).results[0].state == "working"
        work(conn, pool, attempt=2)
    assert batches.get_batch(conn, bench.actor, batch.id).results[0].state == "passed"
    assert db.scalar(conn, "SELECT count(*) FROM llm_case_result") == 1


def test_a_run_that_was_lost_is_no_pass(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    bench.case()
    batch = bench.start()
    db.run(conn, "UPDATE llm_run SET created_at = now() - interval '1 minute'")
    db.run(conn, "DELETE FROM procrastinate_jobs")
    batches.judging.execution.fail_abandoned(pool)
    ended = batches.get_batch(conn, bench.actor, batch.id)
    assert (ended.state, ended.passed, ended.results[0].state) == ("finished", 0, "error")


# --- judges --------------------------------------------------------------------------------------


def judged(conn: db.Connection, pool: OneConnection, said: Reply | list[Reply], **content: Any) -> tuple:
    """A bench with a case that a judge judges, the batch at its end, and what the judge was asked."""
    with serve(openai_reply(["A blanket."])) as server, serve(said) as judge:
        bench = make_bench(conn, pool, server.url)
        bench.case(
            judge_action_id=make_judge(conn, judge.url), judge_criteria="Be brief.", judge_least=7, **content
        )
        batch = bench.start()
        return bench, batch, bench.only(batch), judge.received


def test_a_judge_is_asked_about_the_answer_and_its_word_counts(
    conn: db.Connection, pool: OneConnection
) -> None:
    _, _, result, received = judged(conn, pool, openai_reply([PASS]))
    assert (result.state, float(result.score)) == ("passed", 8.0)
    assert "A blanket. Be brief." in received[0].json["messages"][-1]["content"]
    assert result.usage_input == 22
    assert runs.get_run(conn, result.judge_run_id).purpose == "case"


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"verdict": "fail", "score": 9}, "The judge said fail"),
        ({"verdict": "pass", "score": 6.9, "reason": "Dull."}, "6.9, at least 7 was asked for. Dull."),
    ],
)
def test_a_judge_can_fail_an_answer(
    conn: db.Connection, pool: OneConnection, said: dict, problem: str
) -> None:
    _, _, result, _ = judged(conn, pool, openai_reply([json.dumps(said)]))
    assert result.state == "failed"
    assert problem in result.checks[-1]["problem"]


@pytest.mark.parametrize(
    "said",
    [
        openai_reply(["I would rather not say."]),
        openai_reply(['{"verdict": "perhaps", "score": 9}']),
        openai_reply(['{"score": 9}']),
        json_reply({"error": {"message": "Busy"}}, 401),
        openai_reply([], finish="content_filter"),
    ],
    ids=["prose", "no verdict", "half", "refused", "filtered"],
)
def test_a_judge_that_fails_to_answer_has_not_judged(
    conn: db.Connection, pool: OneConnection, said: Reply
) -> None:
    bench, batch, result, _ = judged(conn, pool, said)
    assert result.state == "not_judged"
    assert batches.get_batch(conn, bench.actor, batch.id).passed == 0


def test_a_judge_that_cannot_be_asked_has_not_judged(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        judge_model = make_model(conn)
        judge = make_judge(conn, "http://127.0.0.1:9")
        bench.case(judge_action_id=judge, judge_model_id=judge_model, judge_least=7)
        batch = bench.start()
        db.run(conn, "UPDATE llm_model SET is_enabled = false WHERE id = %s", (judge_model,))
        result = bench.only(batch)
    assert result.state == "not_judged"
    assert "could not be asked" in result.checks[-1]["problem"]


def test_going_on_asks_only_the_judge_again(conn: db.Connection, pool: OneConnection) -> None:
    verdicts = [openai_reply(["Hm."]), openai_reply([PASS])]
    with serve(openai_reply(["A blanket."])) as server, serve(verdicts) as other:
        bench = make_bench(conn, pool, server.url)
        bench.case(judge_action_id=make_judge(conn, other.url), judge_least=7)
        batch = bench.start()
        before = bench.only(batch)
        after = bench.only(bench.go_on(batch))
        assert (before.state, after.state) == ("not_judged", "passed")
        assert len(server.received) == 1
    assert before.run_id == after.run_id
    assert after.judge_run_id != before.judge_run_id


def test_what_fails_its_checks_is_not_put_to_the_judge(conn: db.Connection, pool: OneConnection) -> None:
    _, _, result, received = judged(
        conn, pool, openai_reply([PASS]), checks=[{"rule": "contains", "texts": ["kilt"]}]
    )
    assert (result.state, received) == ("failed", [])


# --- who may -------------------------------------------------------------------------------------


def test_running_and_changing_cases_ask_for_permission(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    case = bench.case()
    viewer, author = make_actor(conn, "vera", "viewer"), make_actor(conn, "andy", "author")
    with pytest.raises(Forbidden):
        batches.start(conn, viewer, bench.action_id, CaseBatchStart(), VOCABULARY)
    with pytest.raises(Forbidden):
        services.create_case(conn, author, bench.action_id, CaseContent(name="Mine"))
    with pytest.raises(Forbidden):
        services.archive_case(conn, author, case.id)
    batch = batches.start(conn, author, bench.action_id, CaseBatchStart(), VOCABULARY)
    with pytest.raises(Forbidden):
        batches.stop(conn, viewer, batch.id)


def test_what_no_case_can_be_is_refused(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    with pytest.raises(Invalid, match="no case yet"):
        bench.start()
    bench.case()
    judge = make_judge(conn, "http://127.0.0.1:9")
    nosy = make_action(
        conn,
        [("user", "data", "{{ post.subtitle }} {{ input.answer }}")],
        output_kind="json",
        output_schema={"type": "object", "required": ["verdict", "score"]},
    )
    refused: list[tuple[dict, str]] = [
        ({"judge_action_id": judge}, "score of the judge"),
        ({"judge_least": 5}, "Choose who judges"),
        ({"judge_action_id": bench.action_id, "judge_least": 5}, "its own answers"),
        ({"judge_action_id": judge, "judge_least": 5, "judge_model_id": 0}, "no such model"),
        ({"judge_action_id": nosy, "judge_least": 5}, "post.subtitle"),
        ({"checks": [{"rule": "similar", "least": 0.5}]}, "reference"),
    ]
    for content, words in refused:
        with pytest.raises(Invalid, match=words):
            bench.case("Another", **content)
    with pytest.raises(Conflict, match="named “Kilts” already"):
        bench.case()
    with pytest.raises(Invalid, match="no cases of this action"):
        bench.start(case_ids=[0])


def test_two_who_change_a_case_do_not_lose_each_others_words(
    conn: db.Connection, pool: OneConnection
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    case = bench.case()
    mine = {"base_version_id": case.version_id, "name": "Kilts", "inputs": case.inputs, "checks": [CONTAINS]}
    changed = services.update_case(conn, bench.actor, case.id, CaseChange.model_validate(mine))
    assert (changed.number, changed.checks) == (2, [CONTAINS])
    with pytest.raises(Conflict, match="meanwhile"):
        services.update_case(conn, bench.actor, case.id, CaseChange.model_validate({**mine, "checks": []}))
    same = {**mine, "base_version_id": changed.version_id, "is_required": True}
    required = services.update_case(conn, bench.actor, case.id, CaseChange.model_validate(same))
    assert (required.number, required.is_required) == (2, True)


def _deactivate(conn: db.Connection, actor: Actor) -> None:
    db.run(conn, "UPDATE app_user SET deactivated_at = now() WHERE id = %s", (actor.user_id,))


def test_the_judge_of_somebody_who_left_is_not_asked(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench: Bench = make_bench(conn, pool, server.url)
        bench.case(judge_action_id=make_judge(conn, "http://127.0.0.1:9"), judge_least=1)
        batch = bench.start()
        _deactivate(conn, bench.actor)
        result = bench.only(batch)
    assert result.state == "not_judged"
