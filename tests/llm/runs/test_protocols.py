"""Every protocol over REST, from POST to what the run and its page say happened."""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from blog.app.llm.runs import cancellation, execution
from tests.conftest import OneConnection
from tests.factories import all_powerful, make_action, make_model, make_user
from tests.llm.providers.scripted import Script, Server, serve
from tests.llm.runs.dialects import DIALECTS, Dialect, typed

SECRETS = ("a secret for the tests only",)
every_protocol = pytest.mark.parametrize("dialect", DIALECTS, ids=[each.protocol for each in DIALECTS])
those_that_refuse = pytest.mark.parametrize(
    "dialect",
    [each for each in DIALECTS if each.refusal],
    ids=[each.protocol for each in DIALECTS if each.refusal],
)


@dataclass(frozen=True)
class Rest:
    """A program with a token, and a person who looks at the pages."""

    conn: db.Connection
    pool: OneConnection
    client: FlaskClient
    token: str

    def run(
        self, dialect: Dialect, server: Server, before: Callable[[int], None] | None = None, **action: Any
    ) -> dict[str, Any]:
        """POSTs a run, plays the worker, and answers the run as REST tells it."""
        model_id = make_model(self.conn, server.url, dialect.protocol)
        db.run(self.conn, "UPDATE llm_model SET max_output = 4000 WHERE id = %s", (model_id,))
        parts = [("system", "role", "You are an editor."), ("user", "task", "Write: {{ post.basic_idea }}")]
        action_id = make_action(self.conn, parts, model_id=model_id, **action)
        answer = self.client.post(
            f"/api/v1/llm/actions/{action_id}/runs",
            json={"post": {"basic_idea": "Kilts"}},
            headers=self.headers,
        )
        assert answer.status_code == 202, answer.text
        run_id = answer.get_json()["id"]
        if before is not None:
            before(run_id)
        execution.execute_run(self.pool, SECRETS, run_id, 1)
        return self.client.get(f"/api/v1/llm/runs/{run_id}", headers=self.headers).get_json()

    def events(self, run: dict[str, Any]) -> str:
        return self.client.get(f"/api/v1/llm/runs/{run['id']}/events", headers=self.headers).text

    def page(self, run: dict[str, Any]) -> str:
        text = self.client.get(f"/llm/runs/{run['id']}").text
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def rest(
    conn: db.Connection,
    pool: OneConnection,
    client: FlaskClient,
    as_user: Callable[[FlaskClient, int], FlaskClient],
) -> Rest:
    user_id = make_user(conn, "carol", "administrator")
    actor = replace(all_powerful(conn), user_id=user_id)
    token = auth.create_token(conn, actor, "program").token
    return Rest(conn, pool, as_user(client, user_id), token)


@every_protocol
def test_a_streamed_run(rest: Rest, dialect: Dialect) -> None:
    with serve(dialect.say(["Wool ", "is warm."])) as server:
        run = rest.run(dialect, server)
    assert (run["status"], run["output"], run["finish"]) == ("succeeded", "Wool is warm.", "stop")
    assert (run["usage_input"], run["usage_output"]) == (11, 7)
    assert '"text": "Wool ' in rest.events(run)
    assert "Wool is warm." in rest.page(run)


@every_protocol
def test_a_stopped_run_closes_the_provider_s_connection_within_two_seconds(
    rest: Rest, dialect: Dialect
) -> None:
    with serve(dialect.say(["word "] * 200, pause_s=0.05)) as server:
        started: list[float] = []

        def stop_soon(run_id: int) -> None:
            def stop() -> None:
                server.asked.wait(5)
                time.sleep(0.3)
                started.append(time.monotonic())
                cancellation.stop(run_id)

            threading.Thread(target=stop).start()

        run = rest.run(dialect, server, stop_soon)
        assert server.disconnected.wait(2.0)
        assert time.monotonic() - started[0] < 2.0
    assert run["status"] == "cancelled"
    assert run["output"].startswith("word word")
    assert "stopped" in rest.page(run).lower()


@every_protocol
def test_a_rate_limit_is_waited_for(rest: Rest, dialect: Dialect) -> None:
    script: Script = [dialect.busy, dialect.say(["Yes."])]
    with serve(script) as server:
        run = rest.run(dialect, server, max_retries=1)
        assert len(server.received) == 2
    assert (run["status"], run["output"]) == ("succeeded", "Yes.")
    assert "event: retrying" in rest.events(run)
    waited = db.scalar(
        rest.conn, "SELECT waited_seconds FROM llm_run_try WHERE llm_run_id = %s", (run["id"],)
    )
    if dialect.protocol != "ollama":  # it names no wait, so ours is by chance
        assert float(waited) == pytest.approx(0.06)
    assert re.search("slow down|overloaded|busy", rest.page(run), re.IGNORECASE)


@every_protocol
def test_a_cut_stream_keeps_what_arrived(rest: Rest, dialect: Dialect) -> None:
    whole = dialect.say(["Half of ", "it ", "and more"])
    upto = next(n for n, piece in enumerate(whole.pieces) if isinstance(piece, bytes) and b"it " in piece)
    with serve(replace(whole, pieces=list(whole.pieces)[: upto + 1], ending="cut")) as server:
        run = rest.run(dialect, server)
    assert (run["status"], run["error_kind"]) == ("failed", "truncated_stream")
    assert run["output"].strip() == "Half of it"
    page = rest.page(run)
    assert "broke off" in page
    assert "Half of it" in page


@those_that_refuse
def test_a_refusal_is_a_failure_that_says_so(rest: Rest, dialect: Dialect) -> None:
    with serve(dialect.say([], finish=dialect.refusal)) as server:
        run = rest.run(dialect, server)
    assert run["status"] == "failed"
    assert run["error_kind"] in {"refusal", "content_filter"}
    assert run["checked_output"] is None
    assert re.search("refused|filter", rest.page(run), re.IGNORECASE)


@every_protocol
def test_a_truncated_answer_says_so(rest: Rest, dialect: Dialect) -> None:
    with serve(dialect.say(["Only the beginn"], finish=dialect.length)) as server:
        run = rest.run(dialect, server)
    assert (run["finish"], run["output"]) == ("length", "Only the beginn")
    assert run["usage_output"] == 7
    assert re.search("cut off|limit", rest.page(run), re.IGNORECASE)


@every_protocol
def test_a_typed_output_is_checked(rest: Rest, dialect: Dialect) -> None:
    with serve(dialect.say(["```json\n", typed(["one", "two"]), "\n```"])) as server:
        run = rest.run(dialect, server, output_kind="list", validators=[{"rule": "exact_count", "n": 2}])
    assert (run["status"], run["checked_output"]) == ("succeeded", '["one", "two"]')


@every_protocol
def test_a_typed_output_that_is_wrong_reaches_nothing(rest: Rest, dialect: Dialect) -> None:
    with serve(dialect.say([typed(["one"])])) as server:
        run = rest.run(dialect, server, output_kind="list", validators=[{"rule": "exact_count", "n": 2}])
    assert (run["status"], run["checked_output"]) == ("invalid", None)
    assert run["check_problems"][0] in rest.page(run)
