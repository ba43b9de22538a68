"""Tests on the bench: side by side, the same bytes as a run, and never a word in a post."""

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.automation import suggestions, trying
from blog.app.errors import Conflict, Forbidden, Invalid, NotFound
from blog.app.llm.cases import services as cases
from blog.app.llm.prompts import parts
from blog.app.llm.prompts import services as prompts
from blog.app.llm.prompts.schemas import PromptPartChange
from blog.app.llm.runs import services as runs
from blog.app.llm.trials import services as trials
from blog.app.llm.trials.models import Trial
from blog.app.llm.trials.schemas import TrialKeep, TrialStart
from blog.app.posts import services as posts
from tests.conftest import OneConnection
from tests.factories import bind, make_actor, make_field, make_model, make_post
from tests.llm.cases.bench import VOCABULARY, Bench, make_bench, work
from tests.llm.providers.scripted import openai_reply, serve

VALUES = {"post": {"idea_seed": "Why kilts?", "subtitle": "Not read"}}


def start(bench: Bench, **asked: object) -> Trial:
    wanted = asked if "post_id" in asked else {"values": VALUES, **asked}
    return trying.start(bench.conn, bench.actor, bench.action_id, TrialStart.model_validate(wanted))


def finish(bench: Bench, trial: Trial) -> Trial:
    work(bench.conn, bench.pool)
    return trials.get_trial(bench.conn, bench.actor, trial.id)


def test_two_models_answer_side_by_side(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["One"])) as first, serve(openai_reply(["Two"])) as second:
        bench = make_bench(conn, pool, first.url)
        other = make_model(conn, second.url)
        trial = start(bench, llm_model_ids=[bench.model_id, other])
        assert trial.is_active
        ended = finish(bench, trial)
        sent = first.received[0].body.decode()
    assert [(run.output, run.model_id, run.purpose) for run in ended.runs] == [
        ("One", bench.model_id, "test"),
        ("Two", other, "test"),
    ]
    assert runs.get_exchange(conn, ended.runs[0].id).request_body == sent
    assert [item.tried for item in trials.list_trials(conn, bench.actor, bench.action_id)] == [
        [f"v1 · {_label(conn, bench.model_id)}", f"v1 · {_label(conn, other)}"]
    ]


def _label(conn: db.Connection, model_id: int) -> str:
    return db.scalar(conn, "SELECT label FROM llm_model WHERE id = %s", (model_id,))


def test_a_draft_stands_beside_the_live_version(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["Yes"])) as server:
        bench = make_bench(conn, pool, server.url)
        live = bench.draft(params={"temperature": 0.2})
        ended = finish(bench, start(bench, version_ids=[live.live_version_id, live.version.id]))
        sent = [received.json.get("temperature") for received in server.received]
    assert [run.action_version for run in ended.runs] == [1, 2]
    assert sent == [None, 0.2]


def test_a_test_of_a_post_leaves_the_post_alone(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["An answer"])) as server:
        bench = make_bench(conn, pool, server.url)
        bind(conn, make_field(conn, "answer"), bench.action_id)
        post_id = make_post(conn, bench.actor, idea="Why kilts?")
        before = _revisions(conn)
        ended = finish(bench, start(bench, post_id=post_id))
        assert "Why kilts?" in server.received[0].body.decode()
    assert (ended.runs[0].status, ended.post_id) == ("succeeded", post_id)
    assert _revisions(conn) == before
    assert suggestions.list_suggestions(conn, bench.actor, post_id) == []
    assert db.scalar(conn, "SELECT count(*) FROM workflow_automation") == 0


def _revisions(conn: db.Connection) -> int:
    return db.scalar(conn, "SELECT count(*) FROM field_revision")


def test_a_repair_of_a_test_is_shown_in_its_place(conn: db.Connection, pool: OneConnection) -> None:
    replies = [openai_reply(["Far too long"]), openai_reply(["Short"])]
    with serve(replies) as server:
        bench = make_bench(
            conn,
            pool,
            server.url,
            validators=[{"rule": "max_words", "n": 1}],
            repair="Mend: {{ input.problems | join('; ') }}",
        )
        ended = finish(bench, start(bench))
    assert [(run.output, run.purpose) for run in ended.runs] == [("Short", "test")]


def test_a_second_press_finds_the_first_test(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    first = start(bench)
    assert start(bench).id == first.id
    assert start(bench, llm_model_ids=[make_model(conn)]).id != first.id
    finish(bench, first)
    assert start(bench).id != first.id


def test_stop_ends_all_of_its_runs(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    trial = start(bench, llm_model_ids=[bench.model_id, make_model(conn)])
    stopped = trials.stop(conn, bench.actor, trial.id)
    assert [run.status for run in stopped.runs] == ["cancelled", "cancelled"]
    with pytest.raises(Conflict, match="ended already"):
        trials.stop(conn, bench.actor, trial.id)


def test_a_tests_input_is_kept_as_a_case_whole(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        trial = finish(bench, start(bench))
        case = trials.keep(conn, bench.actor, trial.id, TrialKeep(name="Kilts", run_id=trial.runs[0].id))
        assert case.inputs["post"] == VALUES["post"]
        assert case.reference == "A blanket."
        assert bench.finish(bench.start()).passed == 1
    with pytest.raises(NotFound):
        trials.keep(conn, bench.actor, trial.id, TrialKeep(name="Other", run_id=0))


def test_an_answer_that_never_came_is_no_reference(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    trial = start(bench)
    with pytest.raises(Conflict, match="no answer"):
        trials.keep(conn, bench.actor, trial.id, TrialKeep(name="Kilts", run_id=trial.runs[0].id))


# --- refused -------------------------------------------------------------------------------------


def test_what_cannot_be_tested_is_refused_whole(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    post_id = make_post(conn, bench.actor)
    with pytest.raises(Invalid, match="one of the two"):
        start(bench, post_id=post_id, values=VALUES)
    with pytest.raises(Invalid, match="one of the two"):
        start(bench, post_id=None)
    with pytest.raises(Invalid, match="name both"):
        start(bench, section_id=1)
    with pytest.raises(NotFound):
        start(bench, post_id=post_id, section_id=0)
    with pytest.raises(Invalid) as missing:
        start(bench, values={"post": {"idea_seed": " "}}, llm_model_ids=[bench.model_id, make_model(conn)])
    assert missing.value.details["missing"] == ["post.idea_seed"]
    live = bench.draft(params={"temperature": 0.2})
    with pytest.raises(Invalid, match="these would be 6"):
        start(
            bench,
            version_ids=[live.live_version_id, live.version.id],
            llm_model_ids=[make_model(conn) for _ in range(3)],
        )
    assert db.scalar(conn, "SELECT count(*) FROM llm_trial") == 0
    assert db.scalar(conn, "SELECT count(*) FROM llm_run") == 0


def test_a_test_reads_no_post_that_its_author_may_not_read(conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    post_id = make_post(conn, bench.actor)
    for role, asked in (("viewer", {"values": VALUES}), (None, {"post_id": post_id})):
        actor = make_actor(conn, "dave", *([role] if role else []))
        with pytest.raises(Forbidden):
            trying.start(conn, actor, bench.action_id, TrialStart.model_validate(asked))
    posts.remove_post(conn, bench.actor, post_id)
    with pytest.raises((NotFound, Conflict)):
        start(bench, post_id=post_id)


# --- over REST -----------------------------------------------------------------------------------


def test_a_test_over_rest(client: FlaskClient, conn: db.Connection, pool: OneConnection) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    token = auth.create_token(conn, bench.actor, "curl").token
    headers = {"Authorization": f"Bearer {token}"}
    made = client.post(
        f"/api/v1/llm/actions/{bench.action_id}/trials", json={"values": VALUES}, headers=headers
    )
    assert made.status_code == 202, made.text
    there = client.get(made.headers["Location"], headers=headers)
    assert [run["purpose"] for run in there.get_json()["runs"]] == ["test"]
    stopped = client.post(f"{made.headers['Location']}/cancellation", headers=headers)
    assert stopped.get_json()["runs"][0]["status"] == "cancelled"
    kept = client.post(f"{made.headers['Location']}/cases", json={"name": "Kept"}, headers=headers)
    assert (kept.status_code, cases.list_cases(conn, bench.actor, bench.action_id)[0].name) == (201, "Kept")
    refused = client.post(f"/api/v1/llm/actions/{bench.action_id}/trials", json={}, headers=headers)
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")


def test_a_draft_wording_stands_beside_the_live_one(conn: db.Connection, pool: OneConnection) -> None:
    with serve(openai_reply(["Yes"])) as server:
        bench = make_bench(conn, pool, server.url)
        draft = reword(bench, "You are a poet.")
        both = start(bench, part_version_ids=[draft], beside_live_wordings=True)
        assert start(bench, part_version_ids=[draft]).id != both.id
        ended = finish(bench, both)
        sent = [received.body.decode() for received in server.received[:2]]
    assert ["poet" in body for body in sent] == [False, True]
    assert ended.drafts == [[], [_part_name(conn, draft)]]
    tried = next(
        item.tried for item in trials.list_trials(conn, bench.actor, bench.action_id) if item.id == both.id
    )
    assert [label.endswith("draft wording") for label in tried] == [False, True]


def reword(bench: Bench, text: str) -> int:
    """A draft of the action's first part; answers its version."""
    part = prompts.get_part(bench.conn, prompts.get_newest_action(bench.conn, bench.action_id).part_ids[0])
    change = PromptPartChange(
        base_version_id=part.version_id, name=part.name, role=part.role, kind=part.kind, template=text
    )
    parts.update_part(bench.conn, bench.actor, part.id, change, VOCABULARY)
    return prompts.get_newest_part(bench.conn, part.id).version_id


def _part_name(conn: db.Connection, version_id: int) -> str:
    return prompts.get_part_version(conn, version_id).name
