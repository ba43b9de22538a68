"""Cases of a post: what is left of them for whoever may not see it."""

import pytest

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.automation import trying
from blog.app.errors import Conflict, Invalid, NotFound
from blog.app.llm.cases import batches, overview, services
from blog.app.llm.cases.models import Case
from blog.app.llm.cases.schemas import CaseBatchStart, CaseChange, GateChange
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.schemas import TrialKeep, TrialStart
from blog.app.workflow import services as workflow
from tests.access.people import ALL, make_narrow
from tests.conftest import OneConnection
from tests.factories import make_post
from tests.llm.cases.bench import VOCABULARY, Bench, make_bench
from tests.llm.providers.scripted import openai_reply, serve


def kept(bench: Bench, **fields: str) -> Case:
    """A case of a post that stands out of nora's sight, or has fields there."""
    post_id = make_post(bench.conn, bench.actor, idea="Why kilts?", **fields)
    of = TrialStart(post_id=post_id)
    trial = trying.start(bench.conn, bench.actor, bench.action_id, of)
    if not fields:
        workflow.move_post(bench.conn, bench.actor, post_id, "launch")
    return trials.keep(bench.conn, bench.actor, trial.id, TrialKeep(name="Hidden"))


@pytest.fixture
def nora(conn: db.Connection) -> Actor:
    return make_narrow(conn, {"planning": ALL})


@pytest.mark.parametrize("fields", [{}, {"conclusion": "Because of knees."}], ids=["its post", "a field"])
def test_a_case_out_of_sight_has_a_name_and_no_more(
    conn: db.Connection, pool: OneConnection, nora: Actor, fields: dict[str, str]
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    case = kept(bench, **fields)
    bench.case("Typed")
    assert [each.name for each in services.list_cases(conn, nora, bench.action_id)] == ["Typed"]
    seen = overview.get_overview(conn, nora, bench.action_id)
    assert [(each.name, each.is_required) for each in seen.hidden] == [("Hidden", False)]
    assert [row.case.name for row in seen.rows] == ["Typed"]
    change = CaseChange(name="Mine", base_version_id=case.version_id)
    for refused in (
        lambda: services.get_case(conn, nora, case.id),
        lambda: services.update_case(conn, nora, case.id, change),
        lambda: services.archive_case(conn, nora, case.id),
        lambda: services.bring_back_case(conn, nora, case.id),
    ):
        with pytest.raises(NotFound):
            refused()


def test_what_one_may_not_see_one_does_not_run(conn: db.Connection, pool: OneConnection, nora: Actor) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        case = kept(bench)
        bench.finish(bench.start())
        sent = len(server.received)
        with pytest.raises(Invalid, match="posts that you may not see"):
            batches.start(conn, nora, bench.action_id, CaseBatchStart(), VOCABULARY)
        bench.case("Typed")
        batch = batches.start(conn, nora, bench.action_id, CaseBatchStart(), VOCABULARY)
        assert [(each.case_name, each.state) for each in batch.results] == [
            ("Hidden", "left_out"),
            ("Typed", "waiting"),
        ]
        ended = bench.finish(batch)
        assert len(server.received) == sent + 1
        with pytest.raises(Conflict, match="nothing to go on with"):
            batches.go_on(conn, nora, batch.id, VOCABULARY)
        assert bench.go_on(ended).results[0].state == "waiting"
        assert bench.finish(ended).results[0].state == "passed"
    hidden = batches.get_batch(conn, nora, batch.id).results[0]
    assert (hidden.case_id, hidden.state, hidden.is_hidden) == (case.id, "passed", True)
    assert (hidden.run_id, hidden.checks, hidden.problem) == (None, [], "")


def test_its_runs_are_stopped_with_the_others(conn: db.Connection, pool: OneConnection, nora: Actor) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    kept(bench)
    batch = bench.start()
    assert batches.stop(conn, nora, batch.id).results[0].state == "stopped"


def test_the_gate_counts_it_by_its_name(conn: db.Connection, pool: OneConnection, nora: Actor) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    kept(bench)
    services.update_gate(conn, nora, bench.action_id, GateChange(least_percent=100))
    live = bench.draft().live_version_id or 0
    [objection] = services.get_gate_state(conn, bench.action_id, live).objections
    assert "“Hidden” has not been run on this version" in objection


def test_nobody_writes_a_case_out_of_their_own_sight(
    conn: db.Connection, pool: OneConnection, nora: Actor
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    post_id = make_post(conn, bench.actor, idea="Why kilts?")
    trial = trying.start(conn, nora, bench.action_id, TrialStart(post_id=post_id))
    case = trials.keep(conn, nora, trial.id, TrialKeep(name="Mine"))
    wrong = {"name": "Mine", "inputs": {"post": {"conclusion": "?"}}, "base_version_id": case.version_id}
    with pytest.raises(Invalid, match="a field that you may not see"):
        services.update_case(conn, nora, case.id, CaseChange.model_validate(wrong))
    assert services.get_case(conn, nora, case.id).inputs == case.inputs
