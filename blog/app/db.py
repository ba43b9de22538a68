"""Connections and the four ways to run a statement. Opens no transaction of its own and knows no table."""

import select
from collections.abc import Generator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, LiteralString, Protocol, TypeVar

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from psycopg_pool import ConnectionPool

from blog.app.errors import AppError, NotFound

Connection = psycopg.Connection[Any]
Params = Mapping[str, object] | Sequence[object] | None
T = TypeVar("T")


class Pool(Protocol):
    """What we need of a pool; psycopg's has it, and so does the tests' one with a single connection."""

    def connection(self) -> AbstractContextManager[Connection]: ...


def open_pool(database_url: str, *, max_size: int, name: str) -> ConnectionPool[Connection]:
    """A pool of autocommitting connections, opened in the background: we start even if the database is away.

    A request that finds no connection within a few seconds gets psycopg_pool.PoolTimeout.
    """
    return ConnectionPool(
        database_url,
        kwargs={"autocommit": True, "application_name": name, "prepare_threshold": 2},
        min_size=1,
        max_size=max_size,
        max_idle=60,
        timeout=4,
        reconnect_timeout=30,
        check=_check_if_it_speaks,
        name=name,
        open=True,
    )


def _check_if_it_speaks(conn: Connection) -> None:
    """An idle connection is silent; one the server has closed is not. So only that one costs a question, and
    a database that was away costs no request more than those it was away for."""
    poll = select.poll()
    poll.register(conn.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(conn)


def one(conn: Connection, row: type[T], query: LiteralString, params: Params = None) -> T | None:
    """The first row as `row`, or None."""
    with conn.cursor(row_factory=class_row(row)) as cursor:
        return cursor.execute(query, params).fetchone()


def many(conn: Connection, row: type[T], query: LiteralString, params: Params = None) -> list[T]:
    """All rows as `row`."""
    with conn.cursor(row_factory=class_row(row)) as cursor:
        return cursor.execute(query, params).fetchall()


def scalar(conn: Connection, query: LiteralString, params: Params = None) -> Any:
    """The first column of the first row, or None."""
    found = conn.execute(query, params).fetchone()
    return found[0] if found else None


def run(conn: Connection, query: LiteralString, params: Params = None) -> int:
    """Runs a statement that returns nothing; answers how many rows it touched."""
    return conn.execute(query, params).rowcount


def must_touch(count: int, missing: str) -> None:
    """An UPDATE that matched nothing is an error."""
    if count == 0:
        raise NotFound(missing)


def jsonb(value: object) -> Jsonb:
    """`value` as a jsonb parameter."""
    return Jsonb(value)


@contextmanager
def constraints(**errors: AppError) -> Generator[None]:
    """Turns the violation of a named constraint into the error given for it."""
    try:
        yield
    except psycopg.errors.IntegrityError as exc:
        error = errors.get(exc.diag.constraint_name or "")
        if error is None:
            raise
        raise error from exc
