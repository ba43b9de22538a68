"""The pages of tests and cases as a browser without scripts uses them."""

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from blog.app import db
from blog.app.llm.cases import services as cases
from blog.app.llm.trials import services as trials
from tests.conftest import OneConnection
from tests.factories import make_post
from tests.llm.cases.bench import Bench, make_bench, work
from tests.llm.providers.scripted import openai_reply, serve

SignIn = Callable[[FlaskClient, int], FlaskClient]


@pytest.fixture
def bench(conn: db.Connection, pool: OneConnection) -> Bench:
    return make_bench(conn, pool, "http://127.0.0.1:9")


@pytest.fixture
def editor(client: FlaskClient, as_user: SignIn, bench: Bench) -> FlaskClient:
    assert bench.actor.user_id is not None
    return as_user(client, bench.actor.user_id)


def csrf(client: FlaskClient, address: str) -> str:
    page = client.get(address).text
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]


def post(client: FlaskClient, address: str, page: str, **form: Any) -> TestResponse:
    return client.post(address, data={"csrf_token": csrf(client, page), **form})


def test_typed_values_are_held_to_their_fields_and_kept_when_refused(
    bench: Bench, editor: FlaskClient
) -> None:
    there = f"/llm/actions/{bench.action_id}/test"
    sent = {"by_hand": "1", "post.idea_seed": " ", "version_ids": "", "llm_model_ids": ["", ""]}
    refused = post(editor, there, there, **sent)
    assert refused.status_code == 422
    assert "post.idea_seed" in refused.text
    begun = post(editor, there, there, **{**sent, "post.idea_seed": "Why <kilts>?"})
    assert begun.status_code == 303
    page = editor.get(begun.headers["Location"])
    assert "values typed by hand" in page.text
    again = editor.get(f"{there}?trial_id={begun.headers['Location'].rsplit('/', 1)[1]}")
    assert "Why &lt;kilts&gt;?" in again.text


def test_a_run_leads_to_its_test_or_its_cases(conn: db.Connection, bench: Bench, editor: FlaskClient) -> None:
    post_id = make_post(conn, bench.actor, idea="Why kilts?")
    there = f"/llm/actions/{bench.action_id}/test"
    begun = post(editor, there, there, post_id=str(post_id), section_id="")
    trial = trials.get_trial(conn, bench.actor, int(begun.headers["Location"].rsplit("/", 1)[1]))
    bench.case()
    result = bench.start().results[0]
    for run_id, place in (
        (trial.runs[0].id, f"/llm/trials/{trial.id}"),
        (result.run_id, f"/llm/case-batches/{result.batch_id}"),
    ):
        assert editor.get(f"/llm/runs/{run_id}/target").headers["Location"] == place
        shown = editor.get(f"/llm/runs/{run_id}/target", headers={"HX-Request": "true"})
        assert place in shown.text


def test_a_case_is_written_run_and_put_away_on_its_pages(
    conn: db.Connection, pool: OneConnection, client: FlaskClient, as_user: SignIn
) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        editor = as_user(client, bench.actor.user_id or 0)
        base = f"/llm/actions/{bench.action_id}"
        wrong = {"name": "Kilts", "inputs": "{oops", "contains": "blanket", "is_required": "1"}
        refused = post(editor, f"{base}/cases", f"{base}/cases/new", **wrong)
        assert (refused.status_code, "this is not JSON" in refused.text) == (422, True)
        assert "{oops" in refused.text
        right = {**wrong, "inputs": '{"post": {"idea_seed": "Why?"}}'}
        assert post(editor, f"{base}/cases", f"{base}/cases/new", **right).status_code == 303
        [case] = cases.list_cases(conn, bench.actor, bench.action_id)
        assert (case.checks, case.is_required) == ([{"rule": "contains", "texts": ["blanket"]}], True)
        live = bench.draft().live_version_id
        batch = post(editor, f"{base}/case-batches", f"{base}/cases", version_id=str(live))
        again = post(editor, f"{base}/case-batches", f"{base}/cases", version_id=str(live))
        assert batch.headers["Location"] == again.headers["Location"]
        work(conn, pool)
    assert "1 of 1 done, <b>1 passed</b>, finished" in editor.get(batch.headers["Location"]).text
    seen = editor.get(f"{base}/cases").text
    assert "not run" in seen  # on the draft
    assert post(editor, f"{base}/gate", f"{base}/cases", least_percent="120").status_code == 422
    assert post(editor, f"{base}/gate", f"{base}/cases", least_percent="80").status_code == 303
    post(editor, f"/llm/cases/{case.id}/archival", f"/llm/cases/{case.id}")
    assert "No cases yet" in editor.get(f"{base}/cases").text


def test_two_tabs_on_one_case_lose_nothing(bench: Bench, editor: FlaskClient) -> None:
    case = bench.case()
    there = f"/llm/cases/{case.id}"
    form = {"name": "Kilts", "inputs": "{}", "base_version_id": str(case.version_id)}
    assert post(editor, there, there, **form, contains="blanket").status_code == 303
    refused = post(editor, there, there, **form, contains="tartan")
    assert refused.status_code == 409
    assert "tartan" in refused.text
    assert "What is there now" in refused.text
    assert "blanket" in refused.text


def test_a_cases_input_is_written_field_by_field(
    conn: db.Connection, bench: Bench, editor: FlaskClient
) -> None:
    case = bench.case()
    kept = {**case.inputs, "input": {"criteria": "Nothing reads this now"}}
    conn.execute("UPDATE llm_case_version SET inputs = %s WHERE id = %s", (db.jsonb(kept), case.version_id))
    there = f"/llm/cases/{case.id}/input"
    assert "Why kilts?" in editor.get(there).text
    sent = {"base_version_id": str(case.version_id), "post.idea_seed": "Why <tartan>?"}
    assert post(editor, there, there, **sent).status_code == 303
    after = cases.get_case(conn, bench.actor, case.id)
    assert (after.inputs["post"], after.inputs["input"]) == ({"idea_seed": "Why <tartan>?"}, kept["input"])
    assert (after.number, after.name, after.checks) == (case.number + 1, case.name, case.checks)
    refused = post(editor, there, there, **{**sent, "post.idea_seed": "Mine"})
    assert refused.status_code == 409
    assert f'value="{after.version_id}"' in refused.text
    assert refused.text.count("Why &lt;tartan&gt;?") == 1
    assert "Mine</textarea>" in refused.text
