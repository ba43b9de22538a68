"""Fixtures: a real PostgreSQL, one database per worker from a template, all rolled back, no network."""

import hashlib
import os
import socket
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import psycopg.conninfo
import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from psycopg import sql

from blog.app import create_app, db, installation_secret, schema, translation
from blog.app.auth.allowance import Allowance
from blog.app.config import Config
from blog.app.security import SESSION_COOKIE, digest
from tests.product import THIS_MACHINE

ROOT = Path(__file__).parents[1]

# How long an example takes says how busy the machine is, not whether the code is right.
settings.register_profile("blogforge", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("blogforge")


# --- the server and its databases ----------------------------------------------------------------


@pytest.fixture(scope="session")
def server_url() -> str:
    """A server of the developer's choice, else the embedded one, kept between runs in var/tests."""
    if url := os.environ.get("BLOG_TEST_DATABASE_URL"):
        return url
    from blog.app.embedded import postgres

    return postgres.attach_or_start(ROOT / "var" / "tests").url


def _with_database(url: str, name: str) -> str:
    return psycopg.conninfo.make_conninfo(url, dbname=name)


def _template_name() -> str:
    text = schema.CREATE_TABLES.read_bytes() + schema.STARTER.read_bytes() + THIS_MACHINE.encode()
    return "blog_template_" + hashlib.sha256(text).hexdigest()[:16]


@pytest.fixture(scope="session")
def template_db(server_url: str) -> str:
    """The name of a database with the schema and the starter rows, built once per version of them."""
    name = _template_name()
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute("SELECT pg_advisory_lock(hashtext('blogforge tests'))")
        if not conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone():
            building = f"{name}_building"
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(building)))
            conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(building)))
            with psycopg.connect(_with_database(server_url, building), autocommit=True) as fresh:
                schema.init_db(fresh)
                fresh.execute(THIS_MACHINE)
            conn.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(building), sql.Identifier(name)
                )
            )
    return name


@contextmanager
def clone(server_url: str, template: str, name: str) -> Generator[str]:
    identifier = sql.Identifier(name)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(identifier)
    with psycopg.connect(server_url, autocommit=True) as conn:
        conn.execute(drop)
        conn.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(identifier, sql.Identifier(template)))
        try:
            yield _with_database(server_url, name)
        finally:
            conn.execute(drop)


@pytest.fixture(scope="session")
def database_url(server_url: str, template_db: str, worker_id: str) -> Iterator[str]:
    """This test process's own database."""
    with clone(server_url, template_db, f"blog_test_{os.getpid()}_{worker_id}") as url:
        yield url


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The xdist worker's name, or "main" without xdist."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "main"))


@pytest.fixture
def committed_db(server_url: str, template_db: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """A fresh database's url, for tests that need real commits."""
    unique = hashlib.sha256(f"{os.getpid()}{request.node.nodeid}".encode()).hexdigest()[:16]
    with clone(server_url, template_db, f"blog_test_{unique}") as url:
        yield url


@pytest.fixture(scope="session")
def _connection(database_url: str) -> Iterator[db.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def conn(_connection: db.Connection) -> Iterator[db.Connection]:
    """A connection inside a transaction that is rolled back; a service's own transactions are savepoints."""
    with _connection.transaction(force_rollback=True):
        yield _connection


# --- the application -----------------------------------------------------------------------------


class NoPool:
    """A pool for tests that must not need one."""

    def connection(self) -> AbstractContextManager[db.Connection]:
        raise AssertionError("This test was not to reach a database.")


@pytest.fixture(scope="session")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application as it is wired, for looking at."""
    data_dir: Path = tmp_path_factory.mktemp("data")
    return create_app(Config(data_dir=data_dir, secret="a secret for the tests only"), NoPool())


class OneConnection:
    """A pool of the test's own connection, so that edges, services and tasks share its transaction."""

    def __init__(self, connection: db.Connection) -> None:
        self._connection = connection

    @contextmanager
    def connection(self) -> Generator[db.Connection]:
        yield self._connection


@pytest.fixture
def pool(conn: db.Connection) -> OneConnection:
    return OneConnection(conn)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(data_dir=tmp_path, secret="a secret for the tests only")


@pytest.fixture
def app(wired: Flask, config: Config, pool: OneConnection, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with this test's settings, connection and counts of requests.

    It is wired once for all tests: to wire it, and to compile its templates, takes longer than most tests.
    """
    site = replace(
        wired.extensions["blogforge"], config=config, pool=pool, secrets=installation_secret.load(config)
    )
    monkeypatch.setitem(wired.extensions, "blogforge", site)
    monkeypatch.setitem(wired.extensions, "allowance", Allowance())
    monkeypatch.setattr(wired, "testing", True)
    monkeypatch.setitem(wired.config, "PROPAGATE_EXCEPTIONS", False)
    return wired


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def as_user(conn: db.Connection) -> Callable[[FlaskClient, int], FlaskClient]:
    """Signs a client in as a person, as if they had used the sign-in page."""

    def sign_in(client: FlaskClient, user_id: int) -> FlaskClient:
        token = f"session-of-{user_id}"
        db.run(
            conn,
            """
            INSERT INTO user_session (app_user_id, token_hash, expires_at)
            VALUES (%s, %s, clock_timestamp() + interval '1 hour')
            """,
            (user_id, digest(token)),
        )
        client.set_cookie(SESSION_COOKIE, token)
        return client

    return sign_in


# --- the house's walls ---------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection that leaves this machine is a failure that names its address."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host not in {"localhost", "127.0.0.1", "::1"}:
            raise AssertionError(f"A test tried to reach {address}.")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """The language that a request of a test chose is not the next test's."""
    yield
    translation.speak(translation.SOURCE)
