"""What a run is for is kept, and goes with whatever follows from the run."""

import psycopg
import pytest

from blog.app import db
from blog.app.automation import services as automation
from blog.app.insight import history
from blog.app.insight.schemas import RunQuery
from blog.app.llm.inputs import Inputs
from blog.app.llm.runs import execution, services
from blog.app.llm.runs.models import Run
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_action, make_model
from tests.llm.providers.scripted import openai_reply, serve
from tests.llm.runs.test_execution import SECRETS, VOCABULARY, queue

PARTS = [("user", "data", "{{ post.title }}")]
REPAIR = "Mend: {{ input.problems | join('; ') }}"


def tried(conn: db.Connection, base_url: str, **action: object) -> Run:
    action_id = make_action(conn, PARTS, model_id=make_model(conn, base_url), **action)  # pyright: ignore[reportArgumentType]
    prepared = services.prepare(
        conn, action_id=action_id, model_id=None, vocabulary=VOCABULARY, inputs=Inputs(post={"title": "Why?"})
    )
    return services.enqueue_run(conn, all_powerful(conn), prepared, purpose="test")


def test_a_run_is_for_use_unless_somebody_says_otherwise(conn: db.Connection) -> None:
    assert queue(conn).purpose == "use"
    assert tried(conn, "http://127.0.0.1:9").purpose == "test"
    listed = history.list_runs(conn, all_powerful(conn), RunQuery(after=None, limit=2)).items
    assert [run.purpose for run in listed] == ["test", "use"]


def test_a_repair_a_refinement_and_a_retry_of_a_test_are_tests(
    conn: db.Connection, pool: OneConnection
) -> None:
    validators = [{"rule": "exact_count", "n": 2}]
    with serve(openai_reply(['["one"]'])) as server:
        run = tried(conn, server.url, output_kind="list", validators=validators, repair=REPAIR)
        execution.execute_run(pool, SECRETS, run.id, 1)
    child_id = services.get_run(conn, run.id).repaired_by_id
    assert child_id is not None
    refined = automation.refine(conn, all_powerful(conn), run.id, "Two, please")
    again = automation.retry(conn, all_powerful(conn), run.id)
    followers = (services.get_run(conn, child_id), refined, again)
    assert [follower.purpose for follower in followers] == ["test", "test", "test"]


def test_no_other_purpose_is_stored(conn: db.Connection) -> None:
    run = queue(conn)
    with pytest.raises(psycopg.errors.CheckViolation, match="llm_run_purpose_check"), conn.transaction():
        db.run(conn, "UPDATE llm_run SET purpose = 'play' WHERE id = %s", (run.id,))
