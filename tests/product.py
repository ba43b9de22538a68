"""The whole product as processes of its own, for tests that start it, watch it and kill it."""

import fcntl
import http.client
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from blog.app import supervisor

THIS_MACHINE = "INSERT INTO outgoing_place (host) VALUES ('127.0.0.1'), ('localhost'), ('::1')"
BLOGFORGE = Path(sys.executable).with_name("blogforge")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The whole product, running."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path
    data: Path


@contextmanager
def own_directory() -> Generator[Path]:
    """Not pytest's own: each session that starts closes that to all but root, whom PostgreSQL is not."""
    directory = Path(tempfile.mkdtemp(prefix="blogforge-"))
    try:
        yield directory
    finally:
        wait_for(lambda: _is_removed(directory), within=10)


def _is_removed(directory: Path) -> bool:
    """A server that was killed may still be at its last words when its test is over."""
    with suppress(OSError):
        shutil.rmtree(directory)
    return not directory.exists()


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
        _allow_this_machine(site)
        yield site
    finally:
        process.kill()
        process.wait()


def _allow_this_machine(site: Site) -> None:
    """Providers of tests are on loopback, where no call goes unless it is allowed."""
    holder = supervisor.holder_of(site.data)
    assert holder is not None
    assert holder.database_url is not None
    with psycopg.connect(holder.database_url, autocommit=True) as conn:
        conn.execute(f"{THIS_MACHINE} ON CONFLICT DO NOTHING")


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
