"""Processes killed in mid-stream: what a watcher sees, that nothing is lost and nothing doubled."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import psycopg
import pytest
import requests

from blog.app import db, supervisor
from blog.app.auth import services as auth
from blog.app.automation import suggestions
from blog.app.llm.runs import services as runs
from tests.factories import all_powerful, bind, make_action, make_field, make_model, make_post
from tests.llm.providers.scripted import Server, openai_reply, serve
from tests.product import Site, child, descendants, own_directory, serving

pytestmark = pytest.mark.slow

WORDS = [f"word{n} " for n in range(40)]
WHOLE = "".join(WORDS).strip()


@dataclass(slots=True)
class Watcher:
    """Follows a run over SSE as a browser does: on a lost connection it comes back with Last-Event-ID."""

    url: str
    token: str
    text: str = ""
    starts: int = 0
    done: dict | None = None
    reconnects: int = 0
    last_id: str = "0"
    _stop: threading.Event = field(default_factory=threading.Event)

    def follow(self, until: Callable[["Watcher"], bool], within: float) -> None:
        """Reads events until the condition holds or the run is done."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            try:
                if self._read(until, deadline):
                    return
            except (requests.RequestException, AttributeError):
                pass
            self.reconnects += 1
            time.sleep(0.3)
        raise AssertionError(f"it did not happen within {within} s: {self}")

    def _read(self, until: Callable[["Watcher"], bool], deadline: float) -> bool:
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": self.last_id}
        with requests.get(self.url, headers=headers, stream=True, timeout=20) as answer:
            if answer.status_code != 200:
                return False
            kind = ""
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                name, _, value = line.partition(": ")
                if name == "id":
                    self.last_id = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    self._take(kind, json.loads(value))
                if self.done is not None or until(self):
                    return True
                if time.monotonic() > deadline:
                    return False
        return False

    def _take(self, kind: str, data: dict) -> None:
        match kind:
            case "started":
                self.starts, self.text = self.starts + 1, ""
            case "text":
                self.text += data["text"]
            case "done":
                self.done = data
            case _:
                pass


@dataclass(frozen=True)
class Scene:
    """The running product, a slow provider, and a run whose first words have been seen."""

    site: Site
    provider: Server
    watcher: Watcher
    run_id: int
    post_id: int

    def database(self) -> db.Connection:
        holder = supervisor.holder_of(self.site.data)
        assert holder is not None
        assert holder.database_url is not None
        return psycopg.connect(holder.database_url, autocommit=True)

    def check_nothing_lost_or_doubled(self) -> None:
        with self.database() as conn:
            run = runs.get_run(conn, self.run_id)
            assert (run.status, run.output.strip()) == ("succeeded", WHOLE)
            [suggestion] = suggestions.list_suggestions(conn, all_powerful(conn), self.post_id)
            assert suggestion.value == WHOLE


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with own_directory() as directory, serving(directory) as site:
        yield site


@pytest.fixture
def scene(site: Site) -> Iterator[Scene]:
    holder = supervisor.holder_of(site.data)
    assert holder is not None
    assert holder.database_url is not None
    with (
        serve(openai_reply(WORDS, pause_s=0.1)) as provider,
        psycopg.connect(holder.database_url, autocommit=True) as conn,
    ):
        actor = all_powerful(conn, f"carol-{time.monotonic_ns()}")
        db.run(conn, "INSERT INTO user_role SELECT %s, id FROM role ON CONFLICT DO NOTHING", (actor.user_id,))
        token = auth.create_token(conn, actor, "test").token
        name = f"answer_{time.monotonic_ns()}"
        action_id = make_action(conn, [("user", "task", "Answer.")], model_id=make_model(conn, provider.url))
        bind(conn, make_field(conn, name), action_id)
        post_id = make_post(conn, actor)
        base = f"http://127.0.0.1:{site.port}/api/v1"
        answer = requests.post(
            f"{base}/posts/{post_id}/fields/{name}/runs",
            json={},
            headers={"Authorization": f"Bearer {token}"},
            timeout=10,
        )
        assert answer.status_code == 202, answer.text
        run_id = answer.json()["id"]
        watcher = Watcher(url=f"{base}/llm/runs/{run_id}/events", token=token)
        watcher.follow(lambda seen: "word3 " in seen.text, within=10)
        yield Scene(site, provider, watcher, run_id, post_id)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_a_killed_worker_s_run_is_taken_up_again(scene: Scene) -> None:
    kill(child(scene.site, "blog.app.worker"))
    scene.watcher.follow(lambda seen: False, within=60)
    assert scene.watcher.starts == 2
    assert scene.watcher.text.strip() == WHOLE
    assert len(scene.provider.received) == 2
    scene.check_nothing_lost_or_doubled()


def test_a_killed_web_process_is_followed_on_without_a_gap(scene: Scene) -> None:
    web = child(scene.site, "gunicorn")
    doomed = [*descendants(web), web]
    threading.Timer(0.8, lambda: [kill(pid) for pid in doomed]).start()
    scene.watcher.follow(lambda seen: False, within=30)
    assert scene.watcher.reconnects >= 1
    assert scene.watcher.starts == 1
    assert scene.watcher.text.strip() == WHOLE
    assert len(scene.provider.received) == 1
    scene.check_nothing_lost_or_doubled()


def test_a_killed_database_comes_back_and_the_run_with_it(scene: Scene) -> None:
    kill(child(scene.site, "postgres"))
    scene.watcher.follow(lambda seen: False, within=60)
    assert scene.watcher.text.strip() == WHOLE
    scene.check_nothing_lost_or_doubled()
