"""The run history: narrowed, searched, compared, exported, replayed."""

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth.models import Actor
from blog.app.errors import Conflict, Forbidden
from blog.app.insight import history
from blog.app.insight.schemas import RunQuery
from blog.app.llm.runs import execution, search_store, services
from blog.app.llm.runs.models import Run
from tests.automation.desk import Desk
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_actor, make_model
from tests.llm.callers import Browser, Program, SignIn
from tests.llm.providers.scripted import json_reply, openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, queue

MakeDesk = Callable[..., Desk]


@pytest.fixture
def actor(conn: db.Connection) -> Actor:
    return all_powerful(conn)


def ended(conn: db.Connection, pool: OneConnection, *texts: str, **options: object) -> list[Run]:
    """Runs that have answered these texts, each of an action and a model of its own; searchable."""
    made: list[Run] = []
    for text in texts:
        with serve(openai_reply([text])) as server:
            run = queue(conn, server.url, **options)  # pyright: ignore[reportArgumentType]
            execution.execute_run(pool, SECRETS, run.id, 1)
        made.append(services.get_run(conn, run.id))
    search_store.update_waiting(conn, 100)
    return made


def listed(conn: db.Connection, actor: Actor, **asked: object) -> list[int]:
    return [run.id for run in history.list_runs(conn, actor, RunQuery.model_validate(asked)).items]


def test_runs_are_narrowed_by_what_they_are(conn: db.Connection, pool: OneConnection, actor: Actor) -> None:
    one, other = ended(conn, pool, "Wool.", "Rain.")
    failed = queue(conn)
    execution.execute_run(pool, SECRETS, failed.id, 1)
    provider_id = db.scalar(conn, "SELECT llm_provider_id FROM llm_model WHERE id = %s", (one.model_id,))
    assert listed(conn, actor) == [failed.id, other.id, one.id]
    assert listed(conn, actor, status="failed") == [failed.id]
    assert listed(conn, actor, error_kind="unreachable") == [failed.id]
    assert listed(conn, actor, llm_action_id=one.action_id) == [one.id]
    assert listed(conn, actor, action_version_id=other.action_version_id) == [other.id]
    assert listed(conn, actor, llm_model_id=other.model_id) == [other.id]
    assert listed(conn, actor, llm_provider_id=provider_id) == [one.id]
    assert listed(conn, actor, llm_provider_id=provider_id, llm_action_id=other.action_id) == []
    assert listed(conn, actor, person=str(one.user_id)) == [one.id]
    assert listed(conn, actor, person="me") == listed(conn, actor, person="nobody") == []
    assert listed(conn, actor, purpose="use", limit=1, after=failed.id) == [other.id]


def test_runs_are_narrowed_by_day(conn: db.Connection, pool: OneConnection, actor: Actor) -> None:
    old, new = ended(conn, pool, "Wool.", "Rain.")
    db.run(conn, "UPDATE llm_run SET created_at = created_at - interval '9 days' WHERE id = %s", (old.id,))
    today = datetime.now(UTC).date()
    day = timedelta(days=1)
    assert listed(conn, actor, since=today - 2 * day, until=today + day) == [new.id]
    assert listed(conn, actor, since=today - 10 * day, until=today - 2 * day) == [old.id]
    assert listed(conn, actor, until=today - 30 * day) == listed(conn, actor, since=today + 2 * day) == []


def test_runs_are_narrowed_by_post_and_stage(desk: MakeDesk) -> None:
    made = desk()
    run = made.work(made.start())
    stage = db.scalar(
        made.conn, "SELECT workflow_sub_stage_id FROM workflow_field WHERE id = %s", (made.field_id,)
    )
    queue(made.conn)
    assert listed(made.conn, made.actor, post_id=made.post_id) == [run.id]
    assert listed(made.conn, made.actor, sub_stage_id=stage) == [run.id]
    assert listed(made.conn, made.actor, sub_stage_id=stage + 1) == []


def test_words_of_answer_and_messages_are_found(
    conn: db.Connection, pool: OneConnection, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    wool, rain = ended(conn, pool, "Wool is warm.", "Rain is wet.")
    for probe in (200, 1):  # the way through the newest runs, and the way through the index
        monkeypatch.setattr(history, "PROBE", probe)
        assert listed(conn, actor, search="warm wool") == [wool.id]
        assert listed(conn, actor, search="wet") == [rain.id]
        assert listed(conn, actor, search="kil") == [rain.id, wool.id]  # “Why kilts?” was asked of both
        assert listed(conn, actor, search='"warm wool"') == []
        assert listed(conn, actor, search="kilts", llm_action_id=wool.action_id) == [wool.id]


def test_a_run_is_searchable_once_the_worker_has_been_round(
    conn: db.Connection, pool: OneConnection, actor: Actor
) -> None:
    run = queue(conn)
    execution.execute_run(pool, SECRETS, run.id, 1)
    assert listed(conn, actor, search="kilts") == []
    assert search_store.update_waiting(conn, 10) == 1
    assert listed(conn, actor, search="kilts") == [run.id]
    assert search_store.update_waiting(conn, 10) == 0


def test_nobody_sees_runs_who_may_not(conn: db.Connection) -> None:
    with pytest.raises(Forbidden):
        listed(conn, make_actor(conn, "eve"))


# --- comparing -----------------------------------------------------------------------------------


def test_two_runs_are_compared(conn: db.Connection, pool: OneConnection, actor: Actor) -> None:
    one, other = ended(conn, pool, "Wool is warm.", "Wool is very warm.")
    found = history.compare(conn, actor, one.id, other.id)
    assert [segment.text for segment in found.output.segments if segment.kind == "added"] == ["very "]
    assert [message.differs for message in found.messages] == [False, True]  # the fence is made anew
    facts = {fact.name: fact for fact in found.facts}
    assert facts["Model"].differs
    assert not facts["Status"].differs


# --- replaying -----------------------------------------------------------------------------------


def test_a_replay_sends_the_same_bytes(conn: db.Connection, pool: OneConnection, actor: Actor) -> None:
    with serve([openai_reply(["Wool."]), openai_reply(["Rain."])]) as server:
        run = queue(conn, server.url, params={"temperature": 0.2})
        execution.execute_run(pool, SECRETS, run.id, 1)
        db.run(conn, """UPDATE llm_action_version SET params = '{"temperature": 1}'""")
        again = services.create_replay(conn, actor, run.id)
        execution.execute_run(pool, SECRETS, again.id, 1)
        first, second = server.received
    assert first.body == second.body
    assert services.get_exchange(conn, again.id).request_body == first.body.decode()
    ran = services.get_run(conn, again.id)
    assert (ran.output, ran.purpose, ran.replay_of_id) == ("Rain.", "test", run.id)


def test_a_replay_is_neither_mended_nor_put_to_another_model(
    conn: db.Connection, pool: OneConnection, actor: Actor
) -> None:
    with serve([openai_reply(['["one"]']), openai_reply(['["one", "two"]'])]) as server:
        run = queue(
            conn,
            server.url,
            output_kind="list",
            validators=[{"rule": "exact_count", "n": 2}],
            repair="Mend: {{ input.problems | join('; ') }}",
            fallback_model_id=make_model(conn),
        )
        execution.execute_run(pool, SECRETS, run.id, 1)
        again = services.create_replay(conn, actor, run.id)
    execution.execute_run(pool, SECRETS, again.id, 1)  # nobody listens any more
    ended_again = services.get_run(conn, again.id)
    assert (ended_again.error_kind, ended_again.model_id) == ("unreachable", run.model_id)
    assert ended_again.repaired_by_id is None


def test_what_cannot_be_the_same_again_is_refused(
    conn: db.Connection, pool: OneConnection, actor: Actor
) -> None:
    queued = queue(conn)
    with pytest.raises(Conflict, match="not ended"):
        services.create_replay(conn, actor, queued.id)
    services.cancel_run(conn, actor, queued.id)
    with pytest.raises(Conflict, match="sent nothing"):
        services.create_replay(conn, actor, queued.id)
    [run] = ended(conn, pool, "Wool.")
    db.run(conn, "UPDATE llm_provider SET base_url = 'http://127.0.0.1:2'")
    with pytest.raises(Conflict, match="another address"):
        services.create_replay(conn, actor, run.id)
    db.run(conn, "UPDATE llm_model SET is_enabled = false, is_default = false")
    with pytest.raises(Conflict, match="switched off"):
        services.create_replay(conn, actor, run.id)


def test_a_key_goes_to_no_other_server_even_if_the_address_changes_last(
    conn: db.Connection, pool: OneConnection, actor: Actor
) -> None:
    [run] = ended(conn, pool, "Wool.")
    again = services.create_replay(conn, actor, run.id)
    with serve(openai_reply(["Rain."])) as server:
        db.run(conn, "UPDATE llm_provider SET base_url = %s", (server.url,))
        execution.execute_run(pool, SECRETS, again.id, 1)
        assert server.received == []
    assert services.get_run(conn, again.id).error_kind == "conflict"


# --- the edges -----------------------------------------------------------------------------------


def test_an_export_has_every_run_that_matches(
    conn: db.Connection,
    pool: OneConnection,
    client: FlaskClient,
    as_user: SignIn,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(history, "EXPORTED_AT_ONCE", 2)
    made = ended(conn, pool, "Wool.", "=SUM(A1)", "Rain.")
    assert actor.user_id is not None
    as_user(client, make_actor(conn, "ed", "editor").user_id or 0)
    lines = client.get("/llm/runs/export").text.splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["id"] for row in rows] == [run.id for run in reversed(made)]
    assert rows[1]["output"] == "=SUM(A1)"
    assert rows[1]["messages"][0]["content"] == "You are an editor."
    answer = client.get("/llm/runs/export?format=csv&status=succeeded")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="runs.csv"'
    table = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["output"] for row in table] == ["Rain.", "'=SUM(A1)", "Wool."]
    assert client.get("/llm/runs/export?format=xml").status_code == 422


def test_the_pages_of_the_history(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn
) -> None:
    editor = make_actor(conn, "ed", "editor")
    browser = Browser(as_user(client, editor.user_id or 0))
    assert "No runs yet" in browser.get("/llm/runs")
    one, other = ended(conn, pool, "Wool is <b>warm</b>.", "Rain.")
    assert f"/llm/runs/{one.id}" in browser.get("/llm/runs?search=wool&since=2020-01-01")
    assert "No such runs" in browser.get("/llm/runs?search=zeppelin")
    page = browser.get(f"/llm/runs?llm_action_id={one.action_id}&action_version_id={other.action_version_id}")
    assert f'href="/llm/runs/{one.id}"' in page  # the version of another action is let go
    compared = browser.get(f"/llm/runs/comparison?run={one.id}&run={other.id}")
    assert "&lt;b&gt;warm" in compared
    assert "Choose two different runs" in browser.get(f"/llm/runs/comparison?run={one.id}", 422)
    browser.get(f"/llm/runs/comparison?run={one.id}&run=999999", 404)
    browser.get("/llm/runs?since=yesterday", 422)
    to = browser.post(f"/llm/runs/{one.id}/replays")
    assert f'Replay of</dt><dd><a href="/llm/runs/{one.id}"' in browser.get(to)


def test_the_same_over_rest(conn: db.Connection, pool: OneConnection, client: FlaskClient) -> None:
    with serve([json_reply({"error": {"message": "Boom"}}, 500)]) as server:
        run = queue(conn, server.url)
        execution.execute_run(pool, SECRETS, run.id, 1)
    program = Program(conn, client, make_actor(conn, "ed", "editor"))
    found = program.call("GET", "/runs?error_kind=server&person=" + str(run.user_id))
    assert [each["id"] for each in found["items"]] == [run.id]
    again = program.call("POST", f"/runs/{run.id}/replays", status=202)
    compared = program.call("GET", f"/runs/{run.id}/comparisons/{again['id']}")
    assert compared["other"]["replay_of_id"] == run.id
