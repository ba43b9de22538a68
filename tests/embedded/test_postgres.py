"""The embedded server, with real processes: what ends it, and what it survives."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from blog.app.embedded import postgres

pytestmark = pytest.mark.slow

OWNER = """
import sys, time
from pathlib import Path
from blog.app.embedded import postgres
server = postgres.start(Path(sys.argv[1]))
print(server.process.pid, flush=True)
time.sleep(60)
"""

ATTACHER = """
import time
from pathlib import Path
from blog.app.embedded import postgres
print(postgres.attach_or_start(Path({data_dir!r})).url, flush=True)
time.sleep(60)
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Not pytest's own: each session that starts closes that to all but root, whom PostgreSQL is not."""
    with tempfile.TemporaryDirectory(prefix="blogforge-") as directory:
        yield Path(directory)


@contextmanager
def started(data_dir: Path) -> Generator[postgres.Postgres]:
    server = postgres.start(data_dir)
    try:
        yield server
    finally:
        postgres.stop(server)


def write(url: str, text: str) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("CREATE TABLE IF NOT EXISTS note (text text)")
        conn.execute("INSERT INTO note VALUES (%s)", [text])


def read(url: str) -> list[str]:
    with psycopg.connect(url) as conn:
        return [text for (text,) in conn.execute("SELECT text FROM note").fetchall()]


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def wait_until_gone(pid: int, *, within: float) -> None:
    deadline = time.monotonic() + within
    while is_alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.02)


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path) -> None:
    with started(tmp_path / "postgres") as server:
        write(server.url, "kept")
    with started(tmp_path / "postgres") as server:
        assert read(server.url) == ["kept"]


def test_it_listens_on_a_socket_that_only_its_owner_reaches(tmp_path: Path) -> None:
    with started(tmp_path / "postgres") as server, psycopg.connect(server.url) as conn:
        assert conn.execute("SHOW listen_addresses").fetchone() == ("",)
        assert (tmp_path / "postgres").stat().st_mode & 0o077 == 0
        assert (tmp_path / "postgres.log").stat().st_mode & 0o077 == 0


def test_a_directory_that_is_held_is_refused(tmp_path: Path) -> None:
    with started(tmp_path / "postgres"), pytest.raises(BlockingIOError):
        postgres.start(tmp_path / "postgres")


def test_processes_share_a_server_that_ends_with_the_last_of_them(tmp_path: Path) -> None:
    attached = postgres.attach_or_start(tmp_path / "postgres")
    write(attached.url, "shared")
    script = ATTACHER.format(data_dir=str(tmp_path / "postgres"))
    others = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for other in others:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == attached.url
    pid = int((tmp_path / "postgres" / "postmaster.pid").read_text().split()[0])
    os.close(attached.users)
    others[0].kill()
    time.sleep(0.2)
    assert is_alive(pid)
    others[1].kill()
    wait_until_gone(pid, within=3.0)
    for other in others:
        other.communicate()


def test_a_shared_server_starts_again_after_its_end(tmp_path: Path) -> None:
    for text in ("first", "second"):
        attached = postgres.attach_or_start(tmp_path / "postgres")
        write(attached.url, text)
        os.close(attached.users)
    attached = postgres.attach_or_start(tmp_path / "postgres")
    assert read(attached.url) == ["first", "second"]
    os.close(attached.users)


def test_a_killed_server_recovers_with_its_backends_still_about(tmp_path: Path) -> None:
    server = postgres.start(tmp_path / "postgres")
    write(server.url, "committed")
    idle = psycopg.connect(server.url)
    os.kill(server.process.pid, signal.SIGKILL)
    postgres.stop(server)
    with started(tmp_path / "postgres") as again:
        assert read(again.url) == ["committed"]
    idle.close()


def test_numbers_that_rows_have_are_not_handed_out_again_after_a_crash(tmp_path: Path) -> None:
    """A sequence that was made and used in one transaction, as the schema's are."""
    server = postgres.start(tmp_path / "postgres")
    insert = "INSERT INTO counted DEFAULT VALUES RETURNING id"
    with psycopg.connect(server.url, autocommit=True) as conn:
        with conn.transaction():
            conn.execute("CREATE TABLE counted (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY)")
            conn.execute(insert)
        conn.execute(insert)
    os.kill(server.process.pid, signal.SIGKILL)
    postgres.stop(server)
    with started(tmp_path / "postgres") as again, psycopg.connect(again.url) as conn:
        row = conn.execute(insert).fetchone()
    assert row is not None
    assert row[0] > 2


def test_a_stale_pid_file_that_names_a_living_process_does_not_stop_a_start(tmp_path: Path) -> None:
    with started(tmp_path / "postgres") as server:
        write(server.url, "kept")
        lines = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    with started(tmp_path / "postgres") as server:
        assert read(server.url) == ["kept"]


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_it_does_not_outlive_an_owner_that_was_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "postgres")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        pid = int(owner.stdout.readline())
        owner.kill()
    wait_until_gone(pid, within=2.0)


def test_a_path_too_long_for_a_socket_is_served_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 20) / ("path" * 10)
    with started(deep / "postgres") as server:
        write(server.url, "reached")
        assert read(server.url) == ["reached"]


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with pytest.raises(postgres.Unavailable, match="shared_buffers"):
        postgres.start(tmp_path / "postgres", settings={"shared_buffers": "nonsense"})


def test_the_programs_that_dump_and_restore_are_there() -> None:
    for name in ("pg_dump", "pg_restore", "psql"):
        subprocess.run([postgres.binary(name), "--version"], check=True, capture_output=True)
