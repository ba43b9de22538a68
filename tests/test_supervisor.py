"""The supervisor against killed processes and lost terminals: all comes back, nothing stays behind."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from blog.app import db, supervisor
from blog.app.auth import services as auth
from blog.app.automation import suggestions
from blog.app.config import Config
from blog.app.errors import Conflict
from blog.app.llm.runs import services as runs
from blog.app.workflow import services as workflow
from tests.factories import make_actor, make_model, make_post
from tests.llm.providers.scripted import openai_reply, serve
from tests.product import (
    BLOGFORGE,
    Site,
    child,
    descendants,
    environment,
    free_port,
    is_up,
    own_directory,
    parents,
    serving,
    wait_for,
)

STOPPED_WITHIN = 8.0

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    with own_directory() as directory:
        yield directory


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with own_directory() as directory, serving(directory) as site:
        yield site


def test_a_held_directory_says_who_holds_it(tmp_path: Path) -> None:
    with supervisor.held(tmp_path, "serving http://127.0.0.1:8000"), pytest.raises(Conflict) as refused:
        supervisor.held(tmp_path, "another").__enter__()
    assert f"process {os.getpid()} (serving http://127.0.0.1:8000), since" in refused.value.message


def test_a_directory_is_free_again_when_its_holder_has_ended(tmp_path: Path) -> None:
    with supervisor.held(tmp_path, "first"):
        holder = supervisor.holder_of(tmp_path)
        assert holder is not None
        assert holder.purpose == "first"
    assert supervisor.holder_of(tmp_path) is None


def test_a_wildcard_address_is_shown_as_one_a_browser_can_open() -> None:
    for host, shown in {
        "0.0.0.0": "127.0.0.1",
        "::": "[::1]",
        "::1": "[::1]",
        "blog.lan": "blog.lan",
    }.items():
        config = Config(data_dir=Path("var"), host=host, port=80)
        assert supervisor.address_of(config) == f"http://{shown}:80"


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize("words", ["blog.app.worker", "gunicorn", "pginstall18"])
def test_a_killed_process_is_started_again(site: Site, words: str) -> None:
    before = child(site, words)
    os.kill(before, signal.SIGKILL)
    wait_for(lambda: before not in parents(), within=2)
    wait_for(lambda: words in " ".join(command_lines(site)) and child(site, words) != before, within=10)
    wait_for(lambda: is_up(site), within=10)
    assert "killed by SIGKILL" in site.log.read_text()


def command_lines(site: Site) -> list[str]:
    return [
        Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for pid, parent in parents().items()
        if parent == site.process.pid
    ]


@pytest.mark.slow
def test_a_second_start_is_refused(site: Site) -> None:
    said = refused_start(site.data, free_port())
    assert f"is held by process {site.process.pid} (serving http://127.0.0.1:{site.port})" in said


@pytest.mark.slow
def test_a_port_in_use_is_a_sentence(site: Site, tmp_path: Path) -> None:
    assert "set BLOG_PORT" in refused_start(tmp_path, site.port)


def refused_start(data: Path, port: int) -> str:
    ended = subprocess.run(
        [BLOGFORGE, "serve"], env=environment(data, port), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    return ended.stderr


@pytest.mark.slow
def test_tokens_and_runs_are_reached_from_the_command_line(site: Site) -> None:
    holder = supervisor.holder_of(site.data)
    assert holder is not None
    assert holder.database_url is not None
    with psycopg.connect(holder.database_url, autocommit=True) as conn:
        author = make_actor(conn, "alice", "author")
        email = auth.get_user(conn, author.user_id or 0).email
        post = workflow.create_post_with_idea(conn, author, "Cats in libraries")

        token = blogforge(site, "token", "create", "--email", email, "--name", "here").stdout.strip()
        assert auth.recognise_bearer(conn, token).actor.user_id == author.user_id

        ended = blogforge(site, "run-action", "expand_idea", "--as", email, "--post", str(post.id))
        assert (ended.returncode, "nonsense" in ended.stderr) == (0, True), ended.stderr
        [suggestion] = suggestions.list_suggestions(conn, author, post.id)
        assert suggestion.value == ended.stdout.strip()

        refused = blogforge(site, "run-action", "expand_ideas", "--as", email, "--post", str(post.id))
        assert refused.returncode == 1
        assert "expand_idea," in refused.stderr

        about = ["--as", email, "--post", str(post.id), "--field", "idea_seed"]
        passage = [*about, "--passage", "Cats", "--wish", "friendlier"]
        ended = blogforge(site, "run-action", "change_tone", *passage)
        assert ended.returncode == 0, ended.stderr
        [suggestion] = [each for each in suggestions.list_suggestions(conn, author, post.id) if each.passage]
        assert (suggestion.selection_text, suggestion.field_name) == ("Cats", "idea_seed")
        [sent] = conn.execute("SELECT messages::text FROM llm_run ORDER BY id DESC LIMIT 1").fetchall()
        assert "friendlier" in sent[0]
        refused = blogforge(site, "run-action", "change_tone", *about, "--passage", "Dogs")
        assert "does not have these words" in refused.stderr


@pytest.mark.slow
def test_ctrl_c_stops_a_run_that_was_started_from_the_command_line(site: Site) -> None:
    holder = supervisor.holder_of(site.data)
    assert holder is not None
    assert holder.database_url is not None
    with (
        serve(openai_reply([f"word{n} " for n in range(600)], pause_s=0.05)) as provider,
        psycopg.connect(holder.database_url, autocommit=True) as conn,
    ):
        author = make_actor(conn, "cleo", "author")
        email = auth.get_user(conn, author.user_id or 0).email
        post_id = make_post(conn, author)
        model = db.scalar(conn, "SELECT name FROM llm_model WHERE id = %s", [make_model(conn, provider.url)])
        command = subprocess.Popen(
            [BLOGFORGE, "run-action", "expand_idea", "--as", email, "--post", str(post_id), "--model", model],
            env=environment(site.data, site.port),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert command.stdout is not None
        seen = command.stdout.read(len("word0 word1"))
        command.send_signal(signal.SIGINT)
        rest, told = command.communicate(timeout=60)
        assert (seen, command.returncode) == (b"word0 word1", 1)
        assert b"word599" not in rest
        assert b"Traceback" not in told

        newest = "SELECT id FROM llm_run ORDER BY id DESC LIMIT 1"
        run_id = db.scalar(conn, newest)
        wait_for(lambda: runs.get_run(conn, run_id).status == "cancelled", within=10)
        assert runs.get_run(conn, run_id).output.startswith("word0 word1")
        assert suggestions.list_suggestions(conn, author, post_id) == []


def blogforge(site: Site, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BLOGFORGE, *arguments],
        env=environment(site.data, site.port),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
@on_linux
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_everything(number: signal.Signals, tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        family = descendants(site.process.pid)
        site.process.send_signal(number)
        assert site.process.wait(STOPPED_WITHIN) == 0
        assert not family & parents().keys()


@pytest.mark.slow
@on_linux
def test_a_second_signal_ends_everything_at_once(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        family = descendants(site.process.pid)
        site.process.send_signal(signal.SIGINT)
        wait_for(lambda: "Stopping." in site.log.read_text(), within=2)  # or the two become one
        site.process.send_signal(signal.SIGINT)
        site.process.wait(2)
        wait_for(lambda: not family & parents().keys(), within=2)


@pytest.mark.slow
@on_linux
def test_a_killed_supervisor_leaves_nothing_and_the_next_one_starts(tmp_path: Path) -> None:
    with serving(tmp_path) as site:
        family = descendants(site.process.pid)
        assert len(family) >= 4
        site.process.kill()
        site.process.wait()
        wait_for(lambda: not family & parents().keys(), within=2)
    with serving(tmp_path):
        pass


@pytest.mark.slow
@on_linux
def test_a_terminal_that_goes_away_ends_everything(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    with serving(tmp_path, terminal=theirs) as site:
        os.close(theirs)
        family = descendants(site.process.pid)
        os.close(ours)
        site.process.wait(STOPPED_WITHIN)
        assert not family & parents().keys()
