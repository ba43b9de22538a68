"""Runs the whole product in one terminal: database, web and worker, for as long as it lives itself.

It refuses to share its data directory with another one, and to leave a process behind.
"""

import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import psycopg
from psycopg import conninfo

from blog.app import installation_secret, schema
from blog.app.config import Config
from blog.app.embedded import postgres
from blog.app.embedded.process import Child, end, spawn
from blog.app.errors import Conflict, Unavailable

START_PATIENCE = 30.0
SHORTEST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
STEADY_AFTER = 30.0  # seconds of life after which an end no longer counts as one of a series
HOPELESS_AFTER = 3  # ends before the first answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who holds a data directory. `database_url` None: the holder runs no embedded database."""

    pid: int
    purpose: str
    since: str
    database_url: str | None


@dataclass(slots=True, kw_only=True)
class Service:
    """A child that is started again whenever it ends; the one thing here that changes."""

    name: str
    start: Callable[[], Child]
    stop: Callable[[Child], None]
    child: Child
    started_at: float
    pause: float = SHORTEST_PAUSE
    ends: int = 0


class Stopped(BaseException):
    """Somebody asked us to stop. Not an Exception, so that nothing on the way takes it for a failure."""


def serve(config: Config) -> None:
    """Run until told to stop."""
    with (
        _stoppable(),
        held(config.data_dir, f"serving {address_of(config)}") as hold,
        _listening(config) as listener,
    ):
        _run(config, listener, hold)


def address_of(config: Config) -> str:
    return config.local_url


# ---- Who holds the data directory -----------------------------------------------------------


@contextmanager
def held(data_dir: Path, purpose: str) -> Generator[Path]:
    """Hold the data directory for the block; Conflict names who else does. Yields the file saying so."""
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    path = data_dir / "holder"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise _is_held(data_dir) from exc
        since = datetime.now(UTC).astimezone().isoformat(timespec="seconds")
        _write(path, Holder(pid=os.getpid(), purpose=purpose, since=since, database_url=None))
        yield path
        path.write_text("")
    finally:
        os.close(lock)


def holder_of(data_dir: Path) -> Holder | None:
    """Who holds it now, or None. What a killed holder wrote does not count."""
    try:
        with (data_dir / "holder").open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return _read(file.read())
    except FileNotFoundError:
        return None
    return None


def _is_held(data_dir: Path) -> Conflict:
    holder = holder_of(data_dir)
    if holder is None:
        return Conflict(f"{data_dir} was held by another process a moment ago. Try again.")
    return Conflict(
        f"{data_dir} is held by process {holder.pid} ({holder.purpose}), since "
        f"{datetime.fromisoformat(holder.since):%H:%M on %d %B}. Stop that one first, or set "
        "BLOG_DATA to another directory.",
        pid=holder.pid,
    )


def _read(text: str) -> Holder | None:
    return Holder(**json.loads(text)) if text else None


def _write(path: Path, holder: Holder) -> None:
    path.write_text(json.dumps(asdict(holder)) + "\n")


# ---- The run ---------------------------------------------------------------------------------


def _run(config: Config, listener: socket.socket, hold: Path) -> None:
    services: list[Service] = []
    try:
        url = config.database_url or _start_database(config, services, hold)
        prepare(config, url)
        environment = {**os.environ, "BLOG_DATA": str(config.data_dir)}
        if config.database_url is None:
            environment["BLOG_DATABASE_URL"] = url
        services.append(_service("worker", lambda: _worker(environment), _end_worker))
        services.append(_service("web", lambda: _web(config, listener, environment), _end_web))
        greeting = _greeting(environment)
        _await_answer(config, services)
        say(f"BlogForge is at {address_of(config)}")
        say(greeting.communicate()[0].decode(errors="replace").rstrip())
        while True:
            if all(service.child.poll() is None for service in services):
                _await_end()
            _restart_ended(services)
    except Stopped:
        say("Stopping.")
    finally:
        _stop(services)


def prepare(config: Config, url: str) -> None:
    """Bring the database to the present schema, with the secret it is sealed with, or say why not."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as conn:
            schema.init_db(conn)
            installation_secret.establish(conn, config)
    except psycopg.OperationalError as exc:
        raise Unavailable(unreachable(url, exc)) from exc


def unreachable(url: str, exc: psycopg.OperationalError) -> str:
    parts = conninfo.conninfo_to_dict(url)
    where = f"{parts.get('host', 'the local socket')}, database {parts.get('dbname', '(default)')}"
    return f"The database at {where} cannot be used: {' '.join(str(exc).split())}"


def _start_database(config: Config, services: list[Service], hold: Path) -> str:
    """Each start of it is another Postgres value, so the present one is kept here."""
    servers: list[postgres.Postgres] = []

    def start() -> Child:
        if servers:
            postgres.stop(servers.pop())
        servers.append(postgres.start(config.data_dir / "postgres"))
        return servers[-1].process

    def stop(_child: Child) -> None:
        if servers:
            postgres.stop(servers.pop())

    services.append(_service("database", start, stop))
    holder = _read(hold.read_text())
    if holder is None:
        raise Unavailable(f"{hold} was emptied while we held it.")
    _write(hold, replace(holder, database_url=servers[-1].url))
    return servers[-1].url


def _greeting(environment: Mapping[str, str]) -> Child:
    return spawn(
        [sys.executable, "-P", "-m", "blog.app.greeting"],
        death_signal=signal.SIGKILL,
        env=environment,
        output=subprocess.PIPE,
    )


def _worker(environment: Mapping[str, str]) -> Child:
    return spawn(
        [sys.executable, "-P", "-m", "blog.app.worker"],
        death_signal=signal.SIGKILL,
        env=environment,
    )


def _end_worker(child: Child) -> None:
    end(child, [(signal.SIGTERM, 3.0)])


def _web(config: Config, listener: socket.socket, environment: Mapping[str, str]) -> Child:
    """The listening socket is ours: while the web process is started again, browsers wait."""
    return spawn(
        [
            sys.executable, "-P", "-m", "gunicorn", "--config", "python:blog.app.gunicorn_settings",
            "--bind", f"fd://{listener.fileno()}", "--threads", str(config.web_threads),
        ],
        death_signal=signal.SIGKILL,
        env=environment,
        pass_fds=[listener.fileno()],
    )  # fmt: skip


def _end_web(child: Child) -> None:
    end(child, [(signal.SIGTERM, 2.5)])


def _service(name: str, start: Callable[[], Child], stop: Callable[[Child], None]) -> Service:
    return Service(name=name, start=start, stop=stop, child=start(), started_at=time.monotonic())


def _restart_ended(services: list[Service]) -> None:
    for service in services:
        if service.child.poll() is not None:
            _restart(service)


def _restart(service: Service) -> None:
    if time.monotonic() - service.started_at > STEADY_AFTER:
        service.pause = SHORTEST_PAUSE
    say(f"The {service.name} process ended ({_how(service.child)}); starting it again.")
    time.sleep(service.pause)
    service.pause = min(service.pause * 2, LONGEST_PAUSE)
    service.ends += 1
    service.started_at = time.monotonic()
    try:
        service.child = service.start()
    except Unavailable as exc:  # tried again after a longer pause, because `child` is still ended
        say(exc.message)


def _how(child: Child) -> str:
    code = child.returncode
    return f"exit code {code}" if code >= 0 else f"killed by {signal.Signals(-code).name}"


def _stop(services: list[Service]) -> None:
    for service in reversed(services):
        service.stop(service.child)


# ---- Waiting ---------------------------------------------------------------------------------


def _await_end() -> None:
    """Sleep until a child has ended, and leave it for its Popen to collect."""
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


def _await_answer(config: Config, services: list[Service]) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while not _answers(config):
        _restart_ended(services)
        if hopeless := [service.name for service in services if service.ends >= HOPELESS_AFTER]:
            raise Unavailable(f"The {hopeless[0]} process does not stay up; what it said is above.")
        if time.monotonic() > deadline:
            raise Unavailable(f"{address_of(config)} did not answer within {START_PATIENCE:.0f} s.")
        time.sleep(0.05)


def _answers(config: Config) -> bool:
    connection = http.client.HTTPConnection(
        address_of(config).removeprefix("http://").rpartition(":")[0].strip("[]"),
        config.port,
        timeout=2,
    )
    try:
        connection.request("GET", "/healthz")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True


@contextmanager
def _listening(config: Config) -> Generator[socket.socket]:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((config.host.strip("[]"), config.port))
        except OSError as exc:
            raise Unavailable(
                f"{config.host}:{config.port} cannot be listened on ({exc.strerror}). Another "
                "program may use it: stop that one, or set BLOG_PORT or BLOG_HOST."
            ) from exc
        listener.listen(1024)
        yield listener


@contextmanager
def _stoppable() -> Generator[None]:
    """The first signal stops everything in order; the second one at once."""
    asked: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if asked:
            os._exit(128 + number)  # the children were told to die with us
        asked.append(number)
        raise Stopped

    before = {number: signal.getsignal(number) for number in STOPPING}
    for number in STOPPING:
        if number is signal.SIGHUP and before[number] is signal.SIG_IGN:
            continue  # nohup asked for that; a shell's `&` ignores SIGINT without anybody asking
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in STOPPING:
            signal.signal(number, before[number])


STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def say(line: str) -> None:
    with suppress(OSError):  # the terminal may have gone away, and stopping must go on
        print(line, flush=True)  # noqa: T201
