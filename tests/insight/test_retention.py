"""How long runs are kept: what goes when its time is over, and what stays whatever the rules say."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.automation import services as automation
from blog.app.automation import suggestions, trying
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.insight import history, retention
from blog.app.insight.retention_models import Dropped
from blog.app.insight.schemas import RetentionChange, RunQuery
from blog.app.llm.runs import ending, execution, search_store, services
from blog.app.llm.runs.models import Run
from blog.app.llm.trials.schemas import TrialStart
from tests.access.people import ALL, make_narrow
from tests.automation.desk import Desk
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_action, make_actor, make_model, make_post
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.providers.scripted import openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, queue
from tests.llm.runs.test_usage import counted

MakeDesk = Callable[..., Desk]


def rules(conn: db.Connection, **days: int) -> None:
    """Such as reply_failed=3."""
    said = [
        {"what": what, "status": status, "days": count}
        for name, count in days.items()
        for what, status in [name.split("_")]
    ]
    retention.change_rules(conn, all_powerful(conn), RetentionChange.model_validate({"rules": said}))


def ended(conn: db.Connection, pool: OneConnection, *, days_ago: int) -> Run:
    with serve(openai_reply(["Wool."])) as server:
        run = queue(conn, server.url)
        execution.execute_run(pool, SECRETS, run.id, 1)
    search_store.update_waiting(conn, 10)
    age(conn, run.id, days_ago)
    return services.get_run(conn, run.id)


def age(conn: db.Connection, run_id: int, days: int) -> None:
    """As if it had ended then, and been counted then."""
    db.run(
        conn,
        "UPDATE llm_run SET finished_at = now() - make_interval(days => %s) WHERE id = %s",
        (days, run_id),
    )
    ending.recount(conn)


def test_by_itself_everything_is_kept(conn: db.Connection, pool: OneConnection) -> None:
    run = ended(conn, pool, days_ago=30_000)
    assert retention.apply(pool) == Dropped(replies=0, messages=0, runs=0)
    assert services.get_exchange(conn, run.id).raw_reply


def test_a_raw_reply_goes_when_its_time_is_over(conn: db.Connection, pool: OneConnection) -> None:
    old, new = ended(conn, pool, days_ago=8), ended(conn, pool, days_ago=6)
    rules(conn, reply_succeeded=7, reply_failed=1)
    assert retention.apply(pool) == Dropped(replies=1, messages=0, runs=0)
    assert services.get_exchange(conn, old.id).raw_reply is None
    assert services.get_exchange(conn, new.id).raw_reply
    kept = services.get_run(conn, old.id)
    assert (kept.output, kept.checked_output) == ("Wool.", "Wool.")
    assert kept.reply_dropped_at is not None
    assert retention.apply(pool).replies == 0


def test_who_may_see_a_run_goes_by_what_it_read_also_when_that_is_gone(
    conn: db.Connection, pool: OneConnection
) -> None:
    actor = all_powerful(conn)
    nora = make_narrow(conn, {"planning": ALL})
    post_id = make_post(conn, actor, conclusion="Because of knees.")
    action_id = make_action(conn, [("user", "task", "{{ post.conclusion }}")], model_id=make_model(conn))
    trial = trying.start(conn, actor, action_id, TrialStart(post_id=post_id))
    execution.execute_run(pool, SECRETS, trial.runs[0].id, 1)
    age(conn, trial.runs[0].id, 8)
    rules(conn, messages_failed=7)
    assert retention.apply(pool).messages == 1
    assert services.get_seen_run(conn, actor, trial.runs[0].id).messages == []
    with pytest.raises(NotFound):
        services.get_seen_run(conn, nora, trial.runs[0].id)


def test_without_its_messages_a_run_says_so_wherever_they_are_needed(
    conn: db.Connection, pool: OneConnection
) -> None:
    run = ended(conn, pool, days_ago=8)
    actor = all_powerful(conn)
    rules(conn, messages_succeeded=7)
    assert retention.apply(pool).messages == 1
    exchange = services.get_exchange(conn, run.id)
    assert (exchange.request_body, services.get_run(conn, run.id).messages) == (None, [])
    assert exchange.inputs == {
        "post": {"idea": None},
        "section": {},
        "sections": [{}],
        "selection": None,
        "input": {},
    }
    for repeat in (
        lambda: services.create_replay(conn, actor, run.id),
        lambda: services.create_refinement(conn, actor, run.id, "Shorter."),
        lambda: automation.retry(conn, actor, run.id),
    ):
        with pytest.raises(Conflict, match="not kept any more"):
            repeat()
    assert history.list_runs(conn, actor, RunQuery(after=None, limit=9, search="kilts")).items == []
    found = history.list_runs(conn, actor, RunQuery(after=None, limit=9, search="wool")).items
    assert [item.id for item in found] == [run.id]


def test_a_whole_run_goes_and_usage_stays(
    conn: db.Connection, pool: OneConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    old = [ended(conn, pool, days_ago=8) for _ in range(3)]
    before = counted(conn)
    rules(conn, run_succeeded=7)
    assert retention.apply(pool).runs == 3
    with pytest.raises(NotFound):
        services.get_run(conn, old[0].id)
    assert counted(conn) == before
    ending.recount(conn)
    assert counted(conn) == before


def test_a_revision_never_loses_the_number_of_its_run(desk: MakeDesk, pool: OneConnection) -> None:
    with serve([openai_reply([text]) for text in ("Kept.", "Waits.", "Turned down.")]) as server:
        made = desk(server.url)
        accepted = made.work(made.start())
        suggestions.accept(made.conn, made.actor, made.waiting()[0].id, base_revision_id=None)
        waiting = made.work(made.start())
        turned_down = made.work(made.start())
    suggestions.discard(made.conn, made.actor, made.waiting()[0].id)
    for run in (accepted, waiting, turned_down):
        age(made.conn, run.id, 400)
    rules(made.conn, run_succeeded=7)
    assert retention.apply(pool).runs == 1
    current = made.current()
    assert current is not None
    assert current.llm_run_id == accepted.id
    assert services.get_run(made.conn, accepted.id).output == "Kept."
    assert [each.run_id for each in made.waiting()] == [waiting.id]


def test_a_run_that_another_follows_stays(conn: db.Connection, pool: OneConnection) -> None:
    run = ended(conn, pool, days_ago=8)
    automation.refine(conn, all_powerful(conn), run.id, "Shorter.")
    rules(conn, run_succeeded=7)
    assert retention.apply(pool).runs == 0


def test_only_who_may_decides_it(conn: db.Connection) -> None:
    change = RetentionChange(rules=[])
    with pytest.raises(Forbidden):
        retention.change_rules(conn, make_actor(conn, "ed", "editor"), change)
    assert retention.change_rules(conn, make_actor(conn, "ada", "administrator"), change) == []


def test_two_rules_for_the_same_are_refused(conn: db.Connection) -> None:
    rule = {"what": "run", "status": "failed", "days": 3}
    with pytest.raises(Invalid):
        retention.change_rules(
            conn,
            make_actor(conn, "ada", "administrator"),
            RetentionChange.model_validate({"rules": [rule, {**rule, "days": 4}]}),
        )


def test_the_page_asks_twice_and_keeps_what_was_typed(
    conn: db.Connection, client: FlaskClient, as_user: SignIn
) -> None:
    browser = Browser(as_user(client, make_actor(conn, "ada", "administrator").user_id or 0))
    assert "Everything is kept for ever" in browser.get("/llm/retention")
    page = browser.post("/llm/retention", 422, reply_failed="30")
    assert "cannot be brought back" in page
    assert 'value="30"' in page
    assert "greater than or equal" in browser.post("/llm/retention", 422, reply_failed="0", understood="1")
    assert browser.post("/llm/retention", reply_failed="30", understood="1") == "/llm/retention?saved=1"
    assert 'value="30"' in browser.get("/llm/retention?saved=1")
    assert browser.post("/llm/retention", reply_failed="") == "/llm/retention?saved=1"
    assert "Everything is kept for ever" in browser.get("/llm/retention")


def test_the_same_over_rest(conn: db.Connection, client: FlaskClient) -> None:
    program = Program(conn, client, make_actor(conn, "ada", "administrator"))
    rule = {"what": "messages", "status": "failed", "days": 90}
    [kept] = program.call("PUT", "/retention", {"rules": [rule]})
    assert {name: kept[name] for name in rule} == rule
    assert program.call("GET", "/retention") == [kept]
    program.call("PUT", "/retention", {"rules": [{**rule, "status": "running"}]}, status=422)
