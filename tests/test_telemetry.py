"""What is logged, measured and traced: each thing by its id, and nothing that anybody wrote."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from flask.testing import FlaskClient
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families

from blog.app import db, logs
from blog.app.auth import services as auth
from blog.app.automation import services as automation
from tests.conftest import OneConnection
from tests.factories import bind, make_action, make_actor, make_field, make_model, make_post
from tests.llm.cases.bench import work
from tests.llm.providers.scripted import openai_reply, serve

SignIn = Callable[[FlaskClient, int], FlaskClient]
CANARY = "canary-that-nobody-may-read"


def lines(form: logs.Form, said: Callable[[logging.Logger], None], capsys: pytest.CaptureFixture[str]) -> str:
    """What a process of its own would write; the loggers of the tests stay as they are."""
    logger = logging.Logger("blog.test")
    logger.addHandler(logs.handler("web", form))
    said(logger)
    return capsys.readouterr().err


def test_a_line_of_json_says_what_it_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    def said(logger: logging.Logger) -> None:
        with logs.about(run_id=7, job=None):
            logger.warning("Lost %s.", "it")
        logger.info("Elsewhere.")

    first, second = map(json.loads, lines("json", said, capsys).splitlines())
    assert (first["run_id"], first["message"]) == (7, "Lost it.")
    assert (first["level"], first["process"]) == ("WARNING", "web")
    assert "job" not in first
    assert "run_id" not in second


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_exception_is_told_without_the_values_it_quotes(
    form: logs.Form, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(logger: logging.Logger) -> None:
        try:
            try:
                raise ValueError(f"It does not fit.\nDETAIL: {CANARY}")
            except ValueError as exc:
                raise RuntimeError("Not saved.") from exc
        except RuntimeError:
            logger.exception("Unexpected.")

    told = lines(form, said, capsys)
    assert told.index("ValueError: It does not fit.") < told.index("RuntimeError: Not saved.")
    assert "test_telemetry.py" in told
    assert CANARY not in told


def test_a_run_from_press_to_end_logs_no_word_of_it(
    conn: db.Connection,
    pool: OneConnection,
    client: FlaskClient,
    as_user: SignIn,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    carol = make_actor(conn, "carol", "editor")
    browser = as_user(client, carol.user_id or 0)
    with serve(openai_reply([f"An answer with {CANARY}"])) as server:
        parts = [("user", "task", "Say {{ post.idea_seed }}")]
        action_id = make_action(conn, parts, model_id=make_model(conn, server.url))
        bind(conn, make_field(conn, "answer"), action_id)
        post_id = make_post(conn, carol, idea=CANARY)
        run = automation.start(conn, carol, post_id=post_id, field_name="answer", action_id=action_id)
        work(conn, pool)
    assert CANARY in browser.get(f"/llm/runs/{run.id}").text
    assert browser.get(f"/posts?search={CANARY}").status_code == 200
    told = [record.getMessage() for record in caplog.records]
    assert f"Run {run.id} ended as succeeded." in told
    assert any(line.startswith("GET /llm/runs/<int:run_id> 200 ") for line in told)
    assert not any(CANARY in line for line in told)


def test_metrics_are_for_who_may_read_them(conn: db.Connection, client: FlaskClient) -> None:
    def read(name: str, role: str) -> tuple[int, str]:
        token = auth.create_token(conn, make_actor(conn, name, role), "prometheus").token
        answer = client.get("/api/v1/metrics", headers={"Authorization": f"Bearer {token}"})
        return answer.status_code, answer.text

    def values(text: str) -> dict[Any, float]:
        return {
            (sample.name, *sorted(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    assert read("dan", "editor")[0] == 403
    first, second, third = (read(name, "administrator") for name in ("carol", "erin", "frank"))
    assert [first[0], second[0], third[0]] == [200] * 3
    asked = (("method", "GET"), ("route", "/api/v1/metrics"), ("status", "200"))
    before, after = values(second[1]), values(third[1])
    counted = ("blogforge_http_request_seconds_count", *asked)
    assert after[counted] == before[counted] + 1
    assert after["blogforge_runs_total", ("status", "succeeded")] == 0
    assert after["blogforge_audit_unsealed",] > 0


class Collector(BaseHTTPRequestHandler):
    """As much of an OpenTelemetry collector as keeps the spans it is sent."""

    spans: list[tuple[str, dict[str, str]]]

    def do_POST(self) -> None:
        sent = ExportTraceServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        for resource in sent.resource_spans:
            for scope in resource.scope_spans:
                for span in scope.spans:
                    said = {
                        each.key: each.value.string_value or str(each.value.int_value)
                        for each in span.attributes
                    }
                    self.spans.append((span.name, {**said, "trace": span.trace_id.hex()}))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Quiet."""


TRACED = """
from blog.app import tracing
tracing.configure("worker")
traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
with tracing.span("GET /posts", carrier={"traceparent": traceparent}, server=True) as span:
    span.tell(http__route="/posts", error__type=None)
tracing.flush()
"""


def test_spans_reach_a_collector() -> None:
    """In a process of its own: the library has one tracer per process, for good."""
    handler = type("Kept", (Collector,), {"spans": []})
    with HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        subprocess.run(
            [sys.executable, "-c", TRACED],
            check=True,
            timeout=60,
            env={"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{server.server_port}"},
        )
        server.shutdown()
    assert handler.spans == [
        ("GET /posts", {"http.route": "/posts", "trace": "0af7651916cd43dd8448eb211c80319c"})
    ]
