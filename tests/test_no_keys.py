"""A provider's key is nowhere in clear: not in rows, pages, answers, addresses or the log."""

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from psycopg import sql

from blog.app import db
from blog.app.auth import services as auth
from blog.app.llm.runs import execution
from tests.conftest import OneConnection
from tests.factories import all_powerful, bind, make_action, make_field, make_post, make_user
from tests.llm.providers.scripted import Received, Reply, json_reply, serve
from tests.llm.runs.dialects import DIALECTS, Dialect

SECRETS = ("a secret for the tests only",)
KEY = "sk-live-0123456789abcdefghijklmnop"


def tell_tale(received: Received) -> Reply:
    """A provider that repeats the key it was given in its error, as several do."""
    return json_reply({"error": {"message": f"Incorrect API key provided: {KEY}."}}, 401)


def rows_with(conn: db.Connection, needle: str) -> list[str]:
    """Every row of every table that holds the text, also as hexadecimal bytes."""
    tables = conn.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
    ).fetchall()
    found: list[str] = []
    for (table,) in tables:
        rows = conn.execute(sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(table))).fetchall()
        found += [
            f"{table}: {row[0][:200]}" for row in rows if needle in row[0] or needle.encode().hex() in row[0]
        ]
    return found


@pytest.mark.parametrize("dialect", DIALECTS, ids=[each.protocol for each in DIALECTS])
def test_a_key_is_nowhere_in_clear(
    conn: db.Connection,
    pool: OneConnection,
    client: FlaskClient,
    as_user: Callable[[FlaskClient, int], FlaskClient],
    caplog: pytest.LogCaptureFixture,
    dialect: Dialect,
) -> None:
    caplog.set_level(logging.DEBUG)
    user_id = make_user(conn, "carol", "administrator")
    actor = replace(all_powerful(conn), user_id=user_id)
    headers = {"Authorization": f"Bearer {auth.create_token(conn, actor, 'program').token}"}
    as_user(client, user_id)
    with serve(tell_tale) as server:
        made = client.post(
            "/api/v1/llm/providers",
            json={
                "name": "told",
                "label": "Told",
                "protocol": dialect.protocol,
                "base_url": server.url,
                "api_key": KEY,
            },
            headers=headers,
        )
        provider_id = made.get_json()["id"]
        answers = [made, client.post(f"/api/v1/llm/providers/{provider_id}/checks", headers=headers)]
        model = client.post(
            f"/api/v1/llm/providers/{provider_id}/models",
            json={"name": "m", "max_output": 100},
            headers=headers,
        )
        action_id = make_action(conn, [("user", "task", "Write.")], model_id=model.get_json()["id"])
        name = f"field_{dialect.protocol}"
        bind(conn, make_field(conn, name), action_id)
        post_id = make_post(conn, actor)
        run = client.post(f"/api/v1/posts/{post_id}/fields/{name}/runs", json={}, headers=headers)
        execution.execute_run(pool, SECRETS, run.get_json()["id"], 1)
        [*_, asked] = server.received
    assert any(KEY in value for value in asked.headers.values()), "the provider must get the key"
    assert all(KEY not in received.path for received in server.received)
    run_id = run.get_json()["id"]
    answers += [
        client.get(path, headers=headers if path.startswith("/api") else {})
        for path in (
            f"/api/v1/llm/providers/{provider_id}",
            "/api/v1/llm/providers",
            f"/api/v1/llm/runs/{run_id}",
            f"/api/v1/llm/runs/{run_id}/events",
            f"/api/v1/llm/runs/{run_id}/request",
            f"/api/v1/llm/runs/{run_id}/reply",
            f"/api/v1/llm/actions/{action_id}/preview?post_id={post_id}",
            "/llm/providers",
            f"/llm/providers/{provider_id}",
            f"/llm/runs/{run_id}",
            "/llm/runs",
            f"/posts/{post_id}/fields/{name}/automation",
            f"/llm/actions/{action_id}?post_id={post_id}&view=request",
            "/llm/",
            "/llm/usage",
            "/api/v1/registry",
            "/healthz",
        )
    ]
    failed = client.get(f"/api/v1/llm/runs/{run_id}", headers=headers).get_json()
    assert (failed["status"], failed["error_kind"]) == ("failed", "auth")
    for answer in answers:
        assert answer.status_code in {200, 201, 503}, answer.request.path
        assert KEY not in answer.text, answer.request.path
        assert KEY not in str(answer.headers)
    assert rows_with(conn, KEY) == []
    assert KEY not in caplog.text
