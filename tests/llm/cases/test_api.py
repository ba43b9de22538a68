"""Cases, gate and batches over REST."""

from collections.abc import Mapping

import pytest
from flask.testing import FlaskClient

from blog.app import db
from blog.app.auth import services as auth
from tests.conftest import OneConnection
from tests.factories import make_actor
from tests.llm.cases.bench import Bench, make_bench, work
from tests.llm.providers.scripted import openai_reply, serve

CASE = {
    "name": "Kilts",
    "is_required": True,
    "inputs": {"post": {"idea_seed": "Why kilts?"}},
    "checks": [{"rule": "contains", "texts": ["blanket"]}],
}


def headers_of(conn: db.Connection, bench: Bench) -> Mapping[str, str]:
    return {"Authorization": f"Bearer {auth.create_token(conn, bench.actor, 'curl').token}"}


def test_a_case_is_made_run_and_stands_in_the_way(
    client: FlaskClient, conn: db.Connection, pool: OneConnection
) -> None:
    with serve(openai_reply(["A skirt."])) as server:
        bench = make_bench(conn, pool, server.url)
        headers, base = headers_of(conn, bench), f"/api/v1/llm/actions/{bench.action_id}"
        made = client.post(f"{base}/cases", json=CASE, headers=headers)
        assert made.status_code == 201, made.text
        draft = bench.draft(params={"temperature": 0.1}).version.id
        begun = client.post(f"{base}/case-batches", json={"version_id": draft}, headers=headers)
        assert (begun.status_code, begun.get_json()["state"]) == (202, "working")
        work(conn, pool)
    ended = client.get(begun.headers["Location"], headers=headers).get_json()
    assert (ended["state"], ended["passed"], ended["results"][0]["state"]) == ("finished", 0, "failed")
    state = client.get(f"{base}/versions/{draft}/gate", headers=headers).get_json()
    assert "did not pass" in state["objections"][0]
    seen = client.get(f"{base}/case-results", headers=headers).get_json()
    assert seen["rows"][0]["cells"][0]["state"] == "failed"
    live = {"version_id": draft, "live_version_id": bench.draft().live_version_id}
    refused = client.post(f"{base}/releases", json=live, headers=headers)
    assert (refused.status_code, refused.get_json()["objections"][0]["action_id"]) == (409, bench.action_id)
    forced = {**live, "override": True, "reason": "It is late."}
    assert client.post(f"{base}/releases", json=forced, headers=headers).status_code == 200
    [release, *_] = client.get(f"{base}/releases", headers=headers).get_json()
    assert (release["reason"], len(release["overruled"])) == ("It is late.", 1)


def test_a_case_is_changed_put_away_and_brought_back(
    client: FlaskClient, conn: db.Connection, pool: OneConnection
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    headers = headers_of(conn, bench)
    case = client.post(f"/api/v1/llm/actions/{bench.action_id}/cases", json=CASE, headers=headers).get_json()
    there = f"/api/v1/llm/cases/{case['id']}"
    change = {**CASE, "base_version_id": case["version_id"], "checks": []}
    assert client.put(there, json=change, headers=headers).get_json()["number"] == 2
    assert client.put(there, json=change, headers=headers).status_code == 409
    assert client.post(f"{there}/archival", headers=headers).status_code == 204
    listed = f"/api/v1/llm/actions/{bench.action_id}/cases"
    assert client.get(listed, headers=headers).get_json() == []
    assert len(client.get(f"{listed}?with_archived=true", headers=headers).get_json()) == 1
    assert client.delete(f"{there}/archival", headers=headers).get_json()["archived_at"] is None
    gate = f"/api/v1/llm/actions/{bench.action_id}/gate"
    assert client.put(gate, json={"least_percent": 80}, headers=headers).get_json()["least_percent"] == 80
    assert client.get(gate, headers=headers).get_json()["cases"] == 1
    assert client.put(gate, json={"least_percent": 0}, headers=headers).status_code == 422


def test_a_batch_is_stopped_and_gone_on_with(
    client: FlaskClient, conn: db.Connection, pool: OneConnection
) -> None:
    with serve(openai_reply(["A blanket."])) as server:
        bench = make_bench(conn, pool, server.url)
        headers, base = headers_of(conn, bench), f"/api/v1/llm/actions/{bench.action_id}"
        client.post(f"{base}/cases", json=CASE, headers=headers)
        there = client.post(f"{base}/case-batches", json={}, headers=headers).headers["Location"]
        assert client.post(f"{base}/case-batches", json={}, headers=headers).status_code == 409
        assert client.post(f"{there}/cancellation", headers=headers).get_json()["state"] == "stopped"
        assert client.post(f"{there}/continuation", headers=headers).status_code == 202
        work(conn, pool)
    assert client.get(f"{base}/case-batches", headers=headers).get_json()[0]["passed"] == 1
    assert client.post(f"{there}/continuation", headers=headers).status_code == 409


@pytest.mark.parametrize(
    "wrong",
    [{"checks": [{"rule": "shorter"}]}, {"name": " "}, {"inputs": {"posts": {}}}, {"judge_least": "much"}],
)
def test_a_case_that_means_nothing_is_refused(
    client: FlaskClient, conn: db.Connection, pool: OneConnection, wrong: dict
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    answer = client.post(
        f"/api/v1/llm/actions/{bench.action_id}/cases",
        json={**CASE, **wrong},
        headers=headers_of(conn, bench),
    )
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")


def test_a_viewer_looks_and_starts_nothing(
    client: FlaskClient, conn: db.Connection, pool: OneConnection
) -> None:
    bench = make_bench(conn, pool, "http://127.0.0.1:9")
    bench.case()
    viewer = make_actor(conn, "vera", "viewer", "author")
    token = auth.create_token(conn, viewer, "curl", permissions=["llm.read"]).token
    headers = {"Authorization": f"Bearer {token}"}
    base = f"/api/v1/llm/actions/{bench.action_id}"
    assert client.get(f"{base}/cases", headers=headers).status_code == 200
    assert client.post(f"{base}/case-batches", json={}, headers=headers).status_code == 403
    assert client.post(f"{base}/cases", json=CASE, headers=headers).status_code == 403
    assert client.post(f"{base}/trials", json={}, headers=headers).status_code == 403
