"""What the database holds before anybody works: tables, the queue, starter rows, each applied once.

It never drops anything, never repeats the starter rows over an editor's change, and refuses a
database that needs an upgrade first or that a newer version made.
"""

import hashlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import procrastinate.schema

from blog.app import db
from blog.app.errors import Conflict, Unavailable

# In a clone next to the package, in a wheel inside it.
SQL = next(path for path in (Path(__file__).parents[n] / "sql" for n in (2, 1)) if path.is_dir())
CREATE_TABLES = SQL / "create_tables.sql"
STARTER = SQL / "starter.sql"
OLDEST_SERVER = 150_000
LOCK = 4_207_849_484  # any number, so long as every version of the product takes the same one


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A step from an older schema to this one. `name` is what schema_change remembers it by."""

    name: str
    path: Path


def init_db(conn: db.Connection, sql: Path = SQL) -> None:
    """Bring an empty database to the present schema; leave a present one alone. Safe to repeat."""
    if is_current(conn, sql):
        return
    _refuse_unfit_server(conn)
    with _alone(conn), conn.transaction():
        applied = _applied(conn)
        if not applied:
            _create(conn, sql)
        _refuse_other_versions(applied, sql)
        _apply_tables(conn, sql)
        if "starter" not in _applied(conn):
            _execute(conn, sql / "starter.sql")
            _record(conn, ["starter"])


@contextmanager
def _alone(conn: db.Connection) -> Generator[None]:
    """One start after the other.

    The lock comes before the transaction: one that began earlier may still remember that a table which the
    other start has just created is not there.
    """
    db.run(conn, "SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        yield
    finally:
        db.run(conn, "SELECT pg_advisory_unlock(%s)", [LOCK])


def is_current(conn: db.Connection, sql: Path = SQL) -> bool:
    applied = _applied(conn)
    wanted = {script.name for script in _scripts(sql)} | {_tables_name(sql), "starter"}
    return wanted <= applied and not _newer(applied, sql)


def pending(conn: db.Connection, sql: Path = SQL) -> list[Script]:
    """The scripts `upgrade` would run, in order; none for an empty database."""
    applied = _applied(conn)
    return [script for script in _scripts(sql) if applied and script.name not in applied]


def upgrade(conn: db.Connection, sql: Path = SQL) -> list[str]:
    """Run each pending script once, in its own transaction; the names of those that ran.

    `conn` commits by itself: what ran before a failing script stays, as if that one had come later.
    """
    _refuse_unfit_server(conn)
    with _alone(conn):
        scripts = pending(conn, sql)
        for script in scripts:
            with conn.transaction():
                _execute(conn, script.path)
                _record(conn, [script.name])
    init_db(conn, sql)
    return [script.name for script in scripts]


def _create(conn: db.Connection, sql: Path) -> None:
    """A new database has every script's outcome already, so they count as applied."""
    _execute(conn, sql / "create_tables.sql")
    if db.scalar(conn, "SELECT to_regclass('procrastinate_jobs')") is None:
        conn.execute(procrastinate.schema.SchemaManager.get_schema())
    _record(conn, [script.name for script in _scripts(sql)])


def _apply_tables(conn: db.Connection, sql: Path) -> None:
    """Creates only, so it is also how a table added during development reaches a database."""
    name = _tables_name(sql)
    if name not in _applied(conn):
        _execute(conn, sql / "create_tables.sql")
        _record(conn, [name])


def _refuse_other_versions(applied: frozenset[str], sql: Path) -> None:
    if newer := _newer(applied, sql):
        raise Conflict(
            f"A newer version of BlogForge made this database (it has {newer[-1]}). Use that one.",
            newer=newer,
        )
    if older := [script.name for script in _scripts(sql) if applied and script.name not in applied]:
        raise Conflict(
            f"The database is older than this version; missing: {', '.join(older)}. Run "
            "`blogforge upgrade`: it makes a backup first.",
            older=older,
        )


def _newer(applied: frozenset[str], sql: Path) -> list[str]:
    known = {script.name for script in _scripts(sql)}
    return sorted(name for name in applied - known if name.startswith(("change:", "queue:")))


def _refuse_unfit_server(conn: db.Connection) -> None:
    if conn.info.server_version < OLDEST_SERVER:
        raise Unavailable(
            f"The database server is PostgreSQL {conn.info.server_version // 10_000}; "
            "BlogForge needs 15 or later."
        )
    if (encoding := conn.info.parameter_status("server_encoding")) != "UTF8":
        raise Unavailable(
            f"The database {conn.info.dbname} stores {encoding}, and BlogForge needs UTF8: make one with "
            "CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0."
        )


def _scripts(sql: Path) -> list[Script]:
    """The queue's own migrations first: ours may mention its tables, never the other way round."""
    queue = Path(procrastinate.schema.SchemaManager.get_migrations_path())
    return [
        *(Script(name=f"queue:{path.stem}", path=path) for path in sorted(queue.glob("*.sql"))),
        *(Script(name=f"change:{path.stem}", path=path) for path in sorted((sql / "changes").glob("*.sql"))),
    ]


def _tables_name(sql: Path) -> str:
    text = (sql / "create_tables.sql").read_bytes()
    return f"create_tables:{hashlib.sha256(text).hexdigest()[:16]}"


def _applied(conn: db.Connection) -> frozenset[str]:
    if db.scalar(conn, "SELECT to_regclass('schema_change')") is None:
        return frozenset()
    return frozenset(name for (name,) in conn.execute("SELECT name FROM schema_change").fetchall())


def _record(conn: db.Connection, names: Iterable[str]) -> None:
    db.run(
        conn,
        "INSERT INTO schema_change (name) SELECT unnest(%(names)s::text[])",
        {"names": list(names)},
    )


def _execute(conn: db.Connection, path: Path) -> None:
    conn.execute(path.read_bytes())
