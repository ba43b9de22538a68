"""Secrets rotate while runs are written, wait to be called again and wait in the queue: none is lost."""

import subprocess
import threading
import time

import psycopg
import pytest
import requests

from blog.app import supervisor
from blog.app.auth import services as auth
from tests.factories import all_powerful, bind, make_action, make_field, make_post
from tests.llm.providers.scripted import Received, Reply, json_reply, openai_reply, serve
from tests.product import BLOGFORGE, Site, environment, own_directory, serving
from tests.test_killed import WHOLE, WORDS, Watcher

pytestmark = pytest.mark.slow

KEY = "sk-rotated-0123456789abcdef"
RUNS = 24


def rotate(site: Site, *options: str) -> str:
    done = subprocess.run(
        [BLOGFORGE, "rotate-keys", *options],
        env=environment(site.data, site.port),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Provider:
    """Takes the one key only, and sends every third call away once: it is made again later."""

    def __init__(self) -> None:
        self.refused = 0
        self.calls = 0
        self._lock = threading.Lock()

    def __call__(self, received: Received) -> Reply:
        with self._lock:
            self.calls += 1
            if {name.lower(): value for name, value in received.headers.items()}[
                "authorization"
            ] != f"Bearer {KEY}":
                self.refused += 1
                return json_reply({"error": {"message": "wrong key"}}, 401)
            if self.calls % 3 == 0:
                return json_reply({"error": {"message": "busy"}}, 503)
        return openai_reply(WORDS, pause_s=0.04)


def test_runs_in_flight_lose_nothing_while_secrets_rotate() -> None:
    provider = Provider()
    with own_directory() as directory, serving(directory) as site, serve(provider) as server:
        holder = supervisor.holder_of(site.data)
        assert holder is not None
        assert holder.database_url is not None
        with psycopg.connect(holder.database_url, autocommit=True) as conn:
            actor = all_powerful(conn)
            headers = {"Authorization": f"Bearer {auth.create_token(conn, actor, 'test').token}"}
            base = f"http://127.0.0.1:{site.port}/api/v1"

            def send(path: str, body: object) -> int:
                answer = requests.post(f"{base}/{path}", json=body, headers=headers, timeout=30)
                assert answer.status_code in {201, 202}, answer.text
                return answer.json()["id"]

            about = {"name": "p", "label": "P", "protocol": "openai", "base_url": server.url, "api_key": KEY}
            provider_id = send("llm/providers", about)
            model_id = send(f"llm/providers/{provider_id}/models", {"name": "m", "max_output": 1000})
            action_id = make_action(
                conn, [("user", "task", "Answer.")], model_id=model_id, max_retries=5, deadline_seconds=60
            )
            fields = [f"answer_{n}" for n in range(RUNS)]
            for name in fields:
                bind(conn, make_field(conn, name), action_id)
            post_id = make_post(conn, actor)

            told: list[str] = []
            rotating = threading.Thread(target=lambda: [told.append(rotate(site)) for _ in range(3)])
            rotating.start()
            watchers = []
            for name in fields:
                run_id = send(f"posts/{post_id}/fields/{name}/runs", {})
                token = headers["Authorization"].removeprefix("Bearer ")
                watchers.append(Watcher(url=f"{base}/llm/runs/{run_id}/events", token=token))
                time.sleep(0.1)
            rotating.join()
            told.append(rotate(site, "--drop-old"))
            for watcher in watchers:
                watcher.follow(lambda seen: False, within=60)

            assert len(told) == 4
            assert all("1 of llm_provider.sealed_key" in each for each in told[:3])
            assert provider.refused == 0
            assert [each.text.strip() for each in watchers] == [WHOLE] * RUNS
            ends = conn.execute(
                "SELECT status, count(*) FROM llm_run WHERE llm_model_id = %s GROUP BY status", (model_id,)
            ).fetchall()
            assert ends == [("succeeded", RUNS)]
            assert len((site.data / "keys/secret").read_text().splitlines()) == 1
