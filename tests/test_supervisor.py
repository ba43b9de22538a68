"""The supervisor against killed processes and lost terminals: all comes back, nothing stays behind."""

import fcntl
import http.client
import os
import pty
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from blog.app import supervisor
from blog.app.auth import services as auth
from blog.app.config import Config
from blog.app.errors import Conflict
from blog.app.workflow import services as workflow
from blog.app.workflow import suggestions
from tests.factories import make_actor

BLOGFORGE = Path(sys.executable).with_name("blogforge")
STOPPED_WITHIN = 8.0

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="looks processes up in /proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    process: subprocess.Popen[bytes]
    port: int
    log: Path
    data: Path


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: each session that starts closes that to all but root, whom PostgreSQL is not."""
    with tempfile.TemporaryDirectory(prefix="blogforge-") as directory:
        yield Path(directory)


def environment(data: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("BLOG_")}
    return {**inherited, "BLOG_DATA": str(data), "BLOG_PORT": str(port)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(directory: Path, terminal: int | None = None) -> Generator[Site]:
    port, log, data = free_port(), directory / "console.log", directory / "var"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [BLOGFORGE, "serve"],
            env=environment(data, port),
            stdin=terminal,
            stdout=output if terminal is None else terminal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_take_terminal if terminal is not None else None,  # noqa: PLW1509  one ioctl
        )
    site = Site(process=process, port=port, log=log, data=data)
    try:
        wait_for(lambda: is_up(site), within=30)
        yield site
    finally:
        process.kill()
        process.wait()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def is_up(site: Site) -> bool:
    assert site.process.poll() is None, site.log.read_text()
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def wait_for(condition: Callable[[], bool], *, within: float) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def parents() -> dict[int, int]:
    """Living processes and their parents."""
    found: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = entry.read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if state != "Z":
            found[int(entry.parent.name)] = int(parent)
    return found


def descendants(pid: int) -> set[int]:
    table = parents()
    found, fresh = set[int](), {pid}
    while fresh:
        fresh = {child for child, parent in table.items() if parent in fresh} - found
        found |= fresh
    return found


def child(site: Site, words: str) -> int:
    """The direct child whose command line holds `words`."""
    for pid, parent in parents().items():
        if (
            parent == site.process.pid
            and words in Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        ):
            return pid
    raise AssertionError(f"no child has {words!r} in its command line")


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with tempfile.TemporaryDirectory(prefix="blogforge-") as directory, serving(Path(directory)) as site:
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
        assert auth.recognise_bearer(conn, token).user_id == author.user_id

        ended = blogforge(site, "run-action", "expand_idea", "--as", email, "--post", str(post.id))
        assert (ended.returncode, "nonsense" in ended.stderr) == (0, True), ended.stderr
        [suggestion] = suggestions.list_suggestions(conn, author, post.id)
        assert suggestion.value == ended.stdout.strip()

        refused = blogforge(site, "run-action", "expand_ideas", "--as", email, "--post", str(post.id))
        assert refused.returncode == 1
        assert "expand_idea," in refused.stderr


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
